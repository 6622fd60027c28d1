/** What runs beside the drain's loop. */
import type { Retry } from './retry.js';

/** The first failure of anything beside the loop; the loop ends in order, and throws it. */
export interface Failure {
  readonly note: (error: unknown) => void;
  readonly noted: () => Error | undefined;
}

export function createFailure(): Failure {
  let first: Error | undefined;
  return {
    note(error) {
      first ??= error instanceof Error ? error : new Error(String(error));
    },
    noted: () => first,
  };
}

export interface Background {
  readonly busy: () => boolean;
  /** Only while it is not busy. The work may be done twice. */
  readonly run: (work: () => Promise<unknown>) => void;
}

/** One thing at a time. */
export function createBackground(deps: {
  readonly failure: Failure;
  readonly retry: Retry;
  readonly changed: () => void;
}): Background {
  let running = false;
  return {
    busy: () => running,
    run(work) {
      running = true;
      void deps
        .retry(work)
        .catch(deps.failure.note)
        .finally(() => {
          running = false;
          deps.changed();
        });
    },
  };
}
