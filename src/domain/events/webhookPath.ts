/** The path of a webhook URL: what is pasted into Chatlio's settings and what the receiver takes apart. */
import { isKind, type Kind } from './kinds.js';

const PREFIX = ['hooks', 'chatlio'] as const;

export interface WebhookAddress {
  readonly widget: string;
  readonly kind: Kind;
  readonly secret: string;
}

/** `/hooks/chatlio/{widget}/{kind}/{secret}`: the kind stands in the path because three of the five bodies look alike. */
export function webhookPath(address: WebhookAddress): string {
  return `/${PREFIX.join('/')}/${encodeURIComponent(address.widget)}/${address.kind}/${address.secret}`;
}

/**
 * The path of a request's target, without its query. A proxy may send the whole URL (RFC 9112, section 3.2.2).
 *
 * @param target as it stands in the request line
 */
export function pathOfTarget(target: string): string {
  return target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
}

/**
 * The parts of a webhook URL's path, or undefined when it is none. What people and proxies do to a URL without changing what it
 * means is no fault: a slash at the end or twice, characters escaped that need not be, blanks that were copied with it.
 */
export function parseWebhookPath(path: string): WebhookAddress | undefined {
  const [first, second, widget, kind, secret, ...rest] = path.split('/').flatMap((part) => {
    const plain = unescaped(part);
    return plain === '' ? [] : [plain];
  });
  if (first !== PREFIX[0] || second !== PREFIX[1] || rest.length > 0) return undefined;
  if (widget === undefined || kind === undefined || secret === undefined || !isKind(kind)) return undefined;
  return { widget, kind, secret };
}

/** Zero-width characters come with text that is copied from a web page. */
const BLANKS_AROUND = /^[\s\u200B-\u200D\u2060]+|[\s\u200B-\u200D\u2060]+$/g;

/** Nothing to take away: so is every part of a URL that was pasted as it was shown. */
const PLAIN = /^[\w.~-]*$/;

function unescaped(part: string): string {
  if (PLAIN.test(part)) return part;
  try {
    return decodeURIComponent(part).replaceAll(BLANKS_AROUND, '');
  } catch {
    return part;
  }
}
