/** What the last look at the runs of a source's flows has found. */
import type { FlowRunsView } from '../../domain/delivery/flowRuns.js';
import type { Database } from '../connection/database.js';

export interface FlowRunLook {
  /** Absent: there is none yet. */
  readonly newest?: { readonly id: string; readonly at?: Date };
  readonly failedRecords: number;
}

export async function noteFlowRuns({ pool }: Database, sourceId: number, look: FlowRunLook): Promise<void> {
  const { newest, failedRecords } = look;
  await pool.query(
    `insert into flow_run_look (source_id, looked_at, last_run_id, last_run_at, failed_records)
     values ($1, clock_timestamp(), $2, $3, $4)
     on conflict (source_id) do update set looked_at = excluded.looked_at, last_run_id = excluded.last_run_id,
       last_run_at = excluded.last_run_at, failed_records = excluded.failed_records`,
    [sourceId, newest?.id ?? null, newest?.at ?? null, failedRecords],
  );
}

/** By the database's clock. Undefined: nobody has looked yet. */
export async function flowRunsSeenForMs({ pool }: Database, sourceId: number): Promise<number | undefined> {
  const { rows } = await pool.query<{ for_ms: number }>(
    `select (extract(epoch from clock_timestamp() - looked_at) * 1000)::float8 as for_ms
     from flow_run_look where source_id = $1`,
    [sourceId],
  );
  return rows[0]?.for_ms;
}

/**
 * How many records failed lately. A look that is a day old says nothing of the day since.
 *
 * @param look SQL expression: a row of `flow_run_look`
 */
export function recentlyFailed(look: string): string {
  return `case when ${look}.looked_at > clock_timestamp() - interval '24 hours' then ${look}.failed_records else 0 end::float8`;
}

export async function readFlowRunLook({ pool }: Database, sourceId: number): Promise<FlowRunsView | undefined> {
  const { rows } = await pool.query<{
    looked_at: Date;
    last_run_id: string | null;
    last_run_at: Date | null;
    failed_records: number;
  }>(
    `select looked_at, last_run_id, last_run_at, ${recentlyFailed('l')} as failed_records
     from flow_run_look l where source_id = $1`,
    [sourceId],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    lookedAt: row.looked_at.toISOString(),
    failedRecords: row.failed_records,
    lastRunId: row.last_run_id ?? undefined,
    lastRunAt: row.last_run_at?.toISOString(),
  };
}
