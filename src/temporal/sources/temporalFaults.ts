/** What the Temporal client throws, as errors of our catalogue. */
import { WorkflowNotFoundError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { CodedError, codedError, ERROR_CATALOGUE, type CatalogueError } from '../../domain/errors.js';
import { messageOf } from '../../domain/messageOf.js';
import { GRPC_STATUS, grpcStatusOf } from '../grpcStatus.js';
import { unknownEncoding } from './unknownEncoding.js';

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
      return codedError('CAEP_TEMPORAL_REFUSED', { address: facts.address, reason: messageOf(cause) }, { cause });
    case undefined:
      return withoutStatus(cause, facts);
    default:
      return failed(cause, facts);
  }
}

/** A workflow or activity of ours ended without an error of the catalogue. */
function withoutStatus(cause: unknown, { name }: CallFacts): CodedError {
  for (let error = cause; error instanceof Error; error = error.cause) {
    const where = name === undefined ? 'a workflow' : `the source ${name}`;
    const encoded = unknownEncoding(error.message, where, cause);
    if (encoded !== undefined) return encoded;
    const reason = UNANSWERED.find(([kind]) => error instanceof kind)?.[1];
    if (reason !== undefined) return codedError('CAEP_NO_ANSWER', { reason }, { cause });
    const what = error instanceof ApplicationFailure ? unknownQuestion(error) : undefined;
    if (what !== undefined) return codedError('CAEP_WORKER_TOO_OLD', { what }, { cause });
  }
  return internal(cause);
}

/** Of a later release than the worker: its workflow refuses a question that it does not know; the SDK, an activity. */
function unknownQuestion({ type, message }: ApplicationFailure): string | undefined {
  if (type === 'CAEP_USAGE') return message.startsWith('unknown inquiry ') ? `the ${message.slice(8)}` : undefined;
  if (type !== 'NotFoundError') return undefined;
  const activity = /^Activity function (\w+) is not registered/.exec(message)?.[1];
  return activity === undefined ? undefined : `the activity "${activity}"`;
}

const UNANSWERED = [
  [TimeoutFailure, 'it took too long'],
  [TerminatedFailure, 'somebody has terminated it'],
  [CancelledFailure, 'somebody has cancelled it'],
] as const;

function failed(cause: unknown, { address }: CallFacts): CodedError {
  return codedError('CAEP_TEMPORAL_FAILED', { address, reason: innermostReason(cause) }, { cause });
}

/** The client wraps the server's own words in ones of its own. */
function innermostReason(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return messageOf(inner).replace(/^\d+ ([A-Z_]+): /, '$1, ');
}

function internal(cause: unknown): CodedError {
  return codedError('CAEP_INTERNAL', { reason: messageOf(cause) }, { cause });
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
