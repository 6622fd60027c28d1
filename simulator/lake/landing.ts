/** Takes what is due out of the waiting room and makes rows, failed records, batches and run figures of it: all or nothing. */
import type pg from 'pg';
import { tableOf } from '../catalog/dataset.js';
import type { PolicyStore } from '../policy.js';
import type { Scope } from '../state/state.js';
import { type Failure, type Judge, type Judgement, newBatchId, placedFailure } from './judge.js';
import { ensureTable, insertRows, storableJson } from './tables.js';

interface Due {
  readonly sequence: string;
  readonly org_id: string;
  readonly flow_id: string | null;
  readonly dataset_id: string;
  readonly event_id: string | null;
  readonly xaction_id: string;
  readonly received_ms: string;
  readonly form: 'raw' | 'xdm';
  readonly body: string;
  readonly mapping_id: string | null;
  readonly mapping_version: number | null;
  readonly copies: number;
  readonly invalid_reason: string | null;
}

interface Judged {
  readonly due: Due;
  readonly judgement: Judgement;
}

type Landed = Judged & { readonly judgement: Extract<Judgement, { kind: 'row' }> };
type Refused = Judged & { readonly judgement: Extract<Judgement, { kind: 'failed' }> };

/** One round: large enough to be fast, small enough that a kill repeats little. */
const ROUND = 1_000;

const TAKE_DUE = `
  DELETE FROM sim.pending WHERE sequence IN (
    SELECT sequence FROM sim.pending WHERE due_ms <= $1 ORDER BY due_ms, sequence LIMIT ${ROUND} FOR UPDATE SKIP LOCKED
  ) RETURNING *`;

export interface LandingDeps {
  readonly sandboxName: string;
  readonly judge: Judge;
  readonly policy: PolicyStore;
  /** Remembers which tables are known to have the columns of which schema object. */
  knownTables: WeakMap<object, Set<string>>;
}

/** @returns how many messages left the waiting room */
export async function landDue(client: pg.ClientBase, deps: LandingDeps, nowMs: number): Promise<number> {
  const { rows } = await client.query<Due>({ name: 'take-due', text: TAKE_DUE, values: [nowMs] });
  const judged = rows.map((due) => ({ due, judgement: judgeDue(due, deps) }));
  const landed = judged.filter((one): one is Landed => one.judgement.kind === 'row');
  const refused = judged.filter((one): one is Refused => one.judgement.kind === 'failed');
  for (const group of byDataset(landed)) await writeRows(client, deps, group, nowMs);
  for (const group of byDataset(refused)) await writeFailures(client, group, nowMs);
  await addToRuns(client, judged);
  return rows.length;
}

function judgeDue(due: Due, { judge, sandboxName }: LandingDeps): Judgement {
  const body: unknown = JSON.parse(due.body);
  if (due.invalid_reason !== null) return placedFailure(due.invalid_reason, body);
  const scope: Scope = { orgId: due.org_id, sandboxName };
  return judge.judge(scope, {
    form: due.form,
    body,
    datasetId: due.dataset_id,
    mappingId: due.mapping_id ?? undefined,
    mappingVersion: due.mapping_version ?? undefined,
  });
}

/** One batch per dataset and flow, as the ingestion behind the lake makes them. */
function byDataset<T extends Judged>(judged: readonly T[]): readonly (readonly [T, ...T[]])[] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const one of judged) {
    const key = `${one.due.org_id}/${one.due.dataset_id}/${one.due.flow_id ?? ''}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()];
}

async function writeRows(
  client: pg.ClientBase,
  deps: LandingDeps,
  group: readonly [Landed, ...Landed[]],
  nowMs: number,
): Promise<void> {
  const [{ due, judgement }] = group;
  const { schema, dataset } = judgement;
  const table = tableOf(dataset);
  const known = deps.knownTables.get(schema) ?? new Set<string>();
  if (!known.has(table)) {
    await ensureTable(client, table, schema);
    await client.query('INSERT INTO sim.dataset_table VALUES ($1, $2) ON CONFLICT DO NOTHING', [dataset.id, table]);
  }
  deps.knownTables.set(schema, known.add(table));

  const batchId = newBatchId(nowMs);
  const rows = group.flatMap((one) =>
    Array.from({ length: one.due.copies }, (_, copy) => ({
      entity: one.judgement.entity,
      batchId,
      systemMetadata: {
        acp_sourceBatchId: batchId,
        commitBatchId: batchId,
        trackingId: batchId,
        rowId: `${one.due.sequence}-${copy}`,
        ingestTime: nowMs,
        isDeleted: false,
      },
    })),
  );
  await insertRows(client, table, schema, rows);
  const bytes = group.reduce((sum, one) => sum + one.due.body.length, 0);
  await insertBatch(client, { id: batchId, due, status: 'success', nowMs, records: rows.length, bytes, errors: [] });
  await addToProfile(client, deps, group);
}

async function addToProfile(client: pg.ClientBase, deps: LandingDeps, group: readonly Landed[]): Promise<void> {
  const events = group.filter((one) => one.judgement.isProfileEvent && one.due.event_id !== null);
  if (events.length === 0) return;
  const { profileDedupScope, profileDelayMs } = deps.policy.current;
  await client.query(
    `INSERT INTO sim.profile_event SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
     ON CONFLICT DO NOTHING`,
    [
      events.map(({ due }) => (profileDedupScope === 'dataset' ? due.dataset_id : '')),
      events.map(({ due }) => due.event_id),
      events.map(({ due }) => due.dataset_id),
      events.map(({ due }) => Number(due.received_ms) + profileDelayMs),
    ],
  );
}

async function writeFailures(
  client: pg.ClientBase,
  group: readonly [Refused, ...Refused[]],
  nowMs: number,
): Promise<void> {
  const [{ due }] = group;
  const batchId = newBatchId(nowMs);
  const lines = group.map((one) => storableText(storableJson(one.judgement.failure.record)));
  const errors = errorCounts(group.map((one) => one.judgement.failure));
  const bytes = group.reduce((sum, one) => sum + one.due.body.length, 0);
  await insertBatch(client, { id: batchId, due, status: 'failed', nowMs, records: group.length, bytes, errors });
  await client.query(
    `INSERT INTO sim.failed_record (sequence, batch_id, dataset_id, event_id, line)
     SELECT s, $2, $3, e, l FROM unnest($1::bigint[], $4::text[], $5::text[]) AS r (s, e, l)`,
    [group.map((one) => one.due.sequence), batchId, due.dataset_id, group.map((one) => one.due.event_id), lines],
  );
}

function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

function errorCounts(failures: readonly Failure[]): readonly { code: string; message: string; recordCount: number }[] {
  const counts = new Map<string, { code: string; message: string; recordCount: number }>();
  for (const { code, message } of failures) {
    const known = counts.get(code);
    counts.set(code, { code, message, recordCount: (known?.recordCount ?? 0) + 1 });
  }
  return [...counts.values()];
}

interface NewBatch {
  readonly id: string;
  readonly due: Due;
  readonly status: 'success' | 'failed';
  readonly nowMs: number;
  readonly records: number;
  readonly bytes: number;
  readonly errors: readonly unknown[];
}

async function insertBatch(client: pg.ClientBase, batch: NewBatch): Promise<void> {
  await client.query(
    `INSERT INTO sim.batch (id, org_id, dataset_id, flow_id, status, created_ms, records, bytes, errors)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      batch.id,
      batch.due.org_id,
      batch.due.dataset_id,
      batch.due.flow_id,
      batch.status,
      batch.nowMs,
      batch.records,
      batch.bytes,
      JSON.stringify(batch.errors),
    ],
  );
}

const HOUR_MS = 3_600_000;

const ADD_TO_RUN = `
  INSERT INTO sim.flow_run AS run (flow_id, window_start_ms, first_ms, last_ms,
    input_records, output_records, failed_records, warning_records, input_bytes, output_bytes)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  ON CONFLICT (flow_id, window_start_ms) DO UPDATE SET
    first_ms = least(run.first_ms, excluded.first_ms), last_ms = greatest(run.last_ms, excluded.last_ms),
    input_records = run.input_records + excluded.input_records,
    output_records = run.output_records + excluded.output_records,
    failed_records = run.failed_records + excluded.failed_records,
    warning_records = run.warning_records + excluded.warning_records,
    input_bytes = run.input_bytes + excluded.input_bytes, output_bytes = run.output_bytes + excluded.output_bytes`;

/** A run of a streaming flow covers one hour, by the time of receipt. */
async function addToRuns(client: pg.ClientBase, judged: readonly Judged[]): Promise<void> {
  const runs = new Map<string, Judged[]>();
  for (const one of judged) {
    if (one.due.flow_id === null) continue;
    const windowStartMs = Math.floor(Number(one.due.received_ms) / HOUR_MS) * HOUR_MS;
    const key = `${one.due.flow_id}/${windowStartMs}`;
    runs.set(key, [...(runs.get(key) ?? []), one]);
  }
  for (const [key, records] of runs) {
    const [flowId, windowStartMs] = key.split('/');
    const received = records.map(({ due }) => Number(due.received_ms));
    const landed = records.filter((one): one is Landed => one.judgement.kind === 'row');
    const bytes = (some: readonly Judged[]) => some.reduce((sum, { due }) => sum + due.body.length, 0);
    await client.query(ADD_TO_RUN, [
      flowId,
      windowStartMs,
      Math.min(...received),
      Math.max(...received),
      records.length,
      landed.length,
      records.length - landed.length,
      landed.filter((one) => one.judgement.hasWarnings).length,
      bytes(records),
      bytes(landed),
    ]);
  }
}
