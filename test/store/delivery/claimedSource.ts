/** A source with an open gate and events in its log, for tests of what a drain asks of the store. */
import { assert } from 'vitest';
import type { Database } from '../../../src/store/connection/database.js';
import { type Claim, claimPartition, type PartitionId } from '../../../src/store/delivery/claim.js';
import { openGate } from '../../../src/store/delivery/gate.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import type { TakenEvent } from '../../../src/store/log/takenEvent.js';
import { freshSource, takenEvent } from '../../support/store.js';

export interface LoggedSource {
  readonly sourceId: number;
  /** Its only partition. */
  readonly id: PartitionId;
  /** Numbered from 1 in the log. */
  readonly events: readonly TakenEvent[];
}

export async function loggedSource(database: Database, count: number): Promise<LoggedSource> {
  const sourceId = await freshSource(database);
  const events = Array.from({ length: count }, (_none, n) => takenEvent(`${n} of ${sourceId}`));
  await createEventLog(database).append(sourceId, 0, events);
  await openGate(database, { sourceId, flowId: 'flow', inletSealed: Buffer.alloc(1), opensAt: new Date(0) });
  return { sourceId, id: { sourceId, partition: 0 }, events };
}

/** As a drain takes a partition that nobody holds. */
export async function claim(database: Database, id: PartitionId, leaseMs = 60_000): Promise<Claim> {
  const answer = await claimPartition(database, { ...id, holder: 'drain', leaseMs });
  assert(answer.state === 'claimed');
  return answer.claim;
}

/** Its lease is over, as that of a drain that has died. */
export function endLease(database: Database, { sourceId, partition }: PartitionId) {
  return database.pool.query(
    'update partition_cursor set lease_until = clock_timestamp() where source_id = $1 and partition = $2',
    [sourceId, partition],
  );
}
