import { setTimeout as delay } from 'node:timers/promises';

/** Each look costs the Temporal server as much as a step does. */
const POLL_MS = 400;
/** Servers are killed under the harness as well: a look that fails for a shorter time than this is taken again. */
const CALL_PATIENCE_MS = 60_000;

/** Tries again what fails because a server is just away. */
export async function patiently<T>(call: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + CALL_PATIENCE_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(POLL_MS);
    }
  }
}
