/** Observability Insights: time series of what inlets took and datasets got. */
import type pg from 'pg';
import type { Context } from '../context.js';
import { type ErrorFamily, Refusal } from '../errorFamilies.js';
import { isJsonObject, type JsonObject } from '../values/json.js';
import type { Lake } from '../lake/lake.js';
import type { LakeDatabase } from '../lake/database.js';
import type { SimRequest } from '../transport/request.js';

/** Calls of inlets since the simulator started, per minute. */
export interface InletCalls {
  succeeded(inletId: string): void;
  failed(inletId: string): void;
  /** @returns counts by start of their minute, ms */
  count(inletId: string | undefined, outcome: 'success' | 'failure'): ReadonlyMap<number, number>;
}

const MINUTE_MS = 60_000;

export function createInletCalls(now: () => number): InletCalls {
  const counts = new Map<string, Map<number, number>>();
  function add(inletId: string, outcome: 'success' | 'failure'): void {
    const minuteMs = Math.floor(now() / MINUTE_MS) * MINUTE_MS;
    const key = `${outcome}/${inletId}`;
    const perMinute = counts.get(key) ?? new Map<number, number>();
    counts.set(key, perMinute.set(minuteMs, (perMinute.get(minuteMs) ?? 0) + 1));
  }
  return {
    succeeded: (inletId) => add(inletId, 'success'),
    failed: (inletId) => add(inletId, 'failure'),
    count(inletId, outcome) {
      const sum = new Map<number, number>();
      for (const [key, perMinute] of counts) {
        const isMeant = inletId === undefined ? key.startsWith(`${outcome}/`) : key === `${outcome}/${inletId}`;
        if (isMeant) for (const [minuteMs, count] of perMinute) sum.set(minuteMs, (sum.get(minuteMs) ?? 0) + count);
      }
      return sum;
    },
  };
}

const insightsFamily: ErrorFamily = {
  body: ({ status, code, title, detail }, { requestId }) => ({
    type: `http://ns.adobe.com/aep/errors/${code ?? `INSGHT-1000-${status}`}`,
    title,
    status,
    detail,
    report: { 'request-id': requestId },
  }),
};

interface StoredMetric {
  readonly table: string;
  readonly timeColumn: string;
  readonly value: string;
  readonly subject: 'inlet' | 'dataset';
}

const ofInlet = (value: string): StoredMetric => ({
  table: 'sim.acceptance',
  timeColumn: 'received_ms',
  value,
  subject: 'inlet',
});
const ofBatches = (status: 'success' | 'failed', value: string): StoredMetric => ({
  table: `(SELECT * FROM sim.batch WHERE status = '${status}') b`,
  timeColumn: 'created_ms',
  value,
  subject: 'dataset',
});

const STORED_METRICS: Readonly<Record<string, StoredMetric>> = {
  'timeseries.data.collection.inlet.total.messages.received': ofInlet('count(*)'),
  'timeseries.data.collection.inlet.total.messages.size.received': ofInlet('sum(bytes)'),
  'timeseries.ingestion.dataset.recordsuccess.count': ofBatches('success', 'sum(records)'),
  'timeseries.ingestion.dataset.batchsuccess.count': ofBatches('success', 'count(*)'),
  'timeseries.ingestion.dataset.batchfailed.count': ofBatches('failed', 'count(*)'),
  'timeseries.ingestion.dataset.size': ofBatches('success', 'sum(bytes)'),
  'timeseries.ingestion.dataset.dailysize': ofBatches('success', 'sum(bytes)'),
  'timeseries.profiles.dataset.recordsuccess.count': {
    table: 'sim.profile_event',
    timeColumn: 'visible_ms',
    value: 'count(*)',
    subject: 'dataset',
  },
};
const CALL_METRICS: Readonly<Record<string, 'success' | 'failure'>> = {
  'timeseries.data.collection.inlet.success': 'success',
  'timeseries.data.collection.inlet.failure': 'failure',
};

const GRANULARITY_MS: Readonly<Record<string, number>> = {
  minute: MINUTE_MS,
  hour: 60 * MINUTE_MS,
  day: 1_440 * MINUTE_MS,
};

interface AskedRange {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

export function registerObservability(context: Context, lake: Lake, calls: InletCalls): void {
  context.route({
    name: 'observability.metrics',
    method: 'POST',
    path: '/data/infrastructure/observability/insights/metrics',
    access: 'platform',
    family: insightsFamily,
    async handle(request) {
      const { metrics, range, granularity } = readRequest(request);
      const database = await lake.database(request.scope.sandboxName);
      const metricResponses: object[] = [];
      for (const metric of metrics) {
        const name = textIn(metric, 'name') ?? textIn(metric, 'metric') ?? '';
        const filters = Array.isArray(metric['filters']) ? metric['filters'].filter(isJsonObject) : [];
        const points = await pointsOf(name, filters, range, database);
        const dps = Object.fromEntries([...points].map(([ms, value]) => [iso(ms), value]));
        metricResponses.push({ metric: name, filters, granularity, datapoints: [{ groupBy: {}, dps }] });
      }
      return { status: 200, json: { metricResponses } };
    },
  });

  async function pointsOf(
    name: string,
    filters: readonly JsonObject[],
    range: AskedRange,
    database: LakeDatabase,
  ): Promise<ReadonlyMap<number, number>> {
    const filterValue = (filterName: string) => filters.find((filter) => filter['name'] === filterName)?.['value'];
    const inletId = filterValue(context.policy.current.observabilityInletFilter);
    const outcome = CALL_METRICS[name];
    if (outcome !== undefined) {
      return resample(calls.count(typeof inletId === 'string' ? inletId : undefined, outcome), range);
    }
    const metric = STORED_METRICS[name];
    if (metric === undefined) throw badPayload(`The metric ${name} is not known`);
    const subjectId = metric.subject === 'inlet' ? inletId : (filterValue('dataSetId') ?? filterValue('datasetId'));
    return query(database.pool, metric, typeof subjectId === 'string' ? subjectId : null, range);
  }
}

async function query(
  pool: pg.Pool,
  { table, timeColumn, value, subject }: StoredMetric,
  subjectId: string | null,
  { startMs, endMs, stepMs }: AskedRange,
): Promise<ReadonlyMap<number, number>> {
  const { rows } = await pool.query<{ at: string; value: string }>(
    `SELECT ${timeColumn} / $3 * $3 AS at, ${value} AS value FROM ${table}
     WHERE ${timeColumn} >= $1 AND ${timeColumn} < $2 AND ($4::text IS NULL OR ${subject}_id = $4)
     GROUP BY 1 ORDER BY 1`,
    [startMs, endMs, stepMs, subjectId],
  );
  return new Map(rows.map((row) => [Number(row.at), Number(row.value)]));
}

function resample(perMinute: ReadonlyMap<number, number>, { startMs, endMs, stepMs }: AskedRange): Map<number, number> {
  const points = new Map<number, number>();
  for (const [minuteMs, count] of perMinute) {
    if (minuteMs < startMs || minuteMs >= endMs) continue;
    const at = Math.floor(minuteMs / stepMs) * stepMs;
    points.set(at, (points.get(at) ?? 0) + count);
  }
  return points;
}

function readRequest(request: SimRequest): {
  readonly metrics: readonly JsonObject[];
  readonly range: AskedRange;
  readonly granularity: string;
} {
  const body = request.json();
  if (!isJsonObject(body) || !Array.isArray(body['metrics'])) throw badPayload('metrics must be an array');
  const granularity = typeof body['granularity'] === 'string' ? body['granularity'].toLowerCase() : 'hour';
  const stepMs = GRANULARITY_MS[granularity];
  if (stepMs === undefined) throw badPayload('granularity must be minute, hour or day');
  const startMs = Date.parse(textIn(body, 'start') ?? '');
  const endMs = Date.parse(textIn(body, 'end') ?? '');
  if (Number.isNaN(startMs) || Number.isNaN(endMs)) throw badPayload('start and end must be times');
  return { metrics: body['metrics'].filter(isJsonObject), range: { startMs, endMs, stepMs }, granularity };
}

function textIn(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === 'string' ? value : undefined;
}

function badPayload(detail: string): Refusal {
  return new Refusal({ status: 400, code: 'INSGHT-1000-400', title: 'Bad Request', detail });
}

function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
