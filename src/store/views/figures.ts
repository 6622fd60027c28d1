/** What is measured about every live source and every receiver. */
import type { Database } from '../connection/database.js';
import { recentlyFailed } from './flowRunLook.js';
import { readSilences } from './lastEvents.js';
import { oldestUnconfirmedMs } from '../exceptions/confirmation.js';
import { type Counted, countEventsOf } from './eventCounts.js';

/** As many statements for a thousand sources as for one. @returns shaped as `src/metrics/figures.ts` shows it */
export async function readFigures(database: Database) {
  const { rows } = await database.pool.query<SourceRow>(
    `select s.id, s.name, coalesce(g.open, false) as gate_open,
       (case when g.open then greatest(0, extract(epoch from g.opens_at - clock_timestamp())) * 1000 else 0 end)::float8
         as opens_in_ms,
       (select max(last_logged_at) from partition_head h where h.source_id = s.id and last_seq > 0) as last_taken_at,
       (select coalesce(sum(accepted_count), 0)::float8 from partition_cursor c where c.source_id = s.id) as acceptances,
       (select max(last_accepted_at) from partition_cursor c where c.source_id = s.id) as last_accepted_at,
       case when l.source_id is not null then ${recentlyFailed('l')} end as flow_run_failed_records,
       d.drifted, (extract(epoch from clock_timestamp() - d.looked_at) * 1000)::float8 as drift_age_ms
     from source s left join gate g on g.source_id = s.id left join flow_run_look l on l.source_id = s.id
       left join source_drift d on d.source_id = s.id
     where s.retired_at is null order by s.name`,
  );
  const sourceIds = rows.map(({ id }) => id);
  const counted = await countEventsOf(database, sourceIds);
  const unconfirmedMs = await oldestUnconfirmedMs(database, sourceIds);
  return {
    sources: rows.flatMap((row) => {
      const counts = counted.get(row.id);
      return counts === undefined ? [] : [figuresOf(row, counts, unconfirmedMs.get(row.id) ?? 0)];
    }),
    receivers: await readReceivers(database),
    silences: await readSilences(database),
  };
}

function figuresOf(row: SourceRow, { counters, open }: Counted, unconfirmedMs: number) {
  return {
    source: row.name,
    taken: counters.taken,
    // A counter may not go down: an event that is missing, and accepted again, counts twice here.
    accepted: row.acceptances,
    confirmed: counters.confirmed,
    // Without access to the lake nothing is ever confirmed.
    oldestUnconfirmedMs: counters.confirmed === undefined ? undefined : unconfirmedMs,
    waiting: counters.waiting,
    oldestWaitingMs: counters.oldestWaitingMs,
    exceptions: open,
    gateOpen: row.gate_open,
    opensInMs: row.opens_in_ms ?? 0,
    lastTakenAtMs: row.last_taken_at?.getTime(),
    lastAcceptedAtMs: row.last_accepted_at?.getTime(),
    flowRunFailedRecords: row.flow_run_failed_records ?? undefined,
    drifted: row.drifted ?? undefined,
    driftAgeMs: row.drift_age_ms ?? undefined,
  };
}

interface SourceRow {
  readonly id: number;
  readonly name: string;
  readonly gate_open: boolean;
  readonly opens_in_ms: number | null;
  readonly acceptances: number;
  readonly last_taken_at: Date | null;
  readonly last_accepted_at: Date | null;
  readonly flow_run_failed_records: number | null;
  readonly drifted: number | null;
  readonly drift_age_ms: number | null;
}

async function readReceivers(database: Database) {
  const { rows } = await database.pool.query<{ receiver: string; spooled: number; report_age_ms: number }>(
    `select receiver_id as receiver, spool_depth as spooled,
       (extract(epoch from clock_timestamp() - reported_at) * 1000)::float8 as report_age_ms
     from receiver_report where not (details @> '{"ended": true}' and spool_depth = 0) order by receiver_id`,
  );
  return rows.map(({ report_age_ms: reportAgeMs, ...row }) => ({ ...row, reportAgeMs }));
}

/** @returns no sandbox for a source that release 0.1.0 provisioned and none has since */
export async function readSourceFacts(
  database: Database,
  sourceId: number,
): Promise<{ readonly name: string; readonly sandbox?: string }> {
  const { rows } = await database.pool.query<{ name: string; sandbox: string | null }>(
    'select name, sandbox from source where id = $1',
    [sourceId],
  );
  return { name: rows[0]?.name ?? String(sourceId), sandbox: rows[0]?.sandbox ?? undefined };
}
