/** The source that a forwarder works for, by its uid: what its name means may have changed. */
import { ApplicationFailure } from '@temporalio/common';
import type { Database } from '../store/connection/database.js';
import { findSourceByUid } from '../store/sources/sources.js';

/** @throws ApplicationFailure for good when the database does not know it */
export async function sourceIdOf(database: Database, uid: string): Promise<number> {
  const source = await findSourceByUid(database, uid);
  if (source === undefined) throw notInStore();
  return source.sourceId;
}

export function notInStore(): ApplicationFailure {
  return ApplicationFailure.nonRetryable('the source is not in the store', 'CAEP_SOURCE_UNKNOWN');
}
