/** Looks whether the forwarder is held. One fault of a run needs a person, a database that was set back; any other hold is a fault. */
import { setTimeout as delay } from 'node:timers/promises';
import { SET_BACK } from './lostCommits.js';
import type { ForwardedSource } from '../source.js';

/** A hold ends by itself after the next probe, which comes later than this. */
const LOOK_EVERY_MS = 1_000;

export interface HoldWatch {
  /** Why it was held, each reason once. */
  readonly reasons: ReadonlySet<string>;
  end(): Promise<void>;
}

export function watchHolds(source: Pick<ForwardedSource, 'forwarderState'>): HoldWatch {
  const ending = new AbortController();
  const reasons = new Set<string>();

  async function look(): Promise<void> {
    const { hold } = await source.forwarderState();
    if (hold !== undefined && !SET_BACK.test(hold.reason)) reasons.add(hold.reason);
  }

  async function watch(): Promise<void> {
    while (!ending.signal.aborted) {
      // Temporal or the workers may be away: next time.
      await look().catch(() => undefined);
      await delay(LOOK_EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
    await look();
  }

  const watching = watch();
  // Its end is asked for.
  watching.catch(() => undefined);
  return {
    reasons,
    async end() {
      ending.abort();
      await watching;
    },
  };
}
