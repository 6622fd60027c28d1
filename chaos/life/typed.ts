/** A command as a person types it: once more where its answer says so. Nothing else is done for it, and each time is told. */
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError, type ErrorCode } from '../../src/domain/errors.js';
import type { Underway } from '../../src/temporal/sources/port.js';

/** Of one command. */
const AGAIN_AT_MOST = 3;
const AGAIN_AFTER_MS = 3_000;

/** It has not come through, or nobody knows what has become of it. */
const NOT_KNOWN: ReadonlySet<ErrorCode> = new Set([
  'CAEP_TEMPORAL_UNREACHABLE',
  'CAEP_TEMPORAL_FAILED',
  'CAEP_NO_WORKER',
  'CAEP_NO_ANSWER',
  'CAEP_ADOBE_UNAVAILABLE',
  'CAEP_ADOBE_AMBIGUOUS',
]);

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
      if (!(error instanceof CodedError) || times === AGAIN_AT_MOST) throw error;
      const { code } = error.error;
      // The one before, of which nobody knew, is still under way: what holds the source is this very command.
      const isOwn = times > 0 && code === 'CAEP_OPERATION_RUNNING';
      if (!NOT_KNOWN.has(code) && !isOwn) throw error;
      again(code);
      await delay(pauseMs);
    }
  }
}
