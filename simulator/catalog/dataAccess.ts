/** Data Access and Catalog's batches: what landed in which batch, and the records that were refused after acceptance. */
import type pg from 'pg';
import type { Context } from '../context.js';
import { placeholderFamily, Refusal } from '../errorFamilies.js';
import type { Lake } from '../lake/lake.js';
import type { Reply, SimRequest } from '../transport/request.js';

const CATALOG_BATCHES = '/data/foundation/catalog/batches';
const EXPORT_BATCHES = '/data/foundation/export/batches/:batchId';
const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;
/** `failure` is used as a value too. */
const STATUSES: Readonly<Record<string, string>> = { failure: 'failed', active: 'success' };

interface BatchRow {
  readonly id: string;
  readonly dataset_id: string;
  readonly flow_id: string | null;
  readonly status: 'success' | 'failed';
  readonly created_ms: string;
  readonly records: number;
  readonly bytes: string;
  readonly errors: readonly unknown[];
}

export function registerDataAccess(context: Context, lake: Lake): void {
  const shared = { method: 'GET', access: 'platform', family: placeholderFamily } as const;

  const poolOf = async (request: SimRequest) => (await lake.database(request.scope.sandboxName)).pool;

  context.route({
    ...shared,
    access: 'platform',
    name: 'catalog.batches.list',
    path: CATALOG_BATCHES,
    handle: async (request: SimRequest) => listBatches(await poolOf(request), context.clock.now(), request),
  });

  context.route({
    ...shared,
    access: 'platform',
    name: 'catalog.batches.get',
    path: `${CATALOG_BATCHES}/:batchId`,
    handle: async (request: SimRequest) => {
      const batch = await findBatch(await poolOf(request), request);
      return { status: 200, json: { [batch.id]: batchAnswer(batch, request.scope.orgId) } };
    },
  });

  context.route({
    ...shared,
    access: 'platform',
    name: 'dataaccess.batches.failed',
    path: `${EXPORT_BATCHES}/failed`,
    journalsBodies: false,
    handle: async (request: SimRequest) => {
      const pool = await poolOf(request);
      const batch = await findBatch(pool, request);
      return failedFiles(request, batch, await linesOf(pool, batch));
    },
  });

  context.route({
    ...shared,
    access: 'platform',
    name: 'dataaccess.batches.meta',
    path: `${EXPORT_BATCHES}/meta`,
    journalsBodies: false,
    handle: async (request: SimRequest) => {
      const pool = await poolOf(request);
      const batch = await findBatch(pool, request);
      return metaFiles(request, batch, await linesOf(pool, batch));
    },
  });
}

async function listBatches(pool: pg.Pool, nowMs: number, request: SimRequest): Promise<Reply> {
  const { query, scope } = request;
  const limit = Number(query.get('limit') ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    const detail = `limit must be between 1 and ${MAX_LIMIT}`;
    throw new Refusal({ status: 400, title: 'BadRequestError', detail });
  }
  const status = query.get('status');
  const [direction, field] = (query.get('orderBy') ?? 'desc:created').split(':');
  if (field !== 'created' && field !== 'updated') {
    throw new Refusal({ status: 400, title: 'BadRequestError', detail: 'orderBy must name created or updated' });
  }
  const { rows } = await pool.query<BatchRow>(
    `SELECT id, dataset_id, flow_id, status, created_ms, records, bytes, errors FROM sim.batch
     WHERE org_id = $1 AND ($2::text IS NULL OR dataset_id = $2) AND ($3::text IS NULL OR status = $3)
       AND created_ms > $4 AND created_ms < $5 AND created_ms <= $6
     ORDER BY created_ms ${direction === 'asc' ? 'ASC' : 'DESC'}, id LIMIT $7 OFFSET $8`,
    [
      scope.orgId,
      query.get('dataSet'),
      status === null ? null : (STATUSES[status] ?? status),
      Number(query.get('createdAfter') ?? -1),
      Number(query.get('createdBefore') ?? Number.MAX_SAFE_INTEGER),
      nowMs - request.hidesYoungerThanMs,
      limit,
      Number(query.get('start') ?? 0),
    ],
  );
  return { status: 200, json: Object.fromEntries(rows.map((row) => [row.id, batchAnswer(row, scope.orgId)])) };
}

function batchAnswer(batch: BatchRow, orgId: string): object {
  const createdMs = Number(batch.created_ms);
  const isFailed = batch.status === 'failed';
  return {
    version: '1.0.1',
    imsOrg: orgId,
    status: batch.status,
    created: createdMs,
    updated: createdMs,
    relatedObjects: [{ type: 'dataSet', id: batch.dataset_id }],
    metrics: {
      recordsRead: batch.records,
      recordsWritten: isFailed ? 0 : batch.records,
      recordsFailed: isFailed ? batch.records : 0,
      inputByteSize: Number(batch.bytes),
      startTime: createdMs,
      endTime: createdMs,
    },
    errors: batch.errors,
    ...(batch.flow_id === null ? {} : { tags: { 'aep/siphon/flowId': [batch.flow_id] } }),
  };
}

async function findBatch(pool: pg.Pool, request: SimRequest): Promise<BatchRow> {
  const id = request.params['batchId'] ?? '';
  const { rows } = await pool.query<BatchRow>('SELECT * FROM sim.batch WHERE id = $1 AND org_id = $2', [
    id,
    request.scope.orgId,
  ]);
  const [batch] = rows;
  if (batch !== undefined) return batch;
  throw new Refusal({ status: 404, title: 'NotFoundError', detail: `Batch ${id} not found` });
}

async function linesOf(pool: pg.Pool, batch: BatchRow): Promise<readonly string[]> {
  const { rows } = await pool.query<{ line: string }>(
    'SELECT line FROM sim.failed_record WHERE batch_id = $1 ORDER BY sequence',
    [batch.id],
  );
  return rows.map(({ line }) => line);
}

interface ExportedFile {
  readonly name: string;
  readonly text: string;
}

function failedFiles(request: SimRequest, batch: BatchRow, lines: readonly string[]): Reply {
  const part = { name: `part-00000-${batch.id.toLowerCase()}.json`, text: lines.map((line) => `${line}\n`).join('') };
  const files = lines.length === 0 ? [] : [{ name: '_SUCCESS', text: '' }, part];
  return fileOrListing(request, batch, 'failed', files);
}

/** Error diagnostics: the errors of each row without the row. */
function metaFiles(request: SimRequest, batch: BatchRow, lines: readonly string[]): Reply {
  const errors = lines.map((line) => {
    const record = JSON.parse(line) as Record<string, unknown>;
    return JSON.stringify({ _errors: record['_errors'], _validationErrors: record['_validationErrors'] });
  });
  const inputFiles = JSON.stringify({ recordCount: batch.records, byteSize: Number(batch.bytes) });
  return fileOrListing(request, batch, 'meta', [
    { name: 'row_errors', text: errors.map((line) => `${line}\n`).join('') },
    { name: 'input_files', text: `${inputFiles}\n` },
    { name: 'row_error_samples.json', text: `[${errors.slice(0, 5).join(',')}]` },
  ]);
}

/** The bytes of `?path=`, or the list of what there is. */
function fileOrListing(request: SimRequest, batch: BatchRow, folder: string, files: readonly ExportedFile[]): Reply {
  const path = request.query.get('path');
  if (path !== null) {
    const file = files.find(({ name }) => name === path);
    if (file === undefined) throw new Refusal({ status: 404, title: 'NotFoundError', detail: `${path} not found` });
    return { status: 200, headers: { 'content-type': 'application/octet-stream' }, text: file.text };
  }
  const data = files.map(({ name, text }) => ({
    name,
    length: String(Buffer.byteLength(text)),
    _links: {
      self: {
        href: `${request.baseUrl}/data/foundation/export/batches/${batch.id}/${folder}?path=${encodeURIComponent(name)}`,
      },
    },
  }));
  return { status: 200, json: { data, _page: { limit: MAX_LIMIT, count: data.length } } };
}
