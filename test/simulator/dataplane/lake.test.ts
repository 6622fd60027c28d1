import { expect, test } from 'vitest';
import { KINDS } from '../../../src/domain/events/kinds.js';
import { fixture } from '../../../src/chatlio/fixtures.js';
import { readRequest } from '../../../src/chatlio/readRequest.js';
import { type Body, canonicalEvent, makeSource, newEventId, queryClient, truthOf, withSimulator } from './harness.js';

const LAKE_DELAY_MS = 900_000;
const bench = withSimulator();

function canonicalOf(kind: (typeof KINDS)[number]) {
  const raw = Buffer.from(JSON.stringify(fixture(kind, { seed: 7, atMs: Date.now() })));
  const read = readRequest({ widget: 'main-site', kind, raw, receivedAtMs: Date.now() });
  if (read.outcome !== 'event') throw new Error(`fixture of ${kind} is not readable`);
  return read.cutEvent();
}

test('canonical events of all five kinds become rows that Query Service shows, after the delay and not before', async () => {
  const source = await makeSource(bench());
  const events = KINDS.map(canonicalOf);
  for (const event of events) {
    const answer = await source.post(event);
    expect(answer.status).toBe(200);
    expect(source.inletUrl.endsWith(answer.json.inletId)).toBe(true);
    expect(answer.json).toMatchObject({ xactionId: expect.any(String), receivedTimeMs: expect.any(Number) });
  }
  const client = await queryClient(bench());
  try {
    await bench()
      .simulator()
      .admin.advance(LAKE_DELAY_MS - 60_000);
    expect((await truthOf(bench(), events[0]?.eventId ?? '')).pending).toBe(1);
    await bench().simulator().admin.advance(120_000);

    const ids = events.map(({ eventId }) => `'${eventId}'`).join(',');
    const today = new Date().toISOString().slice(0, 10);
    const { rows } = await client.query(
      `SELECT _id, count(*) AS copies FROM ${source.table}
       WHERE timestamp >= TIMESTAMP '${today} 00:00:00' AND timestamp < TIMESTAMP '${today} 23:59:59.999'
       AND _id IN (${ids}) GROUP BY _id`,
    );
    expect(rows.map(({ copies }) => copies)).toEqual(['1', '1', '1', '1', '1']);

    const types = await client.query(`SELECT eventType, _acmetenant FROM ${source.table} ORDER BY eventType`);
    expect(types.rows.map((row) => row.eventtype)).toEqual(events.map(({ eventType }) => eventType).sort());
    const transcript = types.rows.find((row) => row.eventtype === 'chatlio.transcript');
    expect(transcript['_acmetenant'].message_count).toEqual(expect.any(Number));
    await expect(client.query(`DELETE FROM ${source.table}`)).rejects.toThrow(/denied|read-only/);
    await expect(client.query('SELECT * FROM sim.acceptance')).rejects.toThrow(/denied/);
  } finally {
    await client.end();
  }
});

test('what was answered 200 survives a stop before it landed, and lands once', async () => {
  const source = await makeSource(bench());
  const eventId = newEventId();
  expect((await source.post(canonicalEvent(eventId))).status).toBe(200);
  await bench().restart();
  expect(await truthOf(bench(), eventId)).toMatchObject({ rows: 0, pending: 1 });
  await bench()
    .simulator()
    .admin.advance(2 * LAKE_DELAY_MS);
  expect(await truthOf(bench(), eventId)).toMatchObject({ rows: 1, pending: 0, acceptances: [{ fate: 'land' }] });
});

test('every copy of an event is kept', async () => {
  const source = await makeSource(bench());
  const eventId = newEventId();
  await source.post(canonicalEvent(eventId));
  await source.post(canonicalEvent(eventId));
  await bench()
    .simulator()
    .admin.advance(2 * LAKE_DELAY_MS);
  const truth = await truthOf(bench(), eventId);
  expect(truth.acceptances).toHaveLength(2);
  expect(truth.rows).toBe(2);
});

test('many events at once are all accepted and all land', async () => {
  const source = await makeSource(bench());
  const ids = Array.from({ length: 300 }, newEventId);
  const answers = await Promise.all(ids.map((id) => source.post(canonicalEvent(id))));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  await bench()
    .simulator()
    .admin.advance(2 * LAKE_DELAY_MS);
  const landed = (await bench().simulator().admin.landed()).find((one) => one.datasetId === source.datasetId);
  expect(landed).toMatchObject({ rows: 300, distinctIds: 300, rowsByEventType: { 'chatlio.newConversation': 300 } });
});

test('an invalid record is accepted, then found in a failed batch with its reason', async () => {
  const source = await makeSource(bench());
  const eventId = newEventId();
  const { occurredAt: _, ...incomplete } = canonicalEvent(eventId);
  expect((await source.post(incomplete)).status).toBe(200);
  await source.post(canonicalEvent(newEventId(), { messageCount: 'three' }));
  await bench()
    .simulator()
    .admin.advance(2 * LAKE_DELAY_MS);
  expect(await truthOf(bench(), eventId)).toMatchObject({ rows: 0, failed: 1 });

  const path = `/data/foundation/catalog/batches?dataSet=${source.datasetId}&status=failed&orderBy=desc:created&limit=100`;
  const { json: batches } = await bench().platform('GET', path);
  const [batchId = '', batch] = Object.entries<Body>(batches)[0] ?? [];
  expect(batch).toMatchObject({
    status: 'failed',
    metrics: { recordsFailed: 2, recordsWritten: 0 },
    relatedObjects: [{ type: 'dataSet', id: source.datasetId }],
  });

  const failed = `/data/foundation/export/batches/${batchId}/failed`;
  const { json: listing } = await bench().platform('GET', failed);
  expect(listing.data[0]).toMatchObject({ name: '_SUCCESS', length: '0' });
  const part = listing.data[1];
  expect(part['_links'].self.href).toBe(`${bench().simulator().baseUrl}${failed}?path=${part.name}`);
  const { text } = await bench().platform('GET', `${failed}?path=${part.name}`);
  expect(String(Buffer.byteLength(text))).toBe(part.length);
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines[0]).toMatchObject({
    _id: eventId,
    _validationErrors: [
      { keyword: 'required', message: 'required key [timestamp] not found', pointerToViolation: '#' },
    ],
  });
  expect(lines[1]['_errors']['_mapper'][0]).toMatchObject({ code: 'MAPPER-3700-400' });

  const { json: meta } = await bench().platform('GET', `/data/foundation/export/batches/${batchId}/meta`);
  expect(meta.data.map((file: Body) => file.name)).toContain('row_errors');
});

test('a run per flow and hour counts what came and what was refused', async () => {
  const source = await makeSource(bench());
  const none = await bench().platform('GET', `/data/foundation/flowservice/runs?property=flowId==${source.flowId}`);
  expect(none.json.items).toEqual([]);
  await source.post(canonicalEvent());
  await source.post({ eventId: newEventId() });
  await bench()
    .simulator()
    .admin.advance(2 * 3_600_000);
  const { json } = await bench().platform('GET', `/data/foundation/flowservice/runs?property=flowId==${source.flowId}`);
  expect(json.items).toHaveLength(1);
  expect(json.items[0].metrics.recordSummary).toMatchObject({
    inputRecordCount: 2,
    outputRecordCount: 1,
    failedRecordCount: 1,
  });
  const [{ statusSummary, targetInfo }] = json.items[0].activities;
  const [batchId] = targetInfo[0].reference.ids;
  const meta = `${bench().simulator().baseUrl}/data/foundation/export/batches/${batchId}/meta`;
  expect(statusSummary.extensions.manifest).toEqual({
    failedRecords: `${meta}?path=row_errors`,
    sampleErrors: `${meta}?path=row_error_samples.json`,
  });
  const { text } = await bench().platform(
    'GET',
    statusSummary.extensions.manifest.failedRecords.slice(meta.indexOf('/data')),
  );
  expect(text.trim().split('\n')).toHaveLength(1);
});

test('the lake can be out: nothing becomes visible, nothing is lost', async () => {
  const source = await makeSource(bench());
  const { admin } = bench().simulator();
  const eventId = newEventId();
  admin.policy.change({ lakeOutage: true });
  await source.post(canonicalEvent(eventId));
  await admin.advance(4 * LAKE_DELAY_MS);
  expect(await truthOf(bench(), eventId)).toMatchObject({ rows: 0, pending: 1 });
  admin.policy.change({ lakeOutage: false });
  await admin.advance(1_000);
  expect(await truthOf(bench(), eventId)).toMatchObject({ rows: 1, pending: 0 });
});

test('metrics count messages per inlet and records per dataset', async () => {
  const source = await makeSource(bench());
  const start = new Date(bench().simulator().admin.nowMs() - 3_600_000).toISOString();
  await source.post(canonicalEvent());
  await source.post(canonicalEvent());
  await bench()
    .simulator()
    .admin.advance(2 * LAKE_DELAY_MS);
  const end = new Date(bench().simulator().admin.nowMs() + 3_600_000).toISOString();
  const metric = (name: string, filter: string, value: string) => ({
    name: `timeseries.${name}`,
    filters: [{ name: filter, value, groupBy: false }],
    aggregator: 'sum',
    downsample: 'sum',
  });
  const inletId = source.inletUrl.split('/').at(-1) ?? '';
  const { status, json } = await bench().platform('POST', '/data/infrastructure/observability/insights/metrics', {
    start,
    end,
    granularity: 'hour',
    metrics: [
      metric('data.collection.inlet.total.messages.received', 'inletId', inletId),
      metric('data.collection.inlet.success', 'inletId', inletId),
      metric('ingestion.dataset.recordsuccess.count', 'dataSetId', source.datasetId),
    ],
  });
  expect(status).toBe(200);
  const sums = json.metricResponses.map(({ datapoints: [{ dps }] }: Body) =>
    Object.values<number>(dps).reduce((sum, value) => sum + value, 0),
  );
  expect(sums).toEqual([2, 2, 2]);
});

test('text that PostgreSQL cannot hold lands with a replacement character', async () => {
  const source = await makeSource(bench());
  const eventId = newEventId();
  await source.post(JSON.stringify(canonicalEvent(eventId, { message: 'a\u0000b\ud83d c 🙂' })));
  await bench()
    .simulator()
    .admin.advance(2 * LAKE_DELAY_MS);
  const client = await queryClient(bench());
  try {
    const { rows } = await client.query(`SELECT _acmetenant ->> 'message' AS message FROM ${source.table}`);
    expect(rows).toEqual([{ message: 'a\uFFFDb\uFFFD c 🙂' }]);
  } finally {
    await client.end();
  }
});

test('a deleted dataset takes its table with it, and what comes after fails', async () => {
  const source = await makeSource(bench());
  await source.post(canonicalEvent());
  await bench()
    .simulator()
    .admin.advance(2 * LAKE_DELAY_MS);
  const gone = await bench().platform('DELETE', `/data/foundation/catalog/dataSets/${source.datasetId}`);
  expect(gone.status).toBe(200);
  const eventId = newEventId();
  await source.post(canonicalEvent(eventId));
  await bench()
    .simulator()
    .admin.advance(2 * LAKE_DELAY_MS);
  const client = await queryClient(bench());
  try {
    const asked = () =>
      client.query(`SELECT * FROM ${source.table}`).then(
        () => 'there',
        (error: Error) => error.message,
      );
    // Catalog answers before the table has gone.
    await expect.poll(asked).toMatch(/does not exist/);
    expect(await truthOf(bench(), eventId)).toMatchObject({ rows: 0, failed: 1 });
  } finally {
    await client.end();
  }
});
