/**
 * A database that was set back under us: by a failover to a standby that had not got the last commits, or by an older copy
 * that was put in its place. A drain finds it behind its own fence.
 */
import type { KnownPosition, PartitionId } from './claim.js';
import { type Database, inTransaction } from './database.js';
import { closeGate } from './gate.js';
import { settleExceptions, settlePartition } from './restored.js';

const REASON = 'the database was set back: what was sent since is not known to it';

/**
 * Closes the source's gate, and makes everything that may have been sent since `unknown`. Done twice it does no more.
 *
 * @returns how many events are unknown by it
 */
export async function settleSetBack(database: Database, id: PartitionId, known: KnownPosition): Promise<number> {
  await closeGate(database, id.sourceId, REASON);
  return inTransaction(database, async (client) => {
    // The insert lock first, as everywhere. No number is given to another event that somebody remembers.
    const head = await client.query<{ last_seq: number }>(
      `update partition_head set last_seq = greatest(last_seq, $3) where source_id = $1 and partition = $2 returning last_seq`,
      [id.sourceId, id.partition, known.intended ?? 0],
    );
    const { rows } = await client.query<{ fence: number }>(
      `insert into partition_cursor (source_id, partition) values ($1, $2)
       on conflict (source_id, partition) do update set fence = partition_cursor.fence returning fence`,
      [id.sourceId, id.partition],
    );
    if ((rows[0]?.fence ?? 0) > known.fence) return 0;
    await settleExceptions(client, id, new Date());
    const throughSeq = known.intended ?? head.rows[0]?.last_seq ?? 0;
    return settlePartition(client, id, { throughSeq, fence: known.fence });
  });
}
