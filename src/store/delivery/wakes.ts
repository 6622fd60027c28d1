/** Partitions whose forwarder is to be woken, and sources that have to have one that runs. */
import type { PartitionId } from './claim.js';
import type { Database } from '../connection/database.js';

export interface Wake extends PartitionId {
  readonly wakeSeq: number;
}

interface WakeRow {
  readonly source_id: number;
  readonly partition: number;
  readonly wake_seq: number;
}

/**
 * Not those that a drain holds: it sees the insert itself. Should it die first, they are found when its lease has run out.
 * Not those of a source that is torn down: nobody may start its forwarder again. Behind a closed gate they are woken, for the
 * forwarder to see that it is closed.
 */
export async function findWakes(database: Database): Promise<Wake[]> {
  const { rows } = await database.pool.query<WakeRow>(
    `select source_id, partition, wake_seq from partition_head h join source s on s.id = h.source_id
     where wake_seq is not null and s.retired_at is null and not exists (
       select from partition_cursor c
       where c.source_id = h.source_id and c.partition = h.partition and c.lease_until > clock_timestamp()
         and (c.lease_ms is null or c.lease_until <= clock_timestamp() + c.lease_ms * interval '1 millisecond'))`,
  );
  return rows.map(wakeOf);
}

/**
 * Does nothing where another wake was asked for since this one was found. Neither where an insert is under way: it would wait for
 * that one with the insert locks of all others in its hands. Such a wake is found once more, which does no harm.
 */
export async function clearWakes(database: Database, wakes: readonly Wake[]): Promise<void> {
  await database.pool.query(
    `with cleared as (
       select h.source_id, h.partition
       from unnest($1::smallint[], $2::smallint[], $3::bigint[]) as w (source_id, partition, wake_seq)
         join partition_head h using (source_id, partition, wake_seq)
       for update of h skip locked
     )
     update partition_head h set wake_seq = null from cleared c
     where h.source_id = c.source_id and h.partition = c.partition`,
    [...columnsOf(wakes), wakes.map(({ wakeSeq }) => wakeSeq)],
  );
}

function columnsOf(partitions: readonly PartitionId[]): [sourceIds: number[], partitions: number[]] {
  return [partitions.map(({ sourceId }) => sourceId), partitions.map(({ partition }) => partition)];
}

export interface SendingSource {
  readonly id: number;
  readonly uid: string;
  readonly name: string;
}

/**
 * Sources that a forwarder must run for: webhooks are taken, and the gate is open. Not those that are being made or torn
 * down: the one have no routes yet, the routes of the others are retired before their forwarder is ended.
 *
 * @param sourceId of this one alone
 */
export async function findSendingSources(database: Database, sourceId?: number): Promise<SendingSource[]> {
  const { rows } = await database.pool.query<SendingSource>(
    `select id, uid, name from source s join gate g on g.source_id = s.id
     where s.retired_at is null and g.open and ($1::smallint is null or s.id = $1) and exists (
       select from route r where r.source_id = s.id and (r.expires_at is null or r.expires_at > clock_timestamp()))
     order by id`,
    [sourceId ?? null],
  );
  return rows;
}

/** @returns of these uids those whose source was torn down */
export async function findRetired(database: Database, uids: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await database.pool.query<{ uid: string }>(
    // As texts: what calls itself a forwarder may name anything.
    'select uid from source where uid::text = any ($1) and retired_at is not null',
    [uids],
  );
  return new Set(rows.map(({ uid }) => uid));
}

/**
 * Partitions that have something to send and had no drain for long, although a forwarder runs: it has missed a wake, or
 * there is an outage or a hold, which look the same from here. A wake now and then does these no harm. What a clock that was
 * ahead has written, beyond any lease and after now, says nothing.
 */
export async function findForgotten(database: Database, afterMs: number): Promise<Wake[]> {
  const { rows } = await database.pool.query<WakeRow>(
    `select h.source_id, h.partition, h.last_seq as wake_seq
     from partition_head h join gate g using (source_id) left join partition_cursor c using (source_id, partition)
     where g.open and h.last_seq > coalesce(c.cursor_seq, 0)
       and not coalesce(c.lease_until between clock_timestamp() - $1 * interval '1 millisecond'
         and coalesce(clock_timestamp() + c.lease_ms * interval '1 millisecond', 'infinity'), false)
       and not coalesce(c.rescued_at between clock_timestamp() - $1 * interval '1 millisecond' and clock_timestamp(), false)`,
    [afterMs],
  );
  return rows.map(wakeOf);
}

/** Their forwarders were woken: {@link findForgotten} leaves them out for a while. Written in one order by all wakers. */
export async function noteRescues(database: Database, partitions: readonly PartitionId[]): Promise<void> {
  await database.pool.query(
    `insert into partition_cursor (source_id, partition, rescued_at)
     select source_id, partition, clock_timestamp() from unnest($1::smallint[], $2::smallint[]) as p (source_id, partition)
     order by source_id, partition
     on conflict (source_id, partition) do update set rescued_at = excluded.rescued_at`,
    columnsOf(partitions),
  );
}

function wakeOf(row: WakeRow): Wake {
  return { sourceId: row.source_id, partition: row.partition, wakeSeq: row.wake_seq };
}
