/** A rate limit: tokens that grow with time, one per request. */

export interface Rate {
  /** Takes a token if there is one. */
  take(): boolean;
  change(perSecond: number): void;
}

/** What may be sent at once after a pause, as time at full rate. Above the drain's tick, or the rate is never reached. */
const BURST_MS = 100;

export function createRate(initialPerSecond: number, monotonicMs: () => number): Rate {
  let perSecond = initialPerSecond;
  const capacity = () => Math.max(1, (perSecond * BURST_MS) / 1_000);
  let tokens = capacity();
  let at = monotonicMs();
  return {
    take() {
      const now = monotonicMs();
      tokens = Math.min(capacity(), tokens + ((now - at) * perSecond) / 1_000);
      at = now;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    change(next) {
      perSecond = next;
    },
  };
}
