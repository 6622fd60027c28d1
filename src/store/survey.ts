/** What there is to say about a source's delivery, counted in the store. */
import type { PartitionSurvey } from '../domain/forwarder.js';
import type { Database } from './database.js';
import { lookUpsAhead } from './lateAudit.js';
import { tallyPartitions } from './tally.js';

/** @returns the source's number in the store; undefined when there is none with this uid */
export async function findSourceId(database: Database, uid: string): Promise<number | undefined> {
  const { rows } = await database.pool.query<{ id: number }>('select id from source where uid = $1', [uid]);
  return rows[0]?.id;
}

/** All partitions that hold events or may come to: those of an earlier, larger number among them. */
export async function surveySource(database: Database, sourceId: number): Promise<PartitionSurvey> {
  const tallies = await tallyPartitions(database, sourceId);
  const partitions = await database.pool.query<PartitionRow>(
    `select coalesce(accepted_count, 0) as accepted, confirmed_count as confirmed,
       (extract(epoch from clock_timestamp() - oldest.logged_at) * 1000)::float8 as oldest_ms
     from partition_head h left join partition_cursor c using (source_id, partition)
       left join partition_audit a using (source_id, partition)
       left join lateral (
         select b.logged_at from event_body b
         where b.source_id = h.source_id and b.partition = h.partition and b.seq > coalesce(c.cursor_seq, 0)
           and b.logged_at >= coalesce(c.cursor_logged_at, '-infinity') and h.last_seq > coalesce(c.cursor_seq, 0)
         order by b.seq limit 1
       ) oldest on true
     where source_id = $1`,
    [sourceId],
  );
  const exceptions = await database.pool.query<ExceptionRow>(
    `select reason, count(*) as count, (extract(epoch from clock_timestamp() - min(created_at)) * 1000)::float8 as oldest_ms
     from exception where source_id = $1 and state <> 'resolved' group by reason order by reason`,
    [sourceId],
  );
  const { repeated, readable } = await surveyLake(database, sourceId);
  return {
    partitions: tallies.map(({ partition }) => partition),
    counters: {
      taken: sum(tallies, ({ taken }) => taken) + (await countHeldArrivals(database, sourceId)),
      accepted: sum(partitions.rows, ({ accepted }) => accepted),
      ...(readable ? { confirmed: sum(partitions.rows, ({ confirmed }) => confirmed ?? 0), repeated } : {}),
      waiting: sum(tallies, ({ waiting }) => waiting),
      oldestWaitingMs: oldest(partitions.rows),
      exceptions: Object.fromEntries(exceptions.rows.map((row) => [row.reason, row.count])),
      oldestExceptionMs: oldest(exceptions.rows),
    },
    lookUps: await lookUpsAhead(database, sourceId),
  };
}

function sum<Row>(rows: readonly Row[], of: (row: Row) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

/** Taken and never in the log: unreadable, too large, or in conflict with an event of the same id. */
async function countHeldArrivals(database: Database, sourceId: number): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    `select count(distinct (event_id, body_mac)) as count from exception where source_id = $1 and body_mac is not null`,
    [sourceId],
  );
  return rows[0]?.count ?? 0;
}

async function surveyLake(
  database: Database,
  sourceId: number,
): Promise<{ readonly repeated: number; readonly readable: boolean }> {
  const { rows } = await database.pool.query<{ repeated: number; readable: boolean | null }>(
    `select lake_state <> 'refused' as readable,
       (select count(*) from exception e where e.source_id = s.id and reason = 'repeated') as repeated
     from source s where id = $1`,
    [sourceId],
  );
  return { repeated: rows[0]?.repeated ?? 0, readable: rows[0]?.readable ?? false };
}

interface PartitionRow {
  readonly accepted: number;
  readonly confirmed: number | null;
  readonly oldest_ms: number | null;
}

interface ExceptionRow {
  readonly reason: string;
  readonly count: number;
  readonly oldest_ms: number;
}

function oldest(rows: readonly { readonly oldest_ms: number | null }[]): number | undefined {
  const ages = rows.flatMap((row) => (row.oldest_ms === null ? [] : [Math.round(row.oldest_ms)]));
  return ages.length === 0 ? undefined : Math.max(...ages);
}
