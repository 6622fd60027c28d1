import { request } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import { canonicalEvent, makeSource, newEventId, type Source, truthOf, withSimulator } from './harness.js';

const bench = withSimulator({ lakeDelayMs: 1_000 });
let source: Source;
beforeAll(async () => {
  source = await makeSource(bench());
});

/** How long the caller waits before it calls an answer missing, where none is expected. */
const PATIENCE_MS = 1_000;

/** What the caller sees of one POST, as text to compare. */
function see(eventId: string, patienceMs?: number): Promise<string> {
  return new Promise((resolve) => {
    const body = JSON.stringify(canonicalEvent(eventId));
    const outgoing = request(source.inletUrl, {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json', 'x-adobe-flow-id': source.flowId, 'content-length': body.length },
    });
    const done = (seen: string) => {
      resolve(seen);
      outgoing.destroy();
    };
    if (patienceMs !== undefined) setTimeout(done, patienceMs, 'nothing');
    outgoing.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', (error: NodeJS.ErrnoException) => done(`${response.statusCode} then ${error.code}`));
      response.on('end', () => {
        const isReceipt = text.includes('xactionId');
        const retryAfter = response.headers['retry-after'];
        done([response.statusCode, isReceipt ? 'receipt' : text, retryAfter].filter(Boolean).join(' '));
      });
    });
    outgoing.end(body);
  });
}

async function strike(name: string, parameters: Record<string, unknown> = {}) {
  const { admin } = bench().simulator();
  const eventId = newEventId();
  // By event id: other requests are not hit.
  admin.faults.place({
    id: 'one',
    match: { route: 'inlet.*', bodyIncludes: eventId },
    fault: { kind: 'service', name, parameters },
  });
  expect(await see(newEventId())).toBe('200 receipt');
  const seen = await see(eventId, /hang/i.test(name) ? PATIENCE_MS : undefined);
  admin.faults.clear();
  await admin.advance(5_000);
  return { seen, truth: await truthOf(bench(), eventId), eventId };
}

describe('twins look the same to the caller; only the truth tells them apart', () => {
  test.each<[string, string, string, Record<string, unknown>?]>([
    ['ECONNRESET', 'acceptThenReset', 'resetAfterReadNotAccepted'],
    ['ECONNRESET', 'acceptThenReset', 'resetBeforeRead'],
    ['nothing', 'acceptThenHang', 'hangNotAccepted'],
    ['500', 'acceptThenStatus', 'statusNotAccepted', { status: 500 }],
    ['502', 'acceptThenStatus', 'statusNotAccepted', { status: 502 }],
    ['503', 'acceptThenStatus', 'statusNotAccepted', { status: 503, retryAfter: 7 }],
    ['504', 'acceptThenStatus', 'statusNotAccepted', { status: 504 }],
    ['200 <html>', 'acceptForeignBody', 'foreign200'],
  ])('%s: %s and %s', async (start, accepting, refusing, parameters = {}) => {
    const accepted = await strike(accepting, parameters);
    const refused = await strike(refusing, parameters);
    expect(accepted.seen.startsWith(start)).toBe(true);
    expect(refused.seen).toBe(accepted.seen);
    expect(accepted.truth).toMatchObject({ acceptances: [{ fate: 'land' }], rows: 1 });
    expect(refused.truth).toBeUndefined();
  });
});

describe('faults of one side', () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ['status503', { retryAfter: 3 }, /^503 .* 3$/],
    ['status429', { retryAfter: 2 }, /^429 .* 2$/],
    ['status429', {}, /^429 .*\}$/],
    ['redirect307', {}, /^307$/],
    ['tokenExpired', {}, /^403 .*data-collection-service-authorization/],
    ['ipBlocked', {}, /^403$/],
  ])('%s %o accepts nothing', async (name, parameters, expected) => {
    const { seen, truth } = await strike(name, parameters);
    expect(seen).toMatch(expected);
    expect(truth).toBeUndefined();
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['acceptThenDelay', { ms: 50 }, /^200 receipt$/],
    ['acceptTruncatedBody', {}, /^200 then ECONNRESET$/],
    ['acceptEmptyBody', {}, /^200$/],
  ])('%s %o accepts', async (name, parameters, expected) => {
    const { seen, truth } = await strike(name, parameters);
    expect(seen).toMatch(expected);
    expect(truth.rows).toBe(1);
  });

  test('a 503 may follow acceptance, if the policy says so', async () => {
    bench().simulator().admin.policy.change({ http503Accepted: true });
    const { seen, truth } = await strike('status503', {});
    bench().simulator().admin.policy.change({ http503Accepted: null });
    expect(seen).toMatch(/^503/);
    expect(truth.rows).toBe(1);
  });

  test('a redirect that is followed is accepted', async () => {
    const { admin } = bench().simulator();
    admin.faults.place({ match: { route: 'inlet.single' }, fault: { kind: 'service', name: 'redirect307' }, times: 2 });
    const eventId = newEventId();
    const body = JSON.stringify(canonicalEvent(eventId));
    const headers = { 'content-type': 'application/json', 'x-adobe-flow-id': source.flowId };
    const followed = await fetch(source.inletUrl, { method: 'POST', body, headers });
    admin.faults.clear();
    expect(followed.status).toBe(200);
    await admin.advance(5_000);
    expect((await truthOf(bench(), eventId)).rows).toBe(1);
  });
});

describe('faults after a plain 200', () => {
  test('duplicateInternally makes further rows of one acceptance', async () => {
    const { seen, truth } = await strike('duplicateInternally', { copies: 2 });
    expect(seen).toBe('200 receipt');
    expect(truth).toMatchObject({ acceptances: [{ fate: 'land' }], rows: 3 });
  });

  test('loseAfterAccept and dataflowSettling never make a row', async () => {
    expect((await strike('loseAfterAccept')).truth).toMatchObject({
      acceptances: [{ fate: 'lost' }],
      rows: 0,
      pending: 0,
    });
    expect((await strike('dataflowSettling')).truth).toMatchObject({ acceptances: [{ fate: 'settling' }], rows: 0 });
  });

  test('asyncInvalid puts the record into a failed batch with the reason', async () => {
    const { truth, eventId } = await strike('asyncInvalid', { reason: 'value out of range' });
    expect(truth).toMatchObject({ rows: 0, failed: 1 });
    const { json } = await bench().platform(
      'GET',
      `/data/foundation/catalog/batches?dataSet=${source.datasetId}&status=failed`,
    );
    const [batchId = ''] = Object.keys(json);
    const failed = `/data/foundation/export/batches/${batchId}/failed`;
    const part = `part-00000-${batchId.toLowerCase()}.json`;
    const { text } = await bench().platform('GET', `${failed}?path=${part}`);
    expect(JSON.parse(text)).toMatchObject({ eventId, _validationErrors: [{ message: 'value out of range' }] });
  });

  test('lakeDelay delays one message beyond its neighbours', async () => {
    const { truth, eventId } = await strike('lakeDelay', { ms: 60_000 });
    expect(truth).toMatchObject({ rows: 0, pending: 1 });
    await bench().simulator().admin.advance(61_000);
    expect((await truthOf(bench(), eventId)).rows).toBe(1);
  });
});

test('faults by number and by seeded probability hit the same requests each time', async () => {
  const { admin } = bench().simulator();
  const run = async (rule: object) => {
    admin.faults.place({
      id: 'p',
      match: { route: 'inlet.single' },
      fault: { kind: 'service', name: 'statusNotAccepted' },
      ...rule,
    });
    const statuses: string[] = [];
    for (let number = 0; number < 12; number += 1) statuses.push((await see(newEventId())).slice(0, 3));
    admin.faults.clear();
    return statuses;
  };
  expect((await run({ nth: 3, times: 2 })).map((status) => status === '500')).toEqual(
    Array.from({ length: 12 }, (_, index) => index === 2 || index === 3),
  );
  const drawn = await run({ probability: 0.5, seed: 42 });
  expect(drawn).toContain('500');
  expect(drawn).toContain('200');
  expect(await run({ probability: 0.5, seed: 42 })).toEqual(drawn);
});
