/**
 * A database that was set back under us: by a failover to a standby that had not got the last commits, or by an older copy
 * that was put in its place. A drain finds it behind its own fence.
 */
import type { KnownPosition, PartitionId } from './claim.js';
import { type Database, inTransaction } from '../connection/database.js';
import { closeGate } from './gate.js';
import { makeExceptionsUnknown, makePartitionUnknown } from './restored.js';

const REASON = 'the database has gone back to an earlier state and does not know what was sent since';

/** How far drains had come, as somebody beside the database remembers it. */
export interface RememberedPosition extends KnownPosition {
  readonly uid: string;
  readonly partition: number;
}

/** @returns those that the database is behind of; nothing of a source that it does not know */
export async function findBehind(
  database: Database,
  remembered: readonly RememberedPosition[],
): Promise<{ readonly id: PartitionId; readonly known: KnownPosition }[]> {
  const { rows } = await database.pool.query<{ place: number; source_id: number }>(
    `select (k.n - 1)::int as place, s.id as source_id
     from unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::bigint[], $5::bigint[])
       with ordinality as k (uid, partition, fence, intended, resend_claims, n)
     join source s on s.uid = k.uid
     left join partition_cursor c on c.source_id = s.id and c.partition = k.partition
     where coalesce(c.fence, 0) < k.fence or (c.fence = k.fence and (c.intended_seq < k.intended or c.resend_claims < k.resend_claims))
     order by k.n`,
    [
      remembered.map(({ uid }) => uid),
      remembered.map(({ partition }) => partition),
      remembered.map(({ fence }) => fence),
      remembered.map(({ intended }) => intended ?? 0),
      remembered.map(({ resendClaims }) => resendClaims ?? 0),
    ],
  );
  return rows.map(({ place, source_id: sourceId }) => {
    const { partition, fence, intended, resendClaims } = remembered[place] as RememberedPosition;
    return { id: { sourceId, partition }, known: { fence, intended, resendClaims } };
  });
}

/**
 * Closes the source's gate, and makes everything that may have been sent since `unknown`. Done twice it does no more.
 *
 * @returns how many events are unknown by it
 */
export async function recordSetBack(database: Database, id: PartitionId, known: KnownPosition): Promise<number> {
  await closeGate(database, id.sourceId, REASON, { until: 'unpaused' });
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
    await makeExceptionsUnknown(client, id);
    const throughSeq = known.intended ?? head.rows[0]?.last_seq ?? 0;
    return makePartitionUnknown(client, id, { throughSeq, fence: known.fence });
  });
}
