/** A command as a person types it: once more where its answer says so. Nothing else is done for it, and each time is told. */
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError, type ErrorCode } from '../../src/domain/errors.js';
import type { Underway } from '../../src/temporal/sources/port.js';

/** Of one command. */
export const AGAIN_AT_MOST = 3;
const AGAIN_AFTER_MS = 3_000;

/** It has not come through, or nobody knows what has become of it. */
export const NOT_KNOWN: readonly ErrorCode[] = [
  'CAEP_TEMPORAL_UNREACHABLE',
  'CAEP_TEMPORAL_FAILED',
  'CAEP_NO_WORKER',
  'CAEP_NO_ANSWER',
  'CAEP_ADOBE_UNAVAILABLE',
  'CAEP_ADOBE_AMBIGUOUS',
];

/** What a person types again, of all that a command answers when it has failed. */
export function saysAgain(error: unknown): error is CodedError {
  return error instanceof CodedError && NOT_KNOWN.includes(error.error.code);
}

/**
 * @param options.again called with the answer because of which it is typed once more
 * @throws CodedError that tells nobody to type it again, or the last answer of as many as a person has patience for
 */
export async function typed<T>(
  ask: () => Promise<Underway<T>>,
  { again, pauseMs = AGAIN_AFTER_MS }: { readonly again: (code: ErrorCode) => void; readonly pauseMs?: number },
): Promise<T> {
  for (let times = 0; ; times += 1) {
    try {
      return await (await ask()).result();
    } catch (error) {
      if (times === AGAIN_AT_MOST || !(saysAgain(error) || (times > 0 && isUnderWay(error)))) throw error;
      again(error.error.code);
      await delay(pauseMs);
    }
  }
}

/** What holds the source is the command before, of which nobody knew what had become of it. */
export function isUnderWay(error: unknown): error is CodedError {
  return error instanceof CodedError && error.error.code === 'CAEP_OPERATION_RUNNING';
}
