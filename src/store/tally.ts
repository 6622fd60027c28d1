/** How many events there are, without counting them all: each count goes on from where the one before has come to. */
import type { Database } from './database.js';

export interface PartitionTally {
  readonly partition: number;
  /** Events in the log, ever. */
  readonly taken: number;
  /** In the log, and neither delivered nor in the exceptions. */
  readonly waiting: number;
}

/** Numbers in one statement: half a second on an idle machine. */
const NUMBERS_AT_ONCE = 200_000;

// One snapshot for all of it. Each half of a row is true for itself, so of two that count at once either may come last.
const COUNT_ON = `
with stand as (
  select h.source_id, h.partition, h.last_seq, h.last_logged_at, coalesce(t.taken_seq, 0) as taken_seq,
    coalesce(t.taken_logged_at, '-infinity') as taken_logged_at, coalesce(t.taken_count, 0) as taken_count,
    coalesce(c.cursor_seq, 0) as cursor_seq, coalesce(c.cursor_logged_at, '-infinity') as cursor_logged_at,
    coalesce(c.decided, '') as decided, coalesce(t.passed_seq, 0) as passed_seq,
    coalesce(t.passed_logged_at, '-infinity') as passed_logged_at, coalesce(t.passed_count, 0) as passed_count
  from partition_head h left join partition_cursor c using (source_id, partition)
    left join partition_tally t using (source_id, partition)
  where h.source_id = $1 and h.partition = $2
), reach as (
  select *, least(last_seq, taken_seq + ${NUMBERS_AT_ONCE}) as taken_to,
    least(cursor_seq, passed_seq + ${NUMBERS_AT_ONCE}) as passed_to
  from stand
), counted as (
  select source_id, partition, taken_to, passed_to, taken_to = last_seq and passed_to = cursor_seq as complete,
    case when taken_to = last_seq then last_logged_at else taken_logged_at end as taken_logged_at,
    case when passed_to = cursor_seq then cursor_logged_at else passed_logged_at end as passed_logged_at,
    taken_count + (
      select count(*) from event_body b where b.source_id = r.source_id and b.partition = r.partition
        and b.seq > r.taken_seq and b.seq <= r.taken_to and b.logged_at >= r.taken_logged_at
    ) as taken,
    passed_count + (
      select count(*) from event_body b where b.source_id = r.source_id and b.partition = r.partition
        and b.seq > r.passed_seq and b.seq <= r.passed_to and b.logged_at >= r.passed_logged_at
    ) as passed,
    (
      select count(*) from event_body b where b.source_id = r.source_id and b.partition = r.partition
        and b.seq > r.cursor_seq and b.seq <= r.cursor_seq + octet_length(r.decided) * 8
        and b.logged_at >= r.cursor_logged_at and get_bit(r.decided, (b.seq - r.cursor_seq - 1)::int) = 1
    ) as decided
  from reach r
), kept as (
  insert into partition_tally as t
    (source_id, partition, taken_seq, taken_logged_at, taken_count, passed_seq, passed_logged_at, passed_count)
  select source_id, partition, taken_to, taken_logged_at, taken, passed_to, passed_logged_at, passed from counted
  on conflict (source_id, partition) do update
    set taken_seq = excluded.taken_seq, taken_logged_at = excluded.taken_logged_at, taken_count = excluded.taken_count,
      passed_seq = excluded.passed_seq, passed_logged_at = excluded.passed_logged_at, passed_count = excluded.passed_count
    where (t.taken_seq, t.passed_seq) <> (excluded.taken_seq, excluded.passed_seq)
)
select partition, taken, taken - passed - decided as waiting, complete from counted`;

/**
 * A statement counts some numbers of one partition and keeps what it has counted, so that none takes long, and one that fails
 * loses little of the work.
 *
 * @param sourceId absent: of all sources
 */
export async function tallyPartitions(database: Database, sourceId?: number): Promise<PartitionTally[]> {
  const { rows: partitions } = await database.pool.query<{ source_id: number; partition: number }>(
    `select source_id, partition from partition_head where $1::smallint is null or source_id = $1
     order by source_id, partition`,
    [sourceId ?? null],
  );
  const tallies: PartitionTally[] = [];
  for (const one of partitions) tallies.push(await tallyPartition(database, one.source_id, one.partition));
  return tallies;
}

async function tallyPartition(database: Database, sourceId: number, partition: number): Promise<PartitionTally> {
  for (;;) {
    const { rows } = await database.pool.query<PartitionTally & { readonly complete: boolean }>({
      name: 'tally-partition',
      text: COUNT_ON,
      values: [sourceId, partition],
    });
    const [row] = rows;
    if (row === undefined) return { partition, taken: 0, waiting: 0 };
    if (row.complete) return { partition, taken: row.taken, waiting: row.waiting };
  }
}
