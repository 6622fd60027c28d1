/** How many events there are, without counting them all: each count goes on from where the one before has come to. */
import type { Database } from '../connection/database.js';

/** Numbers in one statement: half a second on an idle machine. */
const NUMBERS_AT_ONCE = 200_000;

// One snapshot for all of it. Each half of a row is true for itself, so of two that count at once either may come last. Rows
// are written in one order, so that of these two neither waits for the other for ever.
const COUNT_ON = `
with stand as (
  select h.source_id, h.partition, h.last_seq, h.last_logged_at, coalesce(t.taken_seq, 0) as taken_seq,
    coalesce(t.taken_logged_at, '-infinity') as taken_logged_at, coalesce(t.taken_count, 0) as taken_count,
    coalesce(c.cursor_seq, 0) as cursor_seq, coalesce(c.cursor_logged_at, '-infinity') as cursor_logged_at,
    coalesce(t.passed_seq, 0) as passed_seq, coalesce(t.passed_logged_at, '-infinity') as passed_logged_at,
    coalesce(t.passed_count, 0) as passed_count
  from unnest($1::smallint[], $2::smallint[]) as asked (source_id, partition)
    join partition_head h using (source_id, partition) left join partition_cursor c using (source_id, partition)
    left join partition_tally t using (source_id, partition)
), reach as (
  select *, least(last_seq, taken_seq + $3::bigint) as taken_to, least(cursor_seq, passed_seq + $3::bigint) as passed_to
  from stand
), counted as (
  select source_id, partition, taken_to, passed_to, taken_to = last_seq and passed_to = cursor_seq as complete,
    case when taken_to = last_seq then last_logged_at else taken_logged_at end as taken_logged_at,
    case when passed_to = cursor_seq then cursor_logged_at else passed_logged_at end as passed_logged_at,
    taken_count + case when taken_to > taken_seq then (
      select count(*) from event_body b where b.source_id = r.source_id and b.partition = r.partition
        and b.seq > r.taken_seq and b.seq <= r.taken_to and b.logged_at >= r.taken_logged_at
    ) else 0 end as taken,
    passed_count + case when passed_to > passed_seq then (
      select count(*) from event_body b where b.source_id = r.source_id and b.partition = r.partition
        and b.seq > r.passed_seq and b.seq <= r.passed_to and b.logged_at >= r.passed_logged_at
    ) else 0 end as passed
  from reach r
), kept as (
  insert into partition_tally as t
    (source_id, partition, taken_seq, taken_logged_at, taken_count, passed_seq, passed_logged_at, passed_count)
  select source_id, partition, taken_to, taken_logged_at, taken, passed_to, passed_logged_at, passed from counted
  order by source_id, partition
  on conflict (source_id, partition) do update
    set taken_seq = excluded.taken_seq, taken_logged_at = excluded.taken_logged_at, taken_count = excluded.taken_count,
      passed_seq = excluded.passed_seq, passed_logged_at = excluded.passed_logged_at, passed_count = excluded.passed_count
    where (t.taken_seq, t.passed_seq) <> (excluded.taken_seq, excluded.passed_seq)
)
select source_id as "sourceId", partition from counted where not complete order by 1, 2`;

interface Behind {
  readonly sourceId: number;
  readonly partition: number;
  readonly numbers: number;
}

/**
 * Counts on what has come or was passed since the last count. A statement counts so many numbers, of one partition or of a
 * thousand, and keeps what it has counted: none takes long, and one that fails loses little of the work.
 *
 * @param sourceIds absent: all sources
 */
export async function tallyPartitions(
  { pool }: Database,
  sourceIds?: readonly number[],
  numbersAtOnce = NUMBERS_AT_ONCE,
): Promise<void> {
  const { rows } = await pool.query<Behind>({
    name: 'tally-behind',
    text: `select h.source_id as "sourceId", h.partition,
       h.last_seq - coalesce(t.taken_seq, 0) + coalesce(c.cursor_seq - coalesce(t.passed_seq, 0), 0) as numbers
     from partition_head h left join partition_cursor c using (source_id, partition)
       left join partition_tally t using (source_id, partition)
     where ($1::smallint[] is null or h.source_id = any ($1))
       and (h.last_seq > coalesce(t.taken_seq, 0) or c.cursor_seq > coalesce(t.passed_seq, 0))
     order by 1, 2`,
    values: [sourceIds ?? null],
  });
  for (const some of inGroups(rows, numbersAtOnce)) {
    let left: readonly Pick<Behind, 'sourceId' | 'partition'>[] = some;
    while (left.length > 0) {
      const counted = await pool.query<Pick<Behind, 'sourceId' | 'partition'>>({
        name: 'tally-partitions',
        text: COUNT_ON,
        values: [left.map(({ sourceId }) => sourceId), left.map(({ partition }) => partition), numbersAtOnce],
      });
      left = counted.rows;
    }
  }
}

/** One that has more than fits is in a group of its own. */
function inGroups(partitions: readonly Behind[], numbersAtOnce: number): Behind[][] {
  const groups: Behind[][] = [];
  let inGroup = Number.POSITIVE_INFINITY;
  for (const one of partitions) {
    inGroup += one.numbers;
    if (inGroup > numbersAtOnce) {
      groups.push([]);
      inGroup = one.numbers;
    }
    groups.at(-1)?.push(one);
  }
  return groups;
}
