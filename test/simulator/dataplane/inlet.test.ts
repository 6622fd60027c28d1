import { beforeAll, describe, expect, test } from 'vitest';
import { accountInletId } from '../../../simulator/inlet/inlets.js';
import type { Policy } from '../../../simulator/policy.js';
import {
  canonicalEvent,
  makeSource,
  newEventId,
  SETTLE_WINDOW_MS,
  type Source,
  truthOf,
  withSimulator,
} from './harness.js';
import { fetchToken } from '../simulated.js';

const bench = withSimulator({ lakeDelayMs: 1_000 });
let source: Source;
beforeAll(async () => {
  source = await makeSource(bench());
});

async function withPolicy<T>(changes: Partial<Policy>, work: () => Promise<T>): Promise<T> {
  const { policy } = bench().simulator().admin;
  policy.change(changes);
  try {
    return await work();
  } finally {
    policy.change(Object.fromEntries(Object.keys(changes).map((name) => [name, null])));
    policy.change({ lakeDelayMs: 1_000 });
  }
}

const INLET_PROBLEM = 'http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet';

describe('what the inlet answers', () => {
  test('the flow may stand in the query instead of the header', async () => {
    const answer = await fetch(`${source.inletUrl}?x-adobe-flow-id=${source.flowId}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(canonicalEvent()),
    });
    expect(answer.status).toBe(200);
  });

  test.each<[Partial<Policy>, object]>([
    [{}, { inletId: expect.stringMatching(/^[0-9a-f]{64}$/), syncValidation: { skipped: true } }],
    [{ inletIdKey: 'inletID' }, { inletID: expect.any(String) }],
    [{ receivedTimeMsAsString: true }, { receivedTimeMs: expect.stringMatching(/^\d{13}$/) }],
    [{ xactionIdStyle: 'numbers' }, { xactionId: expect.stringMatching(/^\d+:\d+:\d+$/) }],
    [{ xactionIdStyle: 'uuid' }, { xactionId: expect.stringMatching(/^[0-9a-f-]{36}$/) }],
    [{ includeFlowId: true }, { flowId: expect.any(String) }],
  ])('with %o', async (changes, body) => {
    const answer = await withPolicy(changes, () => source.post(canonicalEvent()));
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject(body);
  });
});

describe('what the inlet refuses, in this order', () => {
  const big = JSON.stringify(canonicalEvent(newEventId(), { message: 'x'.repeat(1_000_000) }));
  const unknown = () => source.inletUrl.replace(/[0-9a-f]{64}$/, '0'.repeat(64));

  test('an address that is not on the list: 403 with an empty body, even for an unknown inlet', async () => {
    const answer = await withPolicy({ inletAllowedAddresses: '203.0.113.9' }, () =>
      source.post('{', { url: unknown() }),
    );
    expect([answer.status, answer.text]).toEqual([403, '']);
    const allowed = await withPolicy({ inletAllowedAddresses: '127.0.0.1' }, () => source.post(canonicalEvent()));
    expect(allowed.status).toBe(200);
  });

  test('an unknown inlet, before method and type', async () => {
    const answer = await fetch(unknown(), { method: 'PUT', body: 'x' });
    expect(answer.status).toBe(404);
    const other = await withPolicy({ unknownInletStatus: 410 }, () => source.post({}, { url: unknown() }));
    expect(other.status).toBe(410);
  });

  test('another method', async () => {
    expect((await fetch(source.inletUrl)).status).toBe(405);
  });

  test('another type, before the size', async () => {
    const answer = await source.post(big, { headers: { 'content-type': 'text/plain' } });
    expect(answer.status).toBe(415);
  });

  test('more than 1 MB, before the rate', async () => {
    const answer = await withPolicy({ inletRequestsPerSecond: 1 }, async () => {
      await source.post(canonicalEvent());
      return source.post(big);
    });
    expect(answer.status).toBe(413);
    const fits = await withPolicy({ inletBodyLimitBytes: 2 ** 21 }, () => source.post(big));
    expect(fits.status).toBe(200);
  });

  test('more requests than the limit, before the body is read', async () => {
    const statuses = await withPolicy({ inletRequestsPerSecond: 2 }, async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => source.post('{')));
      return answers.map(({ status }) => status);
    });
    expect(statuses).toContain(429);
    expect(statuses).toContain(400);
  });

  test('no sandbox header, where the policy wants one', async () => {
    await withPolicy({ missingSandboxHeader: '400' }, async () => {
      expect((await source.post(canonicalEvent())).status).toBe(400);
      expect((await source.post(canonicalEvent(), { headers: { 'x-sandbox-name': 'prod' } })).status).toBe(200);
    });
  });

  test.each(['{', 'null', '[1]', '"text"', ''])('a body that is no record: %j', async (body) => {
    const answer = await source.post(body);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ type: INLET_PROBLEM, status: 400, title: 'Invalid XDM Message Format' });
    expect(answer.json.report.message).toMatch(
      /^inletId: \[[0-9a-f]{64}\] imsOrgId: \[.+@AdobeOrg\] Message is invalid$/,
    );
  });

  test.each<[Policy['missingFlowId'], number, number]>([
    ['400', 400, 0],
    ['drop', 200, 0],
    ['accept', 200, 1],
  ])('a flow that is not of this inlet: policy %s', async (missingFlowId, status, rows) => {
    const eventId = newEventId();
    const answer = await withPolicy({ missingFlowId }, () =>
      source.post(canonicalEvent(eventId), { headers: { 'x-adobe-flow-id': crypto.randomUUID() } }),
    );
    expect(answer.status).toBe(status);
    await bench().simulator().admin.advance(5_000);
    expect((await truthOf(bench(), eventId))?.rows ?? 0).toBe(rows);
  });

  test('data for a flow that is not enabled is answered 200 and lost, or refused', async () => {
    const other = await makeSource(bench());
    await bench().platform('POST', `/data/foundation/flowservice/flows/${other.flowId}/action?op=disable`);
    await bench().simulator().admin.advance(1_000);
    const eventId = newEventId();
    expect((await other.post(canonicalEvent(eventId))).status).toBe(200);
    await bench().simulator().admin.advance(5_000);
    expect(await truthOf(bench(), eventId)).toBeUndefined();
    const refused = await withPolicy({ disabledFlow: '400' }, () => other.post(canonicalEvent()));
    expect(refused.status).toBe(400);
  });
});

test('within the settle window after a change of the flow data is answered 200 and lost', async () => {
  const fresh = await makeSource(bench(), { awaitSettleWindow: false });
  const early = newEventId();
  expect((await fresh.post(canonicalEvent(early))).status).toBe(200);
  await bench().simulator().admin.advance(SETTLE_WINDOW_MS);
  const late = newEventId();
  await fresh.post(canonicalEvent(late));
  await bench().simulator().admin.advance(5_000);
  expect(await truthOf(bench(), early)).toMatchObject({ acceptances: [{ fate: 'settling' }], rows: 0 });
  expect(await truthOf(bench(), late)).toMatchObject({ acceptances: [{ fate: 'land' }], rows: 1 });
});

describe('synchronous validation', () => {
  const sync = { query: '?syncValidation=true' };

  test('passes a valid message, which lands', async () => {
    const eventId = newEventId();
    const answer = await source.post(canonicalEvent(eventId), sync);
    expect(answer.json.syncValidation).toEqual({ status: 'pass' });
    await bench().simulator().admin.advance(5_000);
    expect((await truthOf(bench(), eventId)).rows).toBe(1);
  });

  test('refuses an invalid one with the report; it goes nowhere', async () => {
    const eventId = newEventId();
    const { occurredAt: _, ...rest } = canonicalEvent(eventId);
    const answer = await source.post(rest, { query: '?synchronousValidation=true' });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      type: INLET_PROBLEM,
      report: {
        message: expect.stringMatching(/Message is invalid$/),
        cause: { _streamingValidation: [{ keyword: 'required', message: 'required key [timestamp] not found' }] },
      },
    });
    expect(await truthOf(bench(), eventId)).toBeUndefined();
  });

  test('is refused beyond 60 a minute, and does not exist outside of VA7', async () => {
    const beyond = await withPolicy({ inletSyncPerMinute: 0 }, () => source.post(canonicalEvent(), sync));
    expect(beyond.status).toBe(429);
    const elsewhere = await withPolicy({ inletDatacentre: 'other' }, () => source.post(canonicalEvent(), sync));
    expect(elsewhere.status).toBe(501);
  });
});

describe('batches', () => {
  const batchUrl = () => source.inletUrl.replace('/collection/', '/collection/batch/');

  test('are answered 207 with an element per message; good ones land whatever their neighbours are', async () => {
    const [first, second] = [newEventId(), newEventId()];
    const messages = [canonicalEvent(first), 'no record', canonicalEvent(second)];
    const answer = await source.post({ messages }, { url: batchUrl() });
    expect(answer.status).toBe(207);
    expect(answer.json).toMatchObject({ inletId: expect.any(String), batchId: expect.any(String) });
    expect(answer.json.responses).toEqual([
      { xactionId: `${answer.json.batchId}:0` },
      { statusCode: 400, message: expect.stringMatching(/Message is invalid$/) },
      { xactionId: `${answer.json.batchId}:2` },
    ]);
    await bench().simulator().admin.advance(5_000);
    expect((await truthOf(bench(), first)).rows + (await truthOf(bench(), second)).rows).toBe(2);
  });

  test('show failures in the newer shape too', async () => {
    const changes = { batchFailureKey: 'status', batchFailureHasXactionId: true, xactionIdStyle: 'uuid' } as const;
    const answer = await withPolicy(changes, () => source.post({ messages: ['x'] }, { url: batchUrl() }));
    const { batchId } = answer.json;
    expect(answer.json.responses).toEqual([{ xactionId: `${batchId}-0`, status: 400, message: expect.any(String) }]);
  });

  test('must have messages', async () => {
    expect((await source.post({}, { url: batchUrl() })).status).toBe(400);
    const sync = await source.post({ messages: [] }, { url: batchUrl(), query: '?syncValidation=true' });
    expect(sync.status).toBe(400);
  });
});

describe('an inlet of its own account', () => {
  let inletUrl = '';
  let token = '';

  beforeAll(async () => {
    const { json } = await bench().platform('POST', '/data/foundation/flowservice/connections', {
      name: 'account',
      connectionSpec: { id: 'bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb', version: '1.0' },
      auth: {
        specName: 'Streaming Connection',
        params: { sourceId: 'website', dataType: 'xdm', name: 'account', authenticationRequired: true },
      },
    });
    inletUrl = `${bench().simulator().baseUrl}/collection/${accountInletId(json.id)}`;
    token = await fetchToken(bench().simulator());
  });

  function envelope(changes: { header?: object; body?: object | undefined } = {}) {
    const schemaRef = { id: source.schemaId, contentType: 'application/vnd.adobe.xed-full+json;version=1' };
    const entity = { _id: newEventId(), timestamp: '2024-05-02T09:31:07.412Z', _acmetenant: { message: 'hello' } };
    return {
      header: {
        schemaRef,
        imsOrgId: bench().simulator().credentials.orgId,
        datasetId: source.datasetId,
        ...changes.header,
      },
      body: 'body' in changes ? changes.body : { xdmMeta: { schemaRef }, xdmEntity: entity },
    };
  }

  const send = (body: unknown, authorization = `Bearer ${token}`) =>
    source.post(body, { url: inletUrl, headers: { authorization } });

  test('wants a token: 401 with its status as text, 403 for one that is not valid', async () => {
    const none = await send(envelope(), '');
    expect(none.status).toBe(401);
    expect(none.json).toEqual({
      type: 'https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization',
      status: '401',
      title: 'Authorization',
      report: { message: '[id] Ims service token is empty' },
    });
    expect((await send(envelope(), 'Bearer x.y.z')).status).toBe(403);
  });

  test('takes an XDM envelope, whose entity lands as it is', async () => {
    const message = envelope();
    expect((await send(message)).status).toBe(200);
    await bench().simulator().admin.advance(5_000);
    const eventId = (message.body as { xdmEntity: { _id: string } }).xdmEntity['_id'];
    expect(await truthOf(bench(), eventId)).toMatchObject({ rows: 1 });
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'a wrong organisation',
      () => envelope({ header: { imsOrgId: 'X@AdobeOrg' } }),
      /absent or wrong ims org in the header$/,
    ],
    ['no schema', () => envelope({ header: { schemaRef: undefined } }), /unknown xdm format$/],
    ['no body', () => envelope({ body: undefined }), /unknown xdm format$/],
    ['no header', () => ({ body: {} }), /unknown xdm format$/],
  ])('refuses %s', async (_, message, ending) => {
    const answer = await send(message());
    expect(answer.status).toBe(400);
    expect(answer.json.report.message).toMatch(ending);
  });

  test('an unknown key and a wrong type are found by validation, in the printed shape', async () => {
    const message = envelope();
    const body = message.body as { xdmEntity: object };
    const broken = { ...message, body: { ...body, xdmEntity: { ...body.xdmEntity, _id: 1376, foo: 'bar' } } };
    const answer = await source.post(broken, {
      url: inletUrl,
      query: '?syncValidation=true',
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.json.report.cause['_streamingValidation'][0]).toEqual({
      schemaLocation: '#',
      pointerToViolation: '#',
      message: '2 schema violations found',
      causingExceptions: [
        {
          schemaLocation: '#/properties/_id',
          pointerToViolation: '#/_id',
          causingExceptions: [],
          keyword: 'type',
          message: 'expected type: String, found: Long',
        },
        {
          schemaLocation: '#',
          pointerToViolation: '#',
          causingExceptions: [],
          keyword: 'additionalProperties',
          message: 'extraneous key [foo] is not permitted',
        },
      ],
    });
  });
});
