/** What was done to sources: written once each, and read together with people's decisions about held events. */
import type { HistoryEntry, HistoryPage, RecordedInput, RecordInput } from '../../domain/history.js';
import type { ClientBase } from 'pg';
import { cleaned } from '../connection/cleanText.js';
import type { Database } from '../connection/database.js';

/** Of what a person has written; a page of the longest fits into one answer. */
const LONGEST_TEXT = 1_000;

export async function recordOperation(database: Database, { name, uid, operation }: RecordInput): Promise<void> {
  const { id, kind, startedAt, endedAt, by, why, input = {}, result, code, step } = operation;
  await database.pool.query(
    `insert into operation (request_id, source_name, source_uid, kind, started_at, ended_at, done_by, why, input, result,
       error_code, step)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (request_id) do nothing`,
    [
      id,
      name,
      uid,
      kind,
      new Date(startedAt),
      new Date(endedAt),
      cut(by),
      cut(why),
      cleaned(input),
      result,
      code,
      step,
    ],
  );
}

/**
 * What is done to a source without its workflow, in the transaction that does it.
 *
 * @param operation.id the same when it is done again after its answer was lost; absent where each time is another
 */
export async function recordDone(
  client: Pick<ClientBase, 'query'>,
  sourceId: number,
  { id, kind, by, input }: Pick<RecordInput['operation'], 'kind' | 'by' | 'input'> & { readonly id?: string },
): Promise<void> {
  await client.query(
    `insert into operation (request_id, source_name, source_uid, kind, started_at, ended_at, done_by, input, result)
     select coalesce($5::text || ':' || uid::text, gen_random_uuid()::text), name, uid, $2, now(), now(), $3, $4, 'done'
     from source where id = $1
     on conflict (request_id) do nothing`,
    [sourceId, kind, cut(by), cleaned(input ?? {}), id ?? null],
  );
}

function cut(text: string | undefined): unknown {
  return cleaned(text?.slice(0, LONGEST_TEXT));
}

interface HistoryRow {
  readonly at: Date;
  readonly what: string;
  readonly result: string;
  readonly tookMs: number;
  readonly by: string | null;
  readonly why: string | null;
  readonly code: HistoryEntry['code'] | null;
  readonly step: string | null;
  readonly input: RecordedInput | null;
  readonly decision: string | null;
  readonly reasons: readonly string[] | null;
  readonly events: number | null;
}

/** Of every source that ever had the name: one that was torn down and provisioned again has one history. */
export async function readHistory(
  database: Database,
  { name, limit }: { readonly name: string; readonly limit: number },
): Promise<HistoryPage> {
  const { rows } = await database.pool.query<HistoryRow>(
    `select * from (
       select ended_at as at, kind as what, result,
         (extract(epoch from ended_at - started_at) * 1000)::float8 as "tookMs",
         done_by as by, why, error_code as code, step, input,
         null as decision, null::text[] as reasons, null::integer as events, id as tie
       from operation where source_name = $1
       union all
       select max(decided_at), 'decide', 'done',
         (extract(epoch from max(decided_at) - min(decided_at)) * 1000)::float8,
         decided_by, left(why, $3), null, null, null,
         decision, array_agg(distinct reason order by reason), count(*)::integer, min(decision.id)
       from decision join source on source.id = decision.source_id
       where source.name = $1 group by request_id, decision, decided_by, why
     ) as entry order by at desc, tie desc limit $2 + 1`,
    [name, limit, LONGEST_TEXT],
  );
  const known = rows.length > 0 || (await hasSource(database, name));
  const entries = rows.slice(0, limit).reverse().map(entryOf);
  return { v: 1, known, entries, more: rows.length > limit };
}

async function hasSource(database: Database, name: string): Promise<boolean> {
  const { rowCount } = await database.pool.query('select from source where name = $1 limit 1', [name]);
  return rowCount !== 0;
}

function entryOf(row: HistoryRow): HistoryEntry {
  const { at, what, result, tookMs, by, why, code, step, input, decision, reasons, events } = row;
  return {
    at: at.toISOString(),
    what,
    result,
    tookMs,
    ...(by === null ? {} : { by }),
    ...(why === null ? {} : { why }),
    ...(code === null ? {} : { code }),
    ...(step === null ? {} : { step }),
    ...(input === null || Object.keys(input).length === 0 ? {} : { input }),
    ...(decision === null ? {} : { decided: { decision, reasons: reasons ?? [], events: events ?? 0 } }),
  };
}
