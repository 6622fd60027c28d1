/** Connections that were closed as they came, for there were too many: counted, and told of once a minute. */
import type { Logger } from 'pino';

const TELL_EVERY_MS = 60_000;

export interface RefusedConnections {
  note(): void;
  /** Since the start. */
  count(): number;
  /** Milliseconds since the epoch. Undefined: there were none. */
  lastAtMs(): number | undefined;
}

export function createRefusedConnections(
  maxConnections: number,
  log: Pick<Logger, 'warn'>,
  now: () => number = Date.now,
): RefusedConnections {
  let count = 0;
  let lastAtMs: number | undefined;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  return {
    note() {
      count += 1;
      lastAtMs = now();
      if (lastAtMs - toldAtMs < TELL_EVERY_MS) return;
      toldAtMs = lastAtMs;
      log.warn({ maxConnections, count }, 'connections are refused, because there are too many');
    },
    count: () => count,
    lastAtMs: () => lastAtMs,
  };
}
