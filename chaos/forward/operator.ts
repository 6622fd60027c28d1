/** Whoever watches the forwarder: resumes it when it is held, and probes at once when the destination is well again. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ForwardedSource } from './source.js';

const LOOK_EVERY_MS = 1_000;
/** A longer wait for the next probe is cut short. */
const PATIENCE_MS = 4_000;

export interface Operator {
  readonly resumed: { readonly holds: number; readonly outages: number };
  end(): Promise<void>;
}

export function startOperator(source: ForwardedSource): Operator {
  const ending = new AbortController();
  const resumed = { holds: 0, outages: 0 };

  async function look(): Promise<void> {
    const { hold, outage } = await source.forwarderState();
    if (hold !== undefined) resumed.holds += 1;
    else if (outage !== undefined && outage.nextProbeAt - Date.now() > PATIENCE_MS) resumed.outages += 1;
    else return;
    await source.resumeForwarder();
  }

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      // Temporal or the workers may be away: next time.
      await look().catch(() => undefined);
      await delay(LOOK_EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    resumed,
    async end() {
      ending.abort();
      await running;
    },
  };
}
