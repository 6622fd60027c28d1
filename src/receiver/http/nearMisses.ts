/** Requests that would have been webhooks but for their secret: counted by route, told of once a minute, without the secret. */
import type { Logger } from 'pino';
import type { Kind } from '../../domain/events/kinds.js';
import type { Route } from '../../store/sources/routeTable.js';

const TELL_EVERY_MS = 60_000;

export interface NearMiss {
  readonly sourceId: number;
  readonly widget: string;
  readonly kind: Kind;
  readonly count: number;
  readonly lastAtMs: number;
}

export interface NearMisses {
  note(near: readonly Route[]): void;
  /** Since the start. */
  counts(): readonly NearMiss[];
}

/** Bounded by the routes that there are: what strangers make up is counted under none of them. */
export function createNearMisses(log: Pick<Logger, 'warn'>, now: () => number = Date.now): NearMisses {
  const misses = new Map<string, NearMiss & { readonly toldAtMs: number }>();

  function noteOne({ sourceId, widget, kind }: Route): void {
    const key = `${sourceId}/${kind}/${widget}`;
    const lastAtMs = now();
    const before = misses.get(key) ?? { count: 0, toldAtMs: Number.NEGATIVE_INFINITY };
    const count = before.count + 1;
    const tells = lastAtMs - before.toldAtMs >= TELL_EVERY_MS;
    misses.set(key, { sourceId, widget, kind, count, lastAtMs, toldAtMs: tells ? lastAtMs : before.toldAtMs });
    if (tells) log.warn({ sourceId, widget, kind, count }, 'webhooks arrive with a wrong or expired secret');
  }

  return {
    note(near) {
      // Of one widget and kind. A source has several routes for them while a secret is being rotated.
      const bySource = new Map(near.map((route) => [route.sourceId, route]));
      for (const route of bySource.values()) noteOne(route);
    },
    counts: () => [...misses.values()].map(({ toldAtMs: _told, ...miss }) => miss),
  };
}
