import type { ClientBase } from 'pg';
import { WAKE_CHANNEL } from './listen.js';

/** Asks for a wake of these partitions of a source, by default of all; told once the transaction is committed. */
export async function wakePartitions(
  client: ClientBase,
  sourceId: number,
  partitions?: readonly number[],
): Promise<void> {
  if (partitions?.length === 0) return;
  await client.query(
    `with woken as (
       update partition_head set wake_seq = last_seq
       where source_id = $1 and ($2::smallint[] is null or partition = any ($2)) returning partition
     )
     select pg_notify($3, $1 || '/' || partition) from woken`,
    [sourceId, partitions ?? null, WAKE_CHANNEL],
  );
}
