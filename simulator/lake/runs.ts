/** Flow runs: what a flow ingested in one hour, shown while the hour runs and after. */
import type { FlowRunFigures } from '../context.js';
import type { LakeDatabase } from './database.js';

const HOUR_MS = 3_600_000;

interface RunRow {
  readonly id: string;
  readonly flow_id: string;
  readonly window_start_ms: string;
  readonly first_ms: string;
  readonly last_ms: string;
  readonly input_records: string;
  readonly output_records: string;
  readonly failed_records: string;
  readonly warning_records: string;
  readonly failed_batches: readonly string[] | null;
  readonly input_bytes: string;
  readonly output_bytes: string;
}

/** Newest first. */
export async function flowRunFigures(
  database: LakeDatabase,
  nowMs: number,
  flowId?: string,
): Promise<readonly FlowRunFigures[]> {
  const { rows } = await database.pool.query<RunRow>(
    `SELECT run.*, (
       SELECT array_agg(DISTINCT record.batch_id)
       FROM sim.failed_record record JOIN sim.acceptance accepted USING (sequence)
       WHERE run.failed_records > 0 AND accepted.flow_id = run.flow_id
         AND accepted.received_ms >= run.window_start_ms AND accepted.received_ms < run.window_start_ms + ${HOUR_MS}
     ) AS failed_batches
     FROM sim.flow_run run WHERE $1::text IS NULL OR flow_id = $1 ORDER BY window_start_ms DESC, flow_id`,
    [flowId ?? null],
  );
  return rows.map((row) => ({
    id: row.id,
    flowId: row.flow_id,
    windowStartMs: Number(row.window_start_ms),
    firstRecordAtMs: Number(row.first_ms),
    lastRecordAtMs: Number(row.last_ms),
    closed: nowMs >= Number(row.window_start_ms) + HOUR_MS,
    inputRecords: Number(row.input_records),
    outputRecords: Number(row.output_records),
    failedRecords: Number(row.failed_records),
    warningRecords: Number(row.warning_records),
    failedBatches: row.failed_batches ?? [],
    inputBytes: Number(row.input_bytes),
    outputBytes: Number(row.output_bytes),
    errors: errorsOf(Number(row.failed_records), Number(row.output_records)),
  }));
}

function errorsOf(failed: number, ingested: number): FlowRunFigures['errors'] {
  if (failed === 0) return [];
  return [{ code: 'INGEST-1212-400', message: `${failed} rows failed and ${ingested} rows were ingested` }];
}
