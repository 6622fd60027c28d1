/** The search attributes by which sources are found in Temporal's list, also from its UI. */
import type { Connection } from '@temporalio/client';
import { codedError } from '../domain/errors.js';
import { GRPC_STATUS, grpcStatusOf } from './grpcStatus.js';

export const SEARCH_ATTRIBUTE_NAMES = ['SourceName', 'SourcePhase', 'HeldReason'] as const;

/** temporal.api.enums.v1.IndexedValueType */
const KEYWORD = 2;
const RPC_DEADLINE_MS = 10_000;

/**
 * Makes the search attributes that a namespace lacks.
 *
 * @throws CodedError `CAEP_SEARCH_ATTRIBUTES_MISSING` when they may not be made by this call, as in Temporal Cloud
 */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const missing = await missingSearchAttributes(connection, namespace);
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
  try {
    await withDeadline(connection, () =>
      connection.operatorService.addSearchAttributes({ namespace, searchAttributes }),
    );
  } catch (cause) {
    // Somebody else made them meanwhile.
    if (grpcStatusOf(cause) === GRPC_STATUS.alreadyExists) return;
    throw codedError('CAEP_SEARCH_ATTRIBUTES_MISSING', { namespace, missing: missing.join(', ') }, { cause });
  }
}

async function missingSearchAttributes(connection: Connection, namespace: string): Promise<string[]> {
  const { customAttributes } = await withDeadline(connection, () =>
    connection.operatorService.listSearchAttributes({ namespace }),
  );
  return SEARCH_ATTRIBUTE_NAMES.filter((name) => !(name in (customAttributes ?? {})));
}

function withDeadline<T>(connection: Connection, call: () => Promise<T>): Promise<T> {
  return connection.withDeadline(Date.now() + RPC_DEADLINE_MS, call);
}
