/** What the Temporal client throws, as errors of our catalogue. */
import { WorkflowNotFoundError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { CodedError, codedError, ERROR_CATALOGUE, type CatalogueError } from '../domain/errors.js';
import { GRPC_STATUS, grpcStatusOf } from '../temporal/grpcStatus.js';

export interface CallFacts {
  readonly address: string;
  readonly taskQueue: string;
  /** The source that the call is about. */
  readonly name?: string;
  /** Queries and updates are answered by a worker: for them a passed deadline means that there is none. */
  readonly answeredByWorker: boolean;
}

/** Runs a call; every failure leaves as a CodedError. */
export async function translated<T>(facts: CallFacts, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw fromTemporal(cause, facts);
  }
}

function fromTemporal(cause: unknown, facts: CallFacts): CodedError {
  if (cause instanceof CodedError) return cause;
  const stated = statedError(cause);
  if (stated !== undefined) return new CodedError(stated, { cause });
  if (cause instanceof WorkflowNotFoundError) {
    return codedError('CAEP_SOURCE_UNKNOWN', { name: facts.name ?? '' }, { cause });
  }
  const noWorker = () => codedError('CAEP_NO_WORKER', { taskQueue: facts.taskQueue }, { cause });
  if (cause instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return noWorker();
  switch (grpcStatus(cause)) {
    case GRPC_STATUS.notFound:
      return codedError('CAEP_SOURCE_UNKNOWN', { name: facts.name ?? '' }, { cause });
    case GRPC_STATUS.cancelled:
    case GRPC_STATUS.deadlineExceeded:
      return facts.answeredByWorker
        ? noWorker()
        : codedError('CAEP_TEMPORAL_UNREACHABLE', { address: facts.address }, { cause });
    case GRPC_STATUS.failedPrecondition:
      // "no poller seen for task queue recently, worker may be down"
      return facts.answeredByWorker ? noWorker() : failed(cause, facts);
    case GRPC_STATUS.unavailable:
      return codedError('CAEP_TEMPORAL_UNREACHABLE', { address: facts.address }, { cause });
    case GRPC_STATUS.permissionDenied:
    case GRPC_STATUS.unauthenticated:
      return codedError('CAEP_TEMPORAL_REFUSED', { address: facts.address, reason: reasonOf(cause) }, { cause });
    case undefined:
      return withoutStatus(cause);
    default:
      return failed(cause, facts);
  }
}

/** A workflow or activity of ours ended without an error of the catalogue. */
function withoutStatus(cause: unknown): CodedError {
  for (let error = cause; error instanceof Error; error = error.cause) {
    const reason = UNANSWERED.find(([kind]) => error instanceof kind)?.[1];
    if (reason !== undefined) return codedError('CAEP_NO_ANSWER', { reason }, { cause });
  }
  return internal(cause);
}

const UNANSWERED = [
  [TimeoutFailure, 'its time is over'],
  [TerminatedFailure, 'somebody has ended it'],
  [CancelledFailure, 'somebody has cancelled it'],
] as const;

function failed(cause: unknown, { address }: CallFacts): CodedError {
  return codedError('CAEP_TEMPORAL_FAILED', { address, reason: innermostReason(cause) }, { cause });
}

/** The client wraps the server's own words in ones of its own. */
function innermostReason(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return reasonOf(inner).replace(/^\d+ ([A-Z_]+): /, '$1, ');
}

function internal(cause: unknown): CodedError {
  return codedError('CAEP_INTERNAL', { reason: reasonOf(cause) }, { cause });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** The catalogue error that our worker put first among a failure's details. */
function statedError(cause: unknown): CatalogueError | undefined {
  for (let error = cause; error instanceof Error; error = error.cause) {
    if (!(error instanceof ApplicationFailure)) continue;
    const stated = catalogueErrorIn(error.details?.[0]);
    if (stated !== undefined) return stated;
  }
  return undefined;
}

/** Details look like `{error: {code, fields, …}}`. */
export function catalogueErrorIn(detail: unknown): CatalogueError | undefined {
  const error = (detail as { error?: CatalogueError } | null | undefined)?.error;
  if (typeof error !== 'object' || !Object.hasOwn(ERROR_CATALOGUE, error.code)) return undefined;
  return { ...error, fields: error.fields ?? {} };
}

function grpcStatus(cause: unknown): number | undefined {
  for (let error = cause; error instanceof Error; error = error.cause) {
    const status = grpcStatusOf(error);
    if (status !== undefined) return status;
  }
  return undefined;
}
