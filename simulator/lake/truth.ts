/** What really happened, for assertions in tests and the admin page; no client of Adobe may read this. */
import { type Pool, escapeIdentifier, escapeLiteral } from 'pg';
import type { Fate } from './acceptances.js';
import type { LakeDatabase } from './database.js';
import { datasetTables } from './datasets.js';

interface TrueAcceptance {
  readonly xactionId: string;
  readonly receivedMs: number;
  readonly flowId: string | null;
  readonly datasetId: string | null;
  readonly fate: Fate;
}

export interface EventTruth {
  readonly sandboxName: string;
  /** Null for messages whose `_id` cannot be told. */
  readonly eventId: string | null;
  readonly acceptances: readonly TrueAcceptance[];
  /** Visible in the lake, over all datasets. */
  readonly rows: number;
  readonly failed: number;
  readonly pending: number;
  readonly inProfile: boolean;
}

export interface TruthTotals {
  readonly sandboxName: string;
  readonly acceptances: number;
  readonly acceptedIds: number;
  readonly rows: number;
  readonly distinctIds: number;
  readonly failed: number;
  readonly pending: number;
  /** Accepted and never to be seen. */
  readonly lost: number;
}

/** Adds a view over all dataset tables, in the statement that asks: `landed(event_id, dataset_id, event_type)`. */
function landedFrom(tables: Awaited<ReturnType<typeof datasetTables>>): string {
  const parts = tables.map(
    ({ table, datasetId }) =>
      `SELECT _id AS event_id, ${escapeLiteral(datasetId)} AS dataset_id FROM public.${escapeIdentifier(table)}`,
  );
  return parts.length === 0
    ? `SELECT NULL::text AS event_id, NULL::text AS dataset_id WHERE false`
    : parts.join(' UNION ALL ');
}

export interface TruthQuery {
  /** Absent: all, in order of their id. */
  readonly eventIds?: readonly string[];
  readonly afterEventId?: string;
  readonly limit: number;
}

export async function eventTruths(database: LakeDatabase, query: TruthQuery): Promise<readonly EventTruth[]> {
  const landed = landedFrom(await datasetTables(database));
  const { rows } = await database.pool.query<{
    event_id: string | null;
    acceptances: TrueAcceptance[];
    rows: string;
    failed: string;
    pending: string;
    in_profile: boolean;
  }>(
    `WITH asked AS (
       SELECT DISTINCT event_id FROM sim.acceptance
       WHERE ($1::text[] IS NULL OR event_id = ANY($1)) AND ($2::text IS NULL OR event_id > $2)
       ORDER BY event_id LIMIT $3
     ), accepted AS (
       SELECT event_id, json_agg(json_build_object('xactionId', xaction_id, 'receivedMs', received_ms,
         'flowId', flow_id, 'datasetId', dataset_id, 'fate', fate) ORDER BY sequence) AS acceptances
       FROM sim.acceptance JOIN asked USING (event_id) GROUP BY event_id
     ), landed AS (${landed}),
     counted AS (SELECT event_id, count(*) AS rows FROM landed JOIN asked USING (event_id) GROUP BY event_id),
     failed AS (SELECT event_id, count(*) AS failed FROM sim.failed_record JOIN asked USING (event_id) GROUP BY event_id),
     waiting AS (SELECT event_id, count(*) AS pending FROM sim.pending JOIN asked USING (event_id) GROUP BY event_id)
     SELECT event_id, acceptances, coalesce(rows, 0) AS rows, coalesce(failed, 0) AS failed,
       coalesce(pending, 0) AS pending,
       EXISTS (SELECT FROM sim.profile_event p WHERE p.event_id = accepted.event_id) AS in_profile
     FROM accepted LEFT JOIN counted USING (event_id) LEFT JOIN failed USING (event_id) LEFT JOIN waiting USING (event_id)
     ORDER BY event_id`,
    [query.eventIds ?? null, query.afterEventId ?? null, query.limit],
  );
  return rows.map((row) => ({
    sandboxName: database.sandboxName,
    eventId: row.event_id,
    acceptances: row.acceptances,
    rows: Number(row.rows),
    failed: Number(row.failed),
    pending: Number(row.pending),
    inProfile: row.in_profile,
  }));
}

export async function truthTotals(database: LakeDatabase): Promise<TruthTotals> {
  const landed = landedFrom(await datasetTables(database));
  const { rows } = await database.pool.query<Record<keyof Omit<TruthTotals, 'sandboxName'>, string>>(
    `WITH landed AS (${landed})
     SELECT (SELECT count(*) FROM sim.acceptance) AS acceptances,
       (SELECT count(DISTINCT event_id) FROM sim.acceptance) AS "acceptedIds",
       (SELECT count(*) FROM landed) AS rows, (SELECT count(DISTINCT event_id) FROM landed) AS "distinctIds",
       (SELECT count(*) FROM sim.failed_record) AS failed, (SELECT count(*) FROM sim.pending) AS pending,
       (SELECT count(*) FROM sim.acceptance WHERE fate <> 'land') AS lost`,
  );
  const counts = Object.entries(rows[0] ?? {}).map(([name, count]) => [name, Number(count)]);
  return { sandboxName: database.sandboxName, ...Object.fromEntries(counts) } as TruthTotals;
}

export interface DatasetFigures {
  readonly datasetId: string;
  readonly rows: number;
  readonly distinctIds: number;
  readonly failed: number;
  readonly pending: number;
  readonly rowsByEventType: Readonly<Record<string, number>>;
  /** Newest time of becoming visible, ms. */
  readonly newestMs?: number;
}

/** Figures of every dataset that has got anything. */
export async function datasetFigures(database: LakeDatabase): Promise<readonly DatasetFigures[]> {
  const { pool } = database;
  const counted = async (sql: string) => {
    const { rows } = await pool.query<{ dataset_id: string; count: string }>(sql);
    return new Map(rows.map((row) => [row.dataset_id, Number(row.count)]));
  };
  const failed = await counted('SELECT dataset_id, count(*) FROM sim.failed_record GROUP BY 1');
  const pending = await counted('SELECT dataset_id, count(*) FROM sim.pending GROUP BY 1');
  const newest = await counted(
    "SELECT dataset_id, max(created_ms) AS count FROM sim.batch WHERE status = 'success' GROUP BY 1",
  );
  const tables = new Map((await datasetTables(database)).map(({ datasetId, table }) => [datasetId, table]));
  const figures: DatasetFigures[] = [];
  for (const datasetId of new Set([...tables.keys(), ...failed.keys(), ...pending.keys()])) {
    const table = tables.get(datasetId);
    const newestMs = newest.get(datasetId);
    figures.push({
      datasetId,
      ...(table === undefined ? { rows: 0, distinctIds: 0, rowsByEventType: {} } : await tableFigures(pool, table)),
      failed: failed.get(datasetId) ?? 0,
      pending: pending.get(datasetId) ?? 0,
      ...(newestMs === undefined ? {} : { newestMs }),
    });
  }
  return figures;
}

async function tableFigures(pool: Pool, table: string) {
  const name = escapeIdentifier(table);
  const { rows } = await pool.query<{ event_type: string | null; rows: string }>(
    `SELECT to_jsonb(t) ->> 'eventtype' AS event_type, count(*) AS rows FROM public.${name} t GROUP BY 1 ORDER BY 1`,
  );
  const distinct = await pool.query<{ count: string }>(`SELECT count(DISTINCT _id) FROM public.${name}`);
  return {
    rows: rows.reduce((sum, row) => sum + Number(row.rows), 0),
    distinctIds: Number(distinct.rows[0]?.count ?? 0),
    rowsByEventType: Object.fromEntries(rows.map((row) => [row.event_type ?? '', Number(row.rows)])),
  };
}
