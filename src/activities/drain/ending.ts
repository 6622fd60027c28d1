/** What a drain is about to end with. */
import type { DrainEnd } from '../../domain/forwarder.js';

export interface PlannedEnd {
  readonly end: DrainEnd;
  /** Intents that were not begun are taken back. */
  readonly withdraw: boolean;
  readonly waitForSlow?: boolean;
}

export interface Ending {
  /** A later one counts only if it withdraws and the one before does not. */
  readonly plan: (planned: PlannedEnd) => void;
  readonly planned: () => PlannedEnd | undefined;
  /** Since it was planned. */
  readonly ageMs: () => number;
}

export function createEnding(monotonicMs: () => number): Ending {
  let current: PlannedEnd | undefined;
  let sinceMs = 0;
  return {
    plan(planned) {
      if (current !== undefined && (current.withdraw || !planned.withdraw)) return;
      current = planned;
      sinceMs = monotonicMs();
    },
    planned: () => current,
    ageMs: () => monotonicMs() - sinceMs,
  };
}
