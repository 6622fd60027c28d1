/** Partitions whose forwarder is to be woken. */
import type { PartitionId } from './claim.js';
import type { Database } from './database.js';

export interface Wake extends PartitionId {
  readonly wakeSeq: number;
}

/** Not those that a drain holds: it sees the insert itself. Should it die first, they are found when its lease has run out. */
export async function findWakes(database: Database): Promise<Wake[]> {
  const { rows } = await database.pool.query<{ source_id: number; partition: number; wake_seq: number }>(
    `select source_id, partition, wake_seq from partition_head h
     where wake_seq is not null and not exists (
       select from partition_cursor c
       where c.source_id = h.source_id and c.partition = h.partition and c.lease_until > clock_timestamp())`,
  );
  return rows.map((row) => ({ sourceId: row.source_id, partition: row.partition, wakeSeq: row.wake_seq }));
}

/** Does nothing when another wake was asked for since this one was found. */
export async function clearWake(database: Database, wake: Wake): Promise<void> {
  await database.pool.query(
    'update partition_head set wake_seq = null where source_id = $1 and partition = $2 and wake_seq = $3',
    [wake.sourceId, wake.partition, wake.wakeSeq],
  );
}
