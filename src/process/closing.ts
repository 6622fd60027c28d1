/** Closing what a process has opened, at its end. */
import type { Logger } from 'pino';
import { messageOf } from '../domain/messageOf.js';
import { type Ending, ENDS_WITHIN_MS, LAST_WORDS_MS } from './ending.js';

/** Of the end. What closes last has a moment more. */
const CLOSED_WITHIN_MS = ENDS_WITHIN_MS - LAST_WORDS_MS - 1_000;

/**
 * One after the other, in the order given. What cannot be closed is logged and hides nothing: the process ends anyway, and what
 * it ends of is told by whoever began the end.
 */
export async function closeAll(
  parts: Readonly<Record<string, () => Promise<unknown> | undefined>>,
  { bring }: Pick<Ending, 'bring'>,
  log: Pick<Logger, 'warn'>,
): Promise<void> {
  for (const [part, close] of Object.entries(parts)) {
    try {
      await bring(() => part, Promise.resolve(close()), CLOSED_WITHIN_MS);
    } catch (error) {
      log.warn({ part, reason: messageOf(error) }, 'a part of this process could not be closed');
    }
  }
}
