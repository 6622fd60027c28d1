/** The search attributes of a namespace: made where they are missing. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection, ConnectionLike } from '@temporalio/client';
import { CodedError, codedError } from '../domain/errors.js';
import { messageOf } from '../domain/messageOf.js';
import {
  missingAttributes,
  OPTIONAL_SEARCH_ATTRIBUTE_NAMES,
  SEARCH_ATTRIBUTE_NAMES,
} from '../domain/source/searchAttributes.js';
import { GRPC_STATUS, grpcStatusOf } from './grpcStatus.js';

/** temporal.api.enums.v1.IndexedValueType */
const KEYWORD = 2;
const NAMES = [...SEARCH_ATTRIBUTE_NAMES, ...OPTIONAL_SEARCH_ATTRIBUTE_NAMES];
const RPC_DEADLINE_MS = 10_000;

/**
 * Makes the search attributes that a namespace lacks.
 *
 * @returns those of the optional ones that it lacks, because they may not be made by this call
 * @throws CodedError `CAEP_SEARCH_ATTRIBUTES_MISSING` where that is so of another, as in Temporal Cloud;
 *   `CAEP_TEMPORAL_UNREACHABLE` when Temporal goes away meanwhile, `CAEP_TEMPORAL_FAILED` when it is not known what is there
 */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<readonly string[]> {
  const missing = await missingSearchAttributes(connection, namespace).catch((cause: unknown) => {
    throw notKnown(cause, connection.options.address);
  });
  const needed = missing.filter((name) => !OPTIONAL_SEARCH_ATTRIBUTE_NAMES.includes(name));
  const optional = missing.filter((name) => OPTIONAL_SEARCH_ATTRIBUTE_NAMES.includes(name));
  const refusal = await make(connection, namespace, needed);
  if (refusal !== undefined) {
    throw codedError('CAEP_SEARCH_ATTRIBUTES_MISSING', missingAttributes(namespace, missing), { cause: refusal });
  }
  const cause = await make(connection, namespace, optional);
  // That Temporal is away says nothing of what may be made.
  if (AWAY.has(grpcStatusOf(cause))) throw notKnown(cause, connection.options.address);
  return cause === undefined ? [] : optional;
}

interface Waiting {
  /** Told once, and again when others are missing. */
  readonly onMissing: (error: CodedError) => void;
  readonly everyMs?: number;
}

const LOOK_EVERY_MS = 10_000;

/** Waits for somebody who may make those without which each workflow task would fail; else as {@link ensureSearchAttributes}. */
export async function awaitSearchAttributes(
  connection: Connection,
  namespace: string,
  { onMissing, everyMs = LOOK_EVERY_MS }: Waiting,
): Promise<readonly string[]> {
  for (let told = ''; ; await delay(everyMs)) {
    try {
      return await ensureSearchAttributes(connection, namespace);
    } catch (error) {
      if (!(error instanceof CodedError) || error.error.code !== 'CAEP_SEARCH_ATTRIBUTES_MISSING') throw error;
      const { missing = '' } = error.error.fields;
      if (missing !== told) onMissing(error);
      told = missing;
    }
  }
}

/** @returns why they were not made */
async function make(connection: Connection, namespace: string, names: readonly string[]): Promise<unknown> {
  if (names.length === 0) return undefined;
  const searchAttributes = Object.fromEntries(names.map((name) => [name, KEYWORD]));
  try {
    await withDeadline(connection, () =>
      connection.operatorService.addSearchAttributes({ namespace, searchAttributes }),
    );
    return undefined;
  } catch (cause) {
    // Somebody else made them meanwhile.
    return grpcStatusOf(cause) === GRPC_STATUS.alreadyExists ? undefined : cause;
  }
}

async function missingSearchAttributes(connection: Connection, namespace: string): Promise<string[]> {
  try {
    const { customAttributes } = await withDeadline(connection, () =>
      connection.operatorService.listSearchAttributes({ namespace }),
    );
    return NAMES.filter((name) => !(name in (customAttributes ?? {})));
  } catch (cause) {
    // Who may only work in a namespace may not always list them. A query that names one is refused where it is missing.
    if (!MAY_NOT_LIST.has(grpcStatusOf(cause))) throw cause;
    return unknownSearchAttributes(connection, namespace);
  }
}

/** Of whoever may only read: those that no query may name, the optional ones as well. */
export async function unknownSearchAttributes(connection: ConnectionLike, namespace: string): Promise<string[]> {
  const known = await Promise.all(NAMES.map((name) => isQueryable(connection, namespace, name)));
  return NAMES.filter((_name, index) => known[index] === false);
}

const MAY_NOT_LIST: ReadonlySet<number | undefined> = new Set([
  GRPC_STATUS.permissionDenied,
  GRPC_STATUS.unauthenticated,
  GRPC_STATUS.unimplemented,
]);

async function isQueryable(connection: ConnectionLike, namespace: string, name: string): Promise<boolean> {
  try {
    const query = `${name} = 'none'`;
    await withDeadline(connection, () => connection.workflowService.countWorkflowExecutions({ namespace, query }));
    return true;
  } catch (cause) {
    if (grpcStatusOf(cause) === GRPC_STATUS.invalidArgument) return false;
    throw cause;
  }
}

function notKnown(cause: unknown, address: string): Error {
  const isAway = AWAY.has(grpcStatusOf(cause));
  if (isAway) return codedError('CAEP_TEMPORAL_UNREACHABLE', { address }, { cause });
  const reason = messageOf(cause);
  return codedError(
    'CAEP_TEMPORAL_FAILED',
    { address, reason: `the search attributes could not be listed: ${reason}` },
    { cause },
  );
}

const AWAY: ReadonlySet<number | undefined> = new Set([
  GRPC_STATUS.unavailable,
  GRPC_STATUS.deadlineExceeded,
  GRPC_STATUS.cancelled,
]);

function withDeadline<T>(connection: Pick<ConnectionLike, 'withDeadline'>, call: () => Promise<T>): Promise<T> {
  return connection.withDeadline(Date.now() + RPC_DEADLINE_MS, call);
}
