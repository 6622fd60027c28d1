/** Lets the drain's loop sleep until something has changed. Changes while it runs are not lost and count once. */
import { setImmediate as immediate } from 'node:timers/promises';

export interface Change {
  readonly happened: () => void;
  readonly next: () => Promise<void>;
}

export function createChange(): Change {
  let pending = false;
  let wake: (() => void) | undefined;
  return {
    happened() {
      if (pending) return;
      pending = true;
      wake?.();
    },
    async next() {
      if (!pending) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
      // What else arrives in this turn of the event loop is looked at together with it.
      await immediate();
      pending = false;
    },
  };
}
