/** What runs beside the drain's loop. */

/** The first failure of anything beside the loop; the loop throws it. */
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
  /** Only while it is not busy. */
  readonly run: (work: () => Promise<unknown>) => void;
}

/** One thing at a time. */
export function createBackground(deps: { readonly failure: Failure; readonly changed: () => void }): Background {
  let running = false;
  return {
    busy: () => running,
    run(work) {
      running = true;
      void work()
        .catch(deps.failure.note)
        .finally(() => {
          running = false;
          deps.changed();
        });
    },
  };
}
