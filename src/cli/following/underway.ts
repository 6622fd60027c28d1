/** Waits for an operation that goes on without us as well. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../ports.js';
import type { Underway } from '../../temporal/sources/port.js';

/** An operation that ends sooner needs no words. */
const TOLD_AFTER_MS = 1_000;

/** @returns undefined when the person has left with Ctrl-C: the operation goes on, and that is said. */
export async function awaitUnderway<T>(
  { interruption, output }: Context,
  underway: Underway<T>,
  { name, doing }: { readonly name: string; readonly doing: string },
): Promise<T | undefined> {
  const interrupted = interruption();
  const over = new AbortController();
  try {
    const result = underway.result();
    // When the person has left, nobody hears how it ends.
    result.catch(() => undefined);
    sleep(TOLD_AFTER_MS, undefined, { signal: over.signal }).then(
      () => output.note(`${doing} …`),
      () => undefined,
    );
    const left = new Promise<undefined>((resolve) => {
      if (interrupted.signal.aborted) resolve(undefined);
      interrupted.signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    const first = await Promise.race([result, left]);
    if (first === undefined) {
      output.note(`\nDetached: the operation continues. See the result with \`chatlio-aep status ${name}\`.`);
    }
    return first;
  } finally {
    over.abort();
    interrupted.release();
  }
}
