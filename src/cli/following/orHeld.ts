/** An operation that is held waits for a person, and does not end by itself: who waits for its end is told. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type CodedError, codedError, sentenceOf } from '../../domain/errors.js';
import type { Sources, Underway } from '../../temporal/sources/port.js';
import type { Context } from '../ports.js';
import { awaitUnderway } from './underway.js';

const LOOK_EVERY_MS = 1_000;

/**
 * @returns undefined when the person has left
 * @throws CodedError `CAEP_SOURCE_HELD`, and what the operation was refused for
 */
export async function awaitOrHeld<T>(
  context: Context,
  sources: Pick<Sources, 'state'>,
  underway: Underway<T>,
  words: { readonly name: string; readonly doing: string },
): Promise<T | undefined> {
  const finished = new AbortController();
  const result = () => Promise.race([underway.result(), held(sources, words.name, finished.signal)]);
  try {
    return await awaitUnderway(context, { result }, words);
  } finally {
    finished.abort();
  }
}

/** Never resolves. */
async function held(sources: Pick<Sources, 'state'>, name: string, finished: AbortSignal): Promise<never> {
  for (;;) {
    await sleep(LOOK_EVERY_MS, undefined, { signal: finished });
    const error = await holdOf(sources, name);
    if (error !== undefined) throw error;
  }
}

async function holdOf(sources: Pick<Sources, 'state'>, name: string): Promise<CodedError | undefined> {
  // Whether the operation goes on, its own answer tells.
  const hold = (await sources.state(name).catch(() => undefined))?.hold;
  if (hold === undefined) return undefined;
  const reason = sentenceOf(hold.error).replace(/\.$/, '');
  return codedError('CAEP_SOURCE_HELD', { name, step: hold.step, reason });
}
