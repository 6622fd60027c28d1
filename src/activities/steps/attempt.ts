/**
 * What an attempt knows of the attempts before it: may one of them have created the object without an answer?
 *
 * An attempt tells its successor with its last heartbeat, just before it fails. When that is missing, because the worker
 * died or the server was away, the successor assumes the worst: a create that left right before this attempt was scheduled.
 */
import type { Context } from '@temporalio/activity';

interface LastWords {
  readonly attempt: number;
  readonly ambiguousSince: number | null;
}

export interface AttemptMemory {
  /** When a create of unknown effect was last sent, ms since the epoch; undefined when there is none. */
  ambiguousSince: number | undefined;
}

/** What the first attempt was handed over, or what later attempts know of the one before. */
export function recall({ info }: Context, handedOver: number | undefined): AttemptMemory {
  if (info.attempt === 1) return { ambiguousSince: handedOver };
  const lastWords = info.heartbeatDetails as LastWords | 'alive' | undefined;
  const heard = typeof lastWords === 'object' && lastWords.attempt === info.attempt - 1;
  return { ambiguousSince: heard ? (lastWords.ambiguousSince ?? undefined) : info.currentAttemptScheduledTimestampMs };
}

/** Leaves the memory for the next attempt. To be called right before the attempt fails. */
export function leaveLastWords(context: Context, { ambiguousSince }: AttemptMemory): void {
  const words: LastWords = { attempt: context.info.attempt, ambiguousSince: ambiguousSince ?? null };
  context.heartbeat(words);
}
