/** Statements of a drain that failed in passing are made again. */
import { setTimeout as delay } from 'node:timers/promises';
import { isPassing } from '../../store/passing.js';

/** Pause before a statement that failed is made again. */
export const RETRY_MS = 200;

/** Does work that may be done twice until it succeeds or is of no use any more; throws what does not pass by itself. */
export type Retry = (work: () => Promise<unknown>) => Promise<void>;

export function createRetry(deps: {
  /** False once the drain is about to end. */
  readonly wanted: () => boolean;
  readonly failed: (error: unknown) => void;
}): Retry {
  return async (work) => {
    while (deps.wanted()) {
      try {
        await work();
        return;
      } catch (error) {
        if (!isPassing(error)) throw error;
        deps.failed(error);
        await delay(RETRY_MS);
      }
    }
  };
}
