/** The path of a webhook URL: what is pasted into Chatlio's settings and what the receiver takes apart. */
import { isKind, type Kind } from './kinds.js';

const PREFIX = '/hooks/chatlio/';

export interface WebhookAddress {
  readonly widget: string;
  readonly kind: Kind;
  readonly secret: string;
}

/** `/hooks/chatlio/{widget}/{kind}/{secret}`: the kind stands in the path because three of the five bodies look alike. */
export function webhookPath(address: WebhookAddress): string {
  return `${PREFIX}${encodeURIComponent(address.widget)}/${address.kind}/${address.secret}`;
}

/** The parts of a request's URL, or undefined when it is no webhook URL. A query is ignored. */
export function parseWebhookPath(url: string): WebhookAddress | undefined {
  if (!url.startsWith(PREFIX)) return undefined;
  const query = url.indexOf('?');
  const parts = url.slice(PREFIX.length, query === -1 ? undefined : query).split('/');
  const [widget, kind, secret] = parts;
  if (parts.length !== 3 || widget === undefined || kind === undefined || secret === undefined) return undefined;
  if (widget === '' || secret === '' || !isKind(kind)) return undefined;
  try {
    return { widget: decodeURIComponent(widget), kind, secret };
  } catch {
    return undefined;
  }
}
