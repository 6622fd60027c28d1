/** Which route a request has the secret of. Takes the same time whatever is wrong. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { WebhookAddress } from '../../domain/events/webhookPath.js';
import type { KnownRoute } from '../routeCache.js';

export type RouteTable = ReadonlyMap<string, readonly CheckedRoute[]>;

interface CheckedRoute {
  readonly route: KnownRoute;
  readonly digest: Buffer;
}

/** Compared with when nothing of the address is known, so that this takes as long. */
const NO_ROUTES: readonly CheckedRoute[] = [
  {
    digest: Buffer.alloc(32),
    route: { sourceId: 0, partitions: 1, widget: '', kind: 'feedback', secretSha256: '', expiresAtMs: 0 },
  },
];
const NOWHERE: WebhookAddress = { widget: '', kind: 'feedback', secret: '' };

export function indexRoutes(routes: readonly KnownRoute[]): RouteTable {
  const table = new Map<string, CheckedRoute[]>();
  for (const route of routes) {
    const key = keyOf(route);
    const digest = Buffer.from(route.secretSha256, 'hex');
    table.set(key, [...(table.get(key) ?? []), { route, digest }]);
  }
  return table;
}

export type RouteCheck =
  | { readonly outcome: 'right'; readonly route: KnownRoute }
  | {
      readonly outcome: 'unknown';
      readonly secretSha256: string;
      /** Of its widget and kind, if there are such: a URL that was copied in part, or that has ended. */
      readonly near: readonly KnownRoute[];
    }
  | { readonly outcome: 'no-webhook-url' };

/**
 * Several routes may be right for a widget and kind: of a secret being rotated out, or of another source with a widget of the
 * same name. Secrets are compared as hashes, all of them, each in constant time.
 *
 * @param address undefined when the URL was no webhook URL
 */
export function findRoute(table: RouteTable, address: WebhookAddress | undefined, nowMs: number): RouteCheck {
  const { secret, ...target } = address ?? NOWHERE;
  const digest = Buffer.from(hash('sha256', secret, 'binary'), 'binary');
  let found: KnownRoute | undefined;
  const candidates = table.get(keyOf(target));
  for (const candidate of candidates ?? NO_ROUTES) {
    const isRight = timingSafeEqual(candidate.digest, digest);
    const isLive = nowMs < (candidate.route.expiresAtMs ?? Number.POSITIVE_INFINITY);
    if (isRight && isLive) found = candidate.route;
  }
  if (found !== undefined) return { outcome: 'right', route: found };
  if (address === undefined) return { outcome: 'no-webhook-url' };
  const near = (candidates ?? []).map(({ route }) => route);
  return { outcome: 'unknown', secretSha256: digest.toString('hex'), near };
}

function keyOf({ widget, kind }: Pick<KnownRoute, 'widget' | 'kind'>): string {
  return `${kind} ${widget}`;
}
