/** Partitions whose forwarder is to be woken, and sources that have to have one that runs. */
import type { PartitionId } from './claim.js';
import type { Database } from './database.js';

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

/** Does nothing when another wake was asked for since this one was found. */
export async function clearWake(database: Database, wake: Wake): Promise<void> {
  await database.pool.query(
    'update partition_head set wake_seq = null where source_id = $1 and partition = $2 and wake_seq = $3',
    [wake.sourceId, wake.partition, wake.wakeSeq],
  );
}

export interface SendingSource {
  readonly id: number;
  readonly uid: string;
  readonly name: string;
}

/**
 * Sources that a forwarder must run for: webhooks are taken, and the gate is open. Not those that are being made or torn
 * down: the one have no routes yet, the routes of the others are retired before their forwarder is ended.
 */
export async function findSendingSources(database: Database): Promise<SendingSource[]> {
  const { rows } = await database.pool.query<SendingSource>(
    `select id, uid, name from source s join gate g on g.source_id = s.id
     where s.retired_at is null and g.open and exists (
       select from route r where r.source_id = s.id and (r.expires_at is null or r.expires_at > clock_timestamp()))
     order by id`,
  );
  return rows;
}

/** @returns of these uids those whose source was torn down */
export async function findRetired(database: Database, uids: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await database.pool.query<{ uid: string }>(
    'select uid from source where uid = any ($1) and retired_at is not null',
    [uids],
  );
  return new Set(rows.map(({ uid }) => uid));
}

/**
 * Partitions that have something to send and had no drain for long, although a forwarder runs: it has missed a wake, or
 * there is an outage or a hold, which look the same from here. A wake now and then does these no harm.
 */
export async function findForgotten(database: Database, afterMs: number): Promise<Wake[]> {
  const { rows } = await database.pool.query<WakeRow>(
    `select h.source_id, h.partition, h.last_seq as wake_seq
     from partition_head h join gate g using (source_id) left join partition_cursor c using (source_id, partition)
     where g.open and h.last_seq > coalesce(c.cursor_seq, 0)
       and coalesce(greatest(c.lease_until, c.rescued_at), '-infinity') < clock_timestamp() - $1 * interval '1 millisecond'`,
    [afterMs],
  );
  return rows.map(wakeOf);
}

/** Its forwarder was woken: {@link findForgotten} leaves it out for a while. */
export async function noteRescue(database: Database, { sourceId, partition }: PartitionId): Promise<void> {
  await database.pool.query(
    `insert into partition_cursor (source_id, partition, rescued_at) values ($1, $2, clock_timestamp())
     on conflict (source_id, partition) do update set rescued_at = excluded.rescued_at`,
    [sourceId, partition],
  );
}

function wakeOf(row: WakeRow): Wake {
  return { sourceId: row.source_id, partition: row.partition, wakeSeq: row.wake_seq };
}
