import { describe, expect, test } from 'vitest';
import { askUnder } from '../support/askUnder.js';
import { makeSource, sourceConnectionBody } from './provisioned.js';
import { fetchToken, FLOW_SERVICE, send, withSimulator } from './simulated.js';

const simulated = withSimulator();

const admin = (method: string, path: string, body?: unknown) =>
  send(simulated().baseUrl, method, `/__sim${path}`, { body });

test('says that it is ready', async () => {
  const { status, json } = await admin('GET', '/api/');
  expect(status).toBe(200);
  expect(json).toEqual({ ready: true, nowMs: expect.any(Number), baseUrl: simulated().baseUrl });
});

test('shows what exists, by sandbox and kind', async () => {
  const { flowId, sourceId, schemaId } = await makeSource(simulated());
  const { orgId } = simulated().credentials;
  const all = (await admin('GET', '/api/objects')).json as ReadonlyArray<Record<string, unknown>>;
  expect(all).toContainEqual({
    orgId,
    sandboxName: simulated().sandboxName,
    kind: 'flows',
    id: flowId,
    name: 'Desk flow',
    state: 'enabled',
    createdAtMs: expect.any(Number),
  });
  expect(all.find(({ id }) => id === schemaId)).toMatchObject({ kind: 'registryResources', name: 'Desk chat events' });
  expect((await admin('GET', '/api/objects?kind=sourceConnections')).json).toMatchObject([{ id: sourceId }]);
  expect((await admin('GET', '/api/objects?sandbox=elsewhere')).json).toEqual([]);
});

test('shows what landed in each dataset', async () => {
  const { datasetId } = await makeSource(simulated());
  expect((await admin('GET', '/api/landed')).json).toMatchObject([{ datasetId, rows: 0, distinctIds: 0 }]);
  expect((await admin('GET', '/api/truth')).status).toBe(200);
});

describe('the journal', () => {
  test('keeps what was asked and answered, without secrets', async () => {
    const { credentials, token } = simulated();
    await fetchToken(simulated());
    const { flowId } = await makeSource(simulated());
    const shown = await simulated().call('GET', `${FLOW_SERVICE}/flows/${flowId}`);
    const inletId = String(shown.json['items'][0]['options']['inletUrl']).slice(-64);
    await fetch(`${simulated().baseUrl}/collection/${inletId}?x-adobe-flow-id=${flowId}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"id":"1","message":"SECRET CHAT"}',
    });
    const journal = await admin('GET', '/api/journal');
    for (const secret of [credentials.clientSecrets[0], token, inletId, 'SECRET CHAT']) {
      expect(journal.text).not.toContain(secret);
    }
    const [entry] = (await admin('GET', '/api/journal?route=ims.token')).json as unknown as [Record<string, unknown>];
    expect(entry).toMatchObject({
      method: 'POST',
      path: '/ims/token/v3',
      status: 200,
      faults: [],
      responseBody: { access_token: '***', token_type: 'bearer', expires_in: 86_399 },
    });
    expect(entry['requestBody']).toContain('client_secret=***');
    expect(entry['requestId']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('is filtered and emptied', async () => {
    const { call } = simulated();
    await call('POST', `${FLOW_SERVICE}/sourceConnections`, { body: sourceConnectionBody() });
    await call('POST', `${FLOW_SERVICE}/sourceConnections`, { body: {} });
    await call('GET', `${FLOW_SERVICE}/flows`);
    const count = async (query: string) => ((await admin('GET', `/api/journal?${query}`)).json as unknown[]).length;
    expect(await count('route=flowservice.sourceConnections.create')).toBe(2);
    expect(await count('status=400')).toBe(1);
    expect(await count('method=GET')).toBe(1);
    expect(await count('path=sourceConnections&limit=1')).toBe(1);
    expect(await count('faulted=true')).toBe(0);
    const [first] = (await admin('GET', '/api/journal')).json as unknown as [{ sequence: number }];
    expect(await count(`after=${first.sequence}`)).toBe(2);
    expect((await admin('DELETE', '/api/journal')).status).toBe(204);
    expect(await count('')).toBe(0);
  });
});

describe('faults', () => {
  const rule = { match: { route: 'flowservice.*' }, fault: { kind: 'cut', effect: 'done' }, nth: 2 };

  test('are placed, shown, replaced and removed', async () => {
    const placed = await admin('POST', '/api/faults', rule);
    expect(placed.status).toBe(201);
    const { id } = placed.json['rule'];
    expect((await admin('PUT', `/api/faults/${id}`, { ...rule, nth: 3 })).json['rule']).toMatchObject({ id, nth: 3 });
    expect((await admin('GET', '/api/faults')).json).toMatchObject([{ rule: { id, nth: 3 }, seen: 0, hits: 0 }]);
    expect((await admin('DELETE', `/api/faults/${id}`)).status).toBe(204);
    expect((await admin('DELETE', `/api/faults/${id}`)).status).toBe(404);
    await admin('POST', '/api/faults', rule);
    await admin('DELETE', '/api/faults');
    expect((await admin('GET', '/api/faults')).json).toEqual([]);
  });

  test.each([
    [{ ...rule, fault: { kind: 'earthquake' } }, 'fault.kind'],
    [{ ...rule, nth: 0 }, 'nth'],
    [{ ...rule, match: { path: '(' } }, 'match.path: must be a regular expression'],
    [{ ...rule, wish: 1 }, 'wish'],
  ])('%o is refused', async (body, detail) => {
    const answer = await admin('POST', '/api/faults', body);
    expect(answer.status).toBe(400);
    expect(answer.json['detail']).toContain(detail);
  });
});

describe('the policy', () => {
  test('has a meaning and a default in every row, and is changed while the simulator runs', async () => {
    const rows = (await admin('GET', '/api/policy')).json as ReadonlyArray<Record<string, unknown>>;
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) {
      expect(row['about']).toMatch(/\w.*\.$/);
      expect(row['value']).toEqual(row['default']);
    }
    const changed = await admin('PATCH', '/api/policy', { mappingSetDelete: '204', listLagMs: 5 });
    expect(changed.json).toMatchObject({ mappingSetDelete: '204', listLagMs: 5 });
    const back = await admin('PATCH', '/api/policy', { mappingSetDelete: null, listLagMs: null });
    expect(back.json).toMatchObject({ mappingSetDelete: '405', listLagMs: 0 });
  });

  test.each([
    [{ moonPhase: 'full' }, 'there is no policy named moonPhase'],
    [{ listLagMs: 'long' }, 'listLagMs must be a number, got "long"'],
    [{ mappingSetDelete: '500' }, 'mappingSetDelete must be one of 405, 204, 404, got "500"'],
  ])('%o is refused, and nothing is changed', async (changes, detail) => {
    const answer = await admin('PATCH', '/api/policy', { flowListLimit: 7, ...changes });
    expect(answer).toMatchObject({ status: 400, json: { detail } });
    expect(simulated().admin.policy.current.flowListLimit).toBe(20);
  });
});

test('moves the clock', async () => {
  const before = (await admin('GET', '/api/clock')).json['nowMs'];
  const after = (await admin('POST', '/api/clock', { advanceMs: 3_600_000 })).json['nowMs'];
  expect(Number(after) - Number(before)).toBeGreaterThanOrEqual(3_600_000);
  expect((await admin('POST', '/api/clock', { advanceMs: -1 })).status).toBe(400);
});

test('revokes tokens', async () => {
  const token = await fetchToken(simulated());
  const headers = { authorization: `Bearer ${token}` };
  const status = async () => (await simulated().call('GET', `${FLOW_SERVICE}/flows`, { headers })).status;
  expect(await status()).toBe(200);
  await admin('POST', '/api/tokens/revoke');
  expect(await status()).toBe(401);
});

test('has a page that shows what exists, which faults are on and the latest requests, and escapes them', async () => {
  const fresh = await fetchToken(simulated());
  await admin('POST', '/api/faults', { match: { path: '<b>' }, fault: { kind: 'cut', effect: 'none' } });
  const body = sourceConnectionBody('<script>alert(1)</script>');
  const headers = { authorization: `Bearer ${fresh}` };
  await simulated().call('POST', `${FLOW_SERVICE}/sourceConnections`, { headers, body });
  const page = await admin('GET', '');
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(page.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(page.text).not.toContain('<script>');
  expect(page.text).toContain(`POST <code>${FLOW_SERVICE}/sourceConnections</code>`);
  expect(page.text).toContain('&lt;b&gt;');
});

test('a reset empties everything but tokens, policy and clock', async () => {
  const token = await fetchToken(simulated());
  await admin('PATCH', '/api/policy', { listLagMs: 1 });
  await simulated().call('POST', `${FLOW_SERVICE}/sourceConnections`, {
    headers: { authorization: `Bearer ${token}` },
    body: sourceConnectionBody(),
  });
  await admin('POST', '/api/faults', { match: {}, fault: { kind: 'cut', effect: 'none' }, nth: 99 });
  expect((await admin('POST', '/api/reset')).status).toBe(204);
  expect((await admin('GET', '/api/objects')).json).toEqual([]);
  expect((await admin('GET', '/api/faults')).json).toEqual([]);
  const headers = { authorization: `Bearer ${token}` };
  const listed = await simulated().call('GET', `${FLOW_SERVICE}/sourceConnections`, { headers });
  expect(listed).toMatchObject({ status: 200, json: { items: [] } });
  expect(simulated().admin.policy.current.listLagMs).toBe(1);
});

test('answers neither a page that has its own name point here nor one of another origin', async () => {
  const { baseUrl } = simulated();
  const { host, port } = new URL(baseUrl);
  for (const path of ['/__sim', '/__sim/api/objects']) {
    expect(await askUnder(`${baseUrl}${path}`, { host })).toMatchObject({ status: 200 });
    expect(await askUnder(`${baseUrl}${path}`, { host: `evil.example:${port}` })).toMatchObject({ status: 403 });
  }
  const reset = (headers: Record<string, string>) => askUnder(`${baseUrl}/__sim/api/tokens/revoke`, headers, 'POST');
  expect(await reset({ host, origin: 'https://evil.example' })).toMatchObject({ status: 403 });
  expect(await reset({ host, origin: baseUrl })).toMatchObject({ status: 204 });
});
