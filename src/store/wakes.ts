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

/**
 * Partitions that have something to send and had no drain for long, because their forwarder was terminated. An outage or a
 * hold looks the same from here; a wake now and then does them no harm.
 */
export async function findForgotten(database: Database, afterMs: number): Promise<Wake[]> {
  const { rows } = await database.pool.query<{ source_id: number; partition: number; last_seq: number }>(
    `update partition_cursor c set rescued_at = clock_timestamp()
     from partition_head h
     where h.source_id = c.source_id and h.partition = c.partition and h.last_seq > c.cursor_seq
       and greatest(c.lease_until, c.rescued_at) < clock_timestamp() - $1 * interval '1 millisecond'
     returning c.source_id, c.partition, h.last_seq`,
    [afterMs],
  );
  return rows.map((row) => ({ sourceId: row.source_id, partition: row.partition, wakeSeq: row.last_seq }));
}

/** Does nothing when another wake was asked for since this one was found. */
export async function clearWake(database: Database, wake: Wake): Promise<void> {
  await database.pool.query(
    'update partition_head set wake_seq = null where source_id = $1 and partition = $2 and wake_seq = $3',
    [wake.sourceId, wake.partition, wake.wakeSeq],
  );
}
