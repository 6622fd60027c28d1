/** What a failed activity asks for: another run of it, or a person. */
import { ActivityFailure, ApplicationFailure, rootCause } from '@temporalio/workflow';
import type { ErrorCode } from '../../domain/errors.js';

/**
 * Whether only a person can mend it: the activity itself has said so.
 *
 * A worker that died, a timeout and an error that may pass surface here only from an activity that was asked to end, because
 * the server tries such a one no more: whoever still needs it runs it again.
 */
export function needsAPerson(failure: unknown): boolean {
  if (!(failure instanceof ActivityFailure)) return true;
  return failure.cause instanceof ApplicationFailure && failure.cause.nonRetryable === true;
}

/** Whether a drain has found the database behind what is known of its partition. */
export function isSetBack(failure: unknown): boolean {
  if (!(failure instanceof ActivityFailure) || !(failure.cause instanceof ApplicationFailure)) return false;
  return failure.cause.type === ('CAEP_DATABASE_SET_BACK' satisfies ErrorCode);
}

/** Whether the activity told why it failed: a worker that died could not. */
export function hasToldWhy(failure: unknown): boolean {
  return !(failure instanceof ActivityFailure) || failure.cause instanceof ApplicationFailure;
}

export function reasonOf(failure: unknown): string {
  return (failure instanceof ActivityFailure ? rootCause(failure) : undefined) ?? String(failure);
}
