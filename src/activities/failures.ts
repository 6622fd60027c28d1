/** From what went wrong in an activity to what the workflow and a person see of it. */
import { ApplicationFailure } from '@temporalio/common';
import { catalogueErrorOf } from '../adobe/http/catalogue.js';
import { AdobeCallError, mayPass } from '../adobe/http/errors.js';
import { CodedError, ERROR_CATALOGUE, sentenceOf, type CatalogueError } from '../domain/errors.js';
import { messageOf } from '../domain/messageOf.js';
import type { StepFailureDetails } from '../domain/source/provisioning.js';
import { systemFault } from '../process/systemFaults.js';
import { databaseFault } from '../store/connection/databaseFault.js';

export interface RetryBounds {
  /** After so many attempts a transient error surfaces as a hold. */
  readonly maxAttempts: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

/** Exponential, capped, and spread over half of itself so that sources that failed together do not come back together. */
export function retryDelayMs(attempt: number, bounds: RetryBounds, random: number): number {
  const delay = Math.min(bounds.firstDelayMs * 2 ** (attempt - 1), bounds.longestDelayMs);
  return Math.round(delay * (0.5 + random / 2));
}

/** Errors of unknown origin count as transient until the bound: a bug holds the step with its message instead of losing it. */
export function toCatalogueError(failure: unknown, fields: Readonly<Record<string, string>>): CatalogueError {
  if (failure instanceof AdobeCallError) return catalogueErrorOf(failure, fields);
  if (failure instanceof CodedError) return { ...failure.error, fields: { ...fields, ...failure.error.fields } };
  const known = systemFault(failure) ?? databaseFault(failure);
  if (known !== undefined) return { ...known.error, fields: { ...fields, ...known.error.fields } };
  const reason = messageOf(failure);
  return { code: 'CAEP_INTERNAL', fields: { ...fields, reason } };
}

function isTransient(failure: unknown): boolean {
  if (failure instanceof AdobeCallError) return mayPass(failure);
  if (failure instanceof CodedError) return ERROR_CATALOGUE[failure.error.code].retryable;
  return true;
}

/**
 * The failure that an activity throws: retryable while it may pass and attempts are left, definitive otherwise.
 * A definitive refusal surfaces at once. Holds the catalogue error as its first detail, and no secret.
 */
export function activityFailure(
  failure: unknown,
  options: {
    readonly attempt: number;
    readonly bounds: RetryBounds;
    readonly fields: Readonly<Record<string, string>>;
    readonly ambiguousSince?: number;
  },
): ApplicationFailure {
  const { attempt, bounds, ambiguousSince } = options;
  const error = toCatalogueError(failure, { attempts: String(attempt), ...options.fields });
  const retryable = isTransient(failure) && attempt < bounds.maxAttempts;
  const retryAfterMs = failure instanceof AdobeCallError ? failure.retryAfterMs : undefined;
  const details: StepFailureDetails = { error, ambiguousSince };
  return ApplicationFailure.create({
    type: error.code,
    message: sentenceOf(error),
    nonRetryable: !retryable,
    details: [details],
    // Never below Adobe's own word, and never 0: the server takes that for "no more retries".
    nextRetryDelay: retryable ? Math.max(retryAfterMs ?? retryDelayMs(attempt, bounds, Math.random()), 1) : undefined,
  });
}
