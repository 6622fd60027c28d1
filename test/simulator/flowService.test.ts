import { describe, expect, test } from 'vitest';
import {
  CHATLIO_SPEC,
  DATA_LAKE_SPEC,
  FLOW_SPEC,
  flowBody,
  makeParts,
  makeSchema,
  makeSource,
  mappingSetBody,
  sourceConnectionBody,
  targetConnectionBody,
} from './provisioned.js';
import { DATA_PREP, FLOW_SERVICE, withSimulator, type Answer, type Call } from './simulated.js';

const simulated = withSimulator();

const call = (method: string, path: string, more?: Call) => simulated().call(method, FLOW_SERVICE + path, more);
const item = async (path: string) => (await call('GET', path)).json['items'][0];
const codeOf = ({ json }: Answer) => String(json['type']).replace('https://ns.adobe.com/aep/errors/FLOW-', '');

/** Of a change: `200`, or why it was refused. */
const codeOfWrite = (answer: Answer) => (answer.status === 200 ? '200' : codeOf(answer));

const ETAG = /^"[0-9a-f]{8}-0000-0200-0000-[0-9a-f]{8}0000"$/;

describe('specs', () => {
  test('Chatlio and the streaming flow know of each other', async () => {
    const connectionSpec = await item(`/connectionSpecs/${CHATLIO_SPEC.id}`);
    expect(connectionSpec).toMatchObject({ id: CHATLIO_SPEC.id, type: 'generic-streaming', authSpec: [] });
    const flowSpec = await item(`/flowSpecs/${FLOW_SPEC.id}`);
    expect(flowSpec['name']).toBe('GenericStreamingAEP');
    expect(flowSpec['sourceConnectionSpecIds']).toContain(CHATLIO_SPEC.id);
    expect(flowSpec['targetConnectionSpecIds']).toEqual([DATA_LAKE_SPEC.id]);
    expect(flowSpec['attributes']).toMatchObject({ isSourceFlow: true, frequency: 'streaming' });
  });

  test('are listed and filtered', async () => {
    const { items } = (await call('GET', '/connectionSpecs?property=name==Chatlio')).json;
    expect(items).toMatchObject([{ id: CHATLIO_SPEC.id }]);
    expect((await call('GET', '/flowSpecs/none')).status).toBe(404);
    const lake = (await call('GET', '/connectionSpecs?property=name==datalake')).json;
    expect(lake['items']).toMatchObject([{ id: DATA_LAKE_SPEC.id }]);
  });
});

describe('a connection', () => {
  test('is made with an etag that has quotes of its own, and read as a list of one', async () => {
    const made = await call('POST', '/sourceConnections', {
      body: { ...sourceConnectionBody(), providerId: 'any', mood: 1 },
    });
    expect(made.status).toBe(201);
    expect(made.json).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), etag: expect.stringMatching(ETAG) });
    const read = await item(`/sourceConnections/${made.json['id']}`);
    expect(read['inheritedAttributes']).toEqual({});
    expect(read).toMatchObject({
      id: made.json['id'],
      name: 'Desk widget',
      state: 'enabled',
      data: { format: 'json' },
      connectionSpec: CHATLIO_SPEC,
      version: made.json['etag'],
      etag: made.json['etag'],
      sandboxName: simulated().sandboxName,
      imsOrgId: simulated().credentials.orgId,
    });
    // Strict mode tells the journal and refuses nothing.
    const [entry] = simulated().admin.journal.list({ route: 'flowservice.sourceConnections.create' });
    expect(entry?.notes).toEqual(['unknown field mood']);
  });

  test('may have the name of another, unless the policy says otherwise', async () => {
    const post = () => call('POST', '/sourceConnections', { body: sourceConnectionBody() });
    expect([(await post()).status, (await post()).status]).toEqual([201, 201]);
    simulated().admin.policy.change({ flowNamesUnique: true });
    expect((await post()).status).toBe(400);
  });

  test.each<[string, string, unknown, string]>([
    ['sourceConnections', 'nothing', undefined, '1405-400'],
    ['sourceConnections', 'an empty object', {}, '1405-400'],
    ['sourceConnections', 'an unknown spec', { ...sourceConnectionBody(), connectionSpec: { id: 'none' } }, '1413-400'],
    ['sourceConnections', 'no spec', { ...sourceConnectionBody(), connectionSpec: undefined }, '1100-400'],
    ['sourceConnections', 'no name', { ...sourceConnectionBody(), name: undefined }, '1100-400'],
    ['sourceConnections', 'another format', { ...sourceConnectionBody(), data: { format: 'csv' } }, '1100-400'],
    ['sourceConnections', 'an unknown base', { ...sourceConnectionBody(), baseConnectionId: 'none' }, '1100-400'],
    ['targetConnections', 'an unknown dataset', targetConnectionBody('s', '63ef7df781f14a1bd02a7e49'), '1100-400'],
    ['targetConnections', 'no dataset', { ...targetConnectionBody('s', ''), params: {} }, '1100-400'],
    [
      'connections',
      'an auth spec that the connection spec has not',
      { name: 'account', connectionSpec: CHATLIO_SPEC, auth: { specName: 'Basic', params: {} } },
      '1415-400',
    ],
  ])('of %s with %s is refused', async (collection, _, body, code) => {
    const answer = await call('POST', `/${collection}`, { body });
    expect([answer.status, codeOf(answer)]).toEqual([400, code]);
  });

  test('is patched with its etag and deleted without', async () => {
    const { json } = await call('POST', '/sourceConnections', { body: sourceConnectionBody() });
    const path = `/sourceConnections/${json['id']}`;
    const body = [{ op: 'replace', path: '/name', value: 'Desk widget 2' }];
    const patched = await call('PATCH', path, { headers: { 'if-match': json['etag'] }, body });
    expect(patched.status).toBe(200);
    expect(patched.json).toEqual({ id: json['id'], etag: expect.stringMatching(ETAG) });
    expect(patched.json['etag']).not.toBe(json['etag']);
    expect(await item(path)).toMatchObject({ name: 'Desk widget 2', etag: patched.json['etag'] });
    const spec = [{ op: 'replace', path: '/connectionSpec', value: DATA_LAKE_SPEC }];
    const fixed = await call('PATCH', path, { headers: { 'if-match': patched.json['etag'] }, body: spec });
    expect([fixed.status, codeOf(fixed)]).toEqual([400, '1414-400']);
    expect((await call('DELETE', path)).status).toBe(204);
    const gone = await call('GET', path);
    expect([gone.status, codeOf(gone)]).toEqual([404, '1439-404']);
  });

  test('cannot go while a flow uses it, which may show for a while after the flow went', async () => {
    const { sourceId, targetId, flowId } = await makeSource(simulated());
    for (const path of [`/sourceConnections/${sourceId}`, `/targetConnections/${targetId}`]) {
      const answer = await call('DELETE', path);
      expect([answer.status, codeOf(answer)]).toEqual([400, '1447-400']);
      expect(answer.json['errorMessage']).toContain('Found active flows containing id');
    }
    simulated().admin.policy.change({ flowDeletionVisibleAfterMs: 4_000 });
    expect((await call('DELETE', `/flows/${flowId}`)).status).toBe(204);
    expect((await call('DELETE', `/sourceConnections/${sourceId}`)).status).toBe(400);
    await simulated().admin.advance(4_000);
    expect((await call('DELETE', `/sourceConnections/${sourceId}`)).status).toBe(204);
  });

  test.each(['add', 'replace'])('of the base kind gets a description that it did not have, by %s', async (op) => {
    const { json } = await call('POST', '/connections', { body: { name: 'account', connectionSpec: CHATLIO_SPEC } });
    const path = `/connections/${json['id']}`;
    const body = [{ op, path: '/description', value: 'ours' }];
    expect((await call('PATCH', path, { headers: { 'if-match': json['etag'] }, body })).status).toBe(200);
    expect(await item(path)).toMatchObject({ description: 'ours' });
  });

  test('of the base kind cannot go while a flow stands on it', async () => {
    const base = await call('POST', '/connections', { body: { name: 'account', connectionSpec: CHATLIO_SPEC } });
    const parts = await makeParts(simulated());
    const source = await call('POST', '/sourceConnections', {
      body: { ...sourceConnectionBody(), baseConnectionId: base.json['id'] },
    });
    const shown = await item(`/sourceConnections/${source.json['id']}`);
    expect(shown['inheritedAttributes']).toMatchObject({ baseConnection: { id: base.json['id'] } });
    await call('POST', '/flows', { body: flowBody({ ...parts, sourceId: source.json['id'] }) });
    // The specification's paths of base connections end in a slash.
    const answer = await call('DELETE', `/connections/${base.json['id']}/`);
    expect([answer.status, codeOf(answer)]).toEqual([400, '1418-400']);
  });
});

describe('a new flow', () => {
  test('that cannot be enabled stays as it is and says why, until it can', async () => {
    simulated().admin.policy.change({ flowActivationError: 'the mapping cannot be read' });
    const made = await call('POST', '/flows', { body: flowBody(await makeParts(simulated())) });
    const { id } = made.json;
    await simulated().admin.advance(6_000);
    const waiting = await item(`/flows/${id}`);
    expect(waiting['options']).toEqual({});
    expect(waiting).toMatchObject({
      state: 'initializing',
      lastOperation: {
        operation: 'enable',
        status: { value: 'failed', errors: [{ message: 'the mapping cannot be read' }] },
      },
    });
    simulated().admin.policy.change({ flowActivationError: null });
    await simulated().admin.advance(2_000);
    const { state, lastOperation } = await item(`/flows/${id}`);
    expect({ state, lastOperation }).toEqual({
      state: 'enabled',
      lastOperation: { started: expect.any(Number), updated: expect.any(Number), operation: 'enable' },
    });
  });

  test('becomes enabled by itself, with an inlet, and with another etag', async () => {
    const parts = await makeParts(simulated());
    const made = await call('POST', '/flows', { body: flowBody(parts) });
    expect(made.status).toBe(201);
    const { id, etag } = made.json;
    expect(made.headers.get('location')).toBe(`${simulated().baseUrl}${FLOW_SERVICE}/flows/${id}`);
    const young = await item(`/flows/${id}`);
    expect(young).toMatchObject({ state: 'initializing', etag, createdAt: young['updatedAt'] });
    expect(young['options']).toEqual({});
    await simulated().admin.advance(4_000);
    expect((await item(`/flows/${id}`))['state']).toBe('initializing');
    await simulated().admin.advance(2_000);
    const flow = await item(`/flows/${id}`);
    expect(flow).toMatchObject({
      state: 'enabled',
      name: 'Desk flow',
      flowSpec: FLOW_SPEC,
      sourceConnectionIds: [parts.sourceId],
      targetConnectionIds: [parts.targetId],
      transformations: [{ name: 'Mapping', params: { mappingId: parts.mappingId, mappingVersion: 0 } }],
      runs: `/runs?property=flowId==${id}`,
      lastOperation: { operation: 'enable' },
      inheritedAttributes: {
        properties: { isSourceFlow: true },
        sourceConnections: [{ id: parts.sourceId, connectionSpec: CHATLIO_SPEC }],
        targetConnections: [{ id: parts.targetId, connectionSpec: DATA_LAKE_SPEC }],
      },
    });
    expect(flow['etag']).toBe(flow['version']);
    expect(flow['etag']).not.toBe(etag);
    expect(Number(flow['updatedAt']) - Number(flow['createdAt'])).toBeGreaterThanOrEqual(5_000);
    expect(flow['options']['inletUrl']).toMatch(new RegExp(`^${simulated().baseUrl}/collection/[0-9a-f]{64}$`));
  });

  test('has its inlet under the host by which it is asked for', async () => {
    const { flowId } = await makeSource(simulated());
    const viaName = simulated().baseUrl.replace('127.0.0.1', 'localhost');
    const { clientId, orgId } = simulated().credentials;
    const answer = await fetch(`${viaName}${FLOW_SERVICE}/flows/${flowId}`, {
      headers: {
        authorization: `Bearer ${simulated().token}`,
        'x-api-key': clientId,
        'x-gw-ims-org-id': orgId,
        'x-sandbox-name': simulated().sandboxName,
      },
    });
    expect(await answer.text()).toContain(`"inletUrl":"${viaName}/collection/`);
  });

  type Parts = Awaited<ReturnType<typeof makeParts>>;
  test.each<[string, (parts: Parts) => unknown, string]>([
    ['no body', () => undefined, '1405-400'],
    ['a state', (parts) => ({ ...flowBody(parts), state: 'enabled' }), '1410-400'],
    ['no name', (parts) => ({ ...flowBody(parts), name: '' }), '1100-400'],
    ['an unknown flow spec', (parts) => ({ ...flowBody(parts), flowSpec: { id: 'none', version: '1.0' } }), '1413-400'],
    [
      'a spec that does not fit',
      (parts) => ({ ...flowBody(parts), flowSpec: { id: 'd8a6f005-7eaf-4153-983e-e8574508b877' } }),
      '1413-400',
    ],
    ['an unknown source', (parts) => flowBody({ ...parts, sourceId: 'none' }), '1101-404'],
    ['an unknown target', (parts) => flowBody({ ...parts, targetId: 'none' }), '1101-404'],
    ['source and target in turn', (parts) => flowBody({ ...parts, sourceId: parts.targetId }), '1101-404'],
    ['no source', (parts) => ({ ...flowBody(parts), sourceConnectionIds: [] }), '1100-400'],
    ['no mapping', (parts) => ({ ...flowBody(parts), transformations: [] }), '1100-400'],
    ['an unknown mapping', (parts) => flowBody({ ...parts, mappingId: 'f'.repeat(32) }), '1419-400'],
    ['an unknown mapping version', (parts) => flowBody({ ...parts, mappingVersion: 3 }), '1412-400'],
  ])('with %s is refused', async (_, bodyOf, code) => {
    const answer = await call('POST', '/flows', { body: bodyOf(await makeParts(simulated())) });
    expect([answer.status, codeOf(answer)]).toEqual([Number(code.slice(-3)), code]);
  });

  test('with a mapping onto another schema than the dataset has is refused with 1425', async () => {
    const parts = await makeParts(simulated());
    const other = await makeSchema(simulated(), 'Other events');
    const mapping = await simulated().call('POST', `${DATA_PREP}/mappingSets`, {
      body: mappingSetBody(other.schemaId),
    });
    const mappingId: string = mapping.json['id'];
    const answer = await call('POST', '/flows', { body: flowBody({ ...parts, mappingId }) });
    expect([answer.status, codeOf(answer)]).toEqual([400, '1425-400']);
    expect(answer.json['report']).toEqual({
      'detailed-message': `Error while matching schema in target dataset ${parts.datasetId} with schema in mapping ${mappingId}. Schema with same id and version must be used in both mapping and target dataset.`,
      'request-id': answer.headers.get('x-request-id'),
    });
  });

  test('kept as a draft waits to be published', async () => {
    const parts = await makeParts(simulated());
    const { json } = await call('POST', '/flows?mode=draft', { body: flowBody(parts) });
    const path = `/flows/${json['id']}`;
    await simulated().admin.advance(60_000);
    expect((await item(path))['state']).toBe('draft');
    expect((await call('POST', `${path}/action?op=publish`)).status).toBe(200);
    await simulated().admin.advance(5_000);
    expect((await item(path))['state']).toBe('enabled');
  });
});

describe('PATCH of a flow', () => {
  const rename = [{ op: 'replace', path: '/name', value: 'Renamed' }];

  test.each<[string, (current: string, first: string) => string | undefined, unknown, number, string]>([
    ['without an etag', () => undefined, rename, 400, '1403-400'],
    ['with the etag of the create, stale by now', (_, first) => first, rename, 412, '1404-412'],
    ['with no body', (current) => current, undefined, 400, '1405-400'],
    ['with no operation', (current) => current, [], 400, '1405-400'],
    ['that moves', (current) => current, [{ op: 'move', from: '/name', path: '/description' }], 400, '1434-400'],
    ['of a field that there is not', (current) => current, [{ op: 'add', path: '/nam', value: 'x' }], 400, '1455-400'],
    ['of a place without a value', (current) => current, [{ op: 'remove', path: '/description' }], 400, '1455-400'],
    [
      'of a transformation that is not there',
      (current) => current,
      [{ op: 'replace', path: '/transformations/4', value: {} }],
      400,
      '1455-400',
    ],
    [
      'to an unknown mapping version',
      (current) => current,
      [{ op: 'replace', path: '/transformations/0/params/mappingVersion', value: 7 }],
      400,
      '1412-400',
    ],
  ])('%s is refused', async (_, ifMatchOf, body, status, code) => {
    const { flowId, firstEtag } = await makeSource(simulated());
    const { etag } = await item(`/flows/${flowId}`);
    const answer = await call('PATCH', `/flows/${flowId}`, {
      headers: { 'if-match': ifMatchOf(etag, firstEtag) },
      body,
    });
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    expect((await item(`/flows/${flowId}`))['etag']).toBe(etag);
  });

  test.each<[string, (etag: string) => string, string]>([
    ['with its quotes', (etag) => etag, 'replace'],
    ['without them', (etag) => etag.replaceAll('"', ''), 'REPLACE'],
    ['as a weak one', (etag) => `W/${etag}`, 'Replace'],
  ])('takes the etag %s and the operation in any case', async (_, ifMatchOf, op) => {
    const { flowId } = await makeSource(simulated());
    const { etag, updatedAt } = await item(`/flows/${flowId}`);
    await simulated().admin.advance(1_000);
    const headers = { 'if-match': ifMatchOf(etag) };
    const answer = await call('PATCH', `/flows/${flowId}`, {
      headers,
      body: [{ op, path: '/name', value: 'Renamed' }],
    });
    expect(answer.status).toBe(200);
    const flow = await item(`/flows/${flowId}`);
    expect(flow).toMatchObject({
      name: 'Renamed',
      etag: answer.json['etag'],
      lastOperation: { operation: 'update', percentCompleted: 100, status: { value: 'completed', errors: [] } },
    });
    expect(Number(flow['updatedAt'])).toBeGreaterThan(Number(updatedAt));
    expect(answer.json['etag']).not.toBe(etag);
  });

  test('moves the flow to a new version of its mapping', async () => {
    const { flowId, mappingId, schemaId } = await makeSource(simulated());
    await simulated().call('PUT', `${DATA_PREP}/mappingSets/${mappingId}`, { body: mappingSetBody(schemaId) });
    const { etag } = await item(`/flows/${flowId}`);
    const transformation = { name: 'Mapping', params: { mappingId, mappingVersion: 1 } };
    const body = [{ op: 'replace', path: '/transformations/0', value: transformation }];
    expect((await call('PATCH', `/flows/${flowId}`, { headers: { 'if-match': etag }, body })).status).toBe(200);
    expect((await item(`/flows/${flowId}`))['transformations']).toEqual([transformation]);
  });

  test('is refused while the flow is not ready, and while an update runs', async () => {
    const parts = await makeParts(simulated());
    const { json } = await call('POST', '/flows', { body: flowBody(parts) });
    const path = `/flows/${json['id']}`;
    const patch = async () => {
      const { etag } = await item(path);
      return codeOfWrite(await call('PATCH', path, { headers: { 'if-match': etag }, body: rename }));
    };
    expect(await patch()).toBe('1420-400');
    await simulated().admin.advance(5_000);
    simulated().admin.policy.change({ flowTransitionDelayMs: 3_000 });
    expect(await patch()).toBe('200');
    expect((await item(path))['state']).toBe('updating');
    expect(await patch()).toBe('1420-400');
    expect(codeOf(await call('DELETE', path))).toBe('1458-400');
    expect(codeOf(await call('POST', `${path}/action?op=disable`))).toBe('1421-400');
    await simulated().admin.advance(3_000);
    expect((await item(path))['state']).toBe('enabled');
    expect(await patch()).toBe('200');
  });
});

test('actions change the state where they fit it', async () => {
  const { flowId } = await makeSource(simulated());
  const act = (op: string, headers = {}) => call('POST', `/flows/${flowId}/action?op=${op}`, { headers });
  const { etag } = await item(`/flows/${flowId}`);
  expect(codeOf(await act('enable'))).toBe('1422-400');
  expect(codeOf(await act('dance'))).toBe('1422-400');
  const disabled = await act('disable', { 'if-match': etag });
  expect(disabled.json).toEqual({ id: flowId, etag: expect.stringMatching(ETAG) });
  expect(await item(`/flows/${flowId}`)).toMatchObject({ state: 'disabled', etag: disabled.json['etag'] });
  expect((await act('ENABLE', { 'if-match': etag })).status).toBe(412);
  expect((await act('ENABLE')).status).toBe(200);
  expect((await item(`/flows/${flowId}`))['state']).toBe('enabled');
});

test.each([0, 3_000])(
  'a disabled flow that cannot be enabled stays on its way and says why, until it can: with a delay of %d ms',
  async (flowTransitionDelayMs) => {
    const { flowId } = await makeSource(simulated());
    const act = async (op: string) => codeOfWrite(await call('POST', `/flows/${flowId}/action?op=${op}`));
    const shown = async () => (await item(`/flows/${flowId}`)) as object;
    expect(await act('disable')).toBe('200');
    simulated().admin.policy.change({ flowTransitionDelayMs, flowActivationError: 'no inlet is free' });
    expect(await act('enable')).toBe('200');
    await simulated().admin.advance(flowTransitionDelayMs);
    expect(await shown()).toMatchObject({
      state: 'enabling',
      lastOperation: { operation: 'enable', status: { value: 'failed', errors: [{ message: 'no inlet is free' }] } },
    });
    expect(await act('disable')).toBe('1421-400');
    simulated().admin.policy.change({ flowActivationError: null });
    await simulated().admin.advance(1_000);
    expect(await shown()).toMatchObject({ state: 'enabled' });
  },
);

test.each([
  [0, 'enabled', 'completed'],
  [3_000, 'updating', undefined],
])(
  'a flow that is updated or disabled does not have to be enabled: with a delay of %d ms',
  async (flowTransitionDelayMs, meanwhile, status) => {
    const { flowId } = await makeSource(simulated());
    const path = `/flows/${flowId}`;
    simulated().admin.policy.change({ flowTransitionDelayMs, flowActivationError: 'no inlet is free' });
    const { etag } = await item(path);
    const body = [{ op: 'replace', path: '/name', value: 'Renamed' }];
    expect((await call('PATCH', path, { headers: { 'if-match': etag }, body })).status).toBe(200);
    const { state, lastOperation } = await item(path);
    expect([state, lastOperation['operation'], lastOperation['status']?.['value']]).toEqual([
      meanwhile,
      'update',
      status,
    ]);
    await simulated().admin.advance(flowTransitionDelayMs);
    const completed = { operation: 'update', percentCompleted: 100, status: { value: 'completed', errors: [] } };
    expect(await item(path)).toMatchObject({ state: 'enabled', lastOperation: completed });
    expect((await call('POST', `${path}/action?op=disable`)).status).toBe(200);
    await simulated().admin.advance(flowTransitionDelayMs);
    expect(await item(path)).toMatchObject({ state: 'disabled', lastOperation: { operation: 'disable' } });
  },
);

test('a deleted flow is gone, its connections are not', async () => {
  const { flowId, sourceId } = await makeSource(simulated());
  expect((await call('DELETE', `/flows/${flowId}`)).status).toBe(204);
  for (const method of ['GET', 'DELETE']) {
    const gone = await call(method, `/flows/${flowId}`);
    expect(gone.status).toBe(404);
    expect(gone.json).toEqual({
      type: 'https://ns.adobe.com/aep/errors/FLOW-1439-404',
      title: 'Resource not found',
      status: 404,
      report: {
        'detailed-message': `The requested flows resource ${flowId} is not found. Verify the resource ID before trying again.`,
        id: flowId,
        'request-id': gone.headers.get('x-request-id'),
        type: 'flows',
      },
      errorMessage: `The requested flows resource ${flowId} is not found. Verify the resource ID before trying again.`,
      errorDetails: `The requested flows resource ${flowId} is not found. Verify the resource ID before trying again.`,
    });
  }
  expect((await call('GET', `/sourceConnections/${sourceId}`)).status).toBe(200);
});

describe('lists', () => {
  const NAMES = ['east', 'north', 'south', 'west'];
  const makeMany = async () => {
    for (const name of NAMES) await call('POST', '/sourceConnections', { body: sourceConnectionBody(name) });
  };
  const namesOf = (items: unknown) => (items as ReadonlyArray<{ name: string }>).map(({ name }) => name);
  const encoded = (text: string) => encodeURIComponent(text);

  test.each([
    ['property=name==north', ['north']],
    ['property=name==north,west', ['north', 'west']],
    [`property=${encoded('name>=south')}`, ['south', 'west']],
    [`property=name==north,west&property=${encoded('name!=west')}`, ['north']],
    [`property=connectionSpec.id==${CHATLIO_SPEC.id}`, NAMES],
    [`property=connectionSpec.id==${DATA_LAKE_SPEC.id}`, []],
    ['orderby=-name', [...NAMES].reverse()],
    [`orderby=${encoded('+name')}&limit=2&count=False`, ['east', 'north']],
  ])('%s', async (query, expected) => {
    await makeMany();
    const { status, json } = await call(
      'GET',
      `/sourceConnections?${query}&orderby=name`.replace(/(orderby=.*)&orderby=name/, '$1'),
    );
    expect(status).toBe(200);
    expect(namesOf(json['items'])).toEqual(expected);
  });

  test('are paged by tokens that carry the filter and have no equals sign', async () => {
    await makeMany();
    let path = `/sourceConnections?property=${encoded('name!=east')}&orderby=-name&limit=2`;
    const pages: string[][] = [];
    for (;;) {
      const { items, _links } = (await call('GET', path)).json as {
        items: unknown;
        _links: { next?: { href: string } };
      };
      pages.push(namesOf(items));
      if (_links.next === undefined) break;
      expect(_links.next.href).toMatch(/^\/sourceConnections\?continuationToken=[\w-]+$/);
      path = _links.next.href;
    }
    expect(pages).toEqual([['west', 'south'], ['north']]);
  });

  test('only count when asked to', async () => {
    await makeMany();
    expect((await call('GET', '/sourceConnections?count=TRUE&property=name==west')).json).toEqual({ count: 1 });
  });

  test('find a flow by its source connection', async () => {
    const { sourceId, flowId } = await makeSource(simulated());
    const find = async (id: string) =>
      (await call('GET', `/flows?property=${encoded(`sourceConnectionIds[]==${id}`)}`)).json;
    expect((await find(sourceId))['items']).toMatchObject([{ id: flowId }]);
    expect((await find('none'))['items']).toEqual([]);
  });

  test.each([
    ['limit=2&count=true', '1401-400'],
    ['property=name=north', '1440-400'],
    ['property=name~n', '1440-400'],
    ['property=name', '1450-400'],
    [`property=${encoded('name!=a,b')}`, '1443-400'],
    ['orderby=*name', '1432-400'],
    ['orderby=+name', '1432-400'],
    ['orderby=mood', '1433-400'],
    [`orderby=${encoded('#id')}`, '1433-400'],
    ['sort=name', '1451-400'],
    ['continuationToken=abc', '1452-400'],
    ['limit=0', '1450-400'],
  ])('%s is refused with %s', async (query, code) => {
    await makeMany();
    const answer = await call('GET', `/sourceConnections?${query}`);
    expect([answer.status, codeOf(answer)]).toEqual([400, code]);
  });

  test('may lag behind creates, a GET by id does not', async () => {
    simulated().admin.policy.change({ listLagMs: 10_000 });
    const { json } = await call('POST', '/sourceConnections', { body: sourceConnectionBody() });
    expect((await call('GET', '/sourceConnections')).json['items']).toEqual([]);
    expect((await call('GET', `/sourceConnections/${json['id']}`)).status).toBe(200);
    await simulated().admin.advance(10_000);
    expect((await call('GET', '/sourceConnections')).json['items']).toHaveLength(1);
  });
});

test('a search finds flows by expression and word, and shows the fields that are asked for', async () => {
  const { flowId } = await makeSource(simulated());
  const search = async (body: object) => (await call('POST', '/flows/search', { body })).json;
  expect((await search({ queryString: 'name==Desk flow', projectionFields: ['id'] }))['items']).toEqual([
    { id: flowId },
  ]);
  expect((await search({ queryString: 'desk' }))['items']).toHaveLength(1);
  expect((await search({ queryString: 'state==disabled' }))['items']).toEqual([]);
  expect(await search({ queryString: 'desk', count: true })).toEqual({ count: 1 });
  expect((await call('POST', '/flows/search', { body: { limit: 1_001 } })).status).toBe(400);
});

test('a flow without data has no runs', async () => {
  const { flowId } = await makeSource(simulated());
  const answer = await call('GET', `/runs?property=flowId==${flowId}&orderby=-createdAt&limit=20`);
  expect(answer.status).toBe(200);
  expect(answer.json).toEqual({ items: [], _links: {} });
  expect((await call('GET', '/runs/none')).status).toBe(404);
});

test('a flow counts its records by the hour', async () => {
  const { flowId } = await makeSource(simulated());
  const { inletUrl } = (await item(`/flows/${flowId}`))['options'];
  await simulated().admin.advance(600_000);
  const post = (id: string) =>
    fetch(`${inletUrl}?x-adobe-flow-id=${flowId}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id, visitor: { UUID: 'v-1' } }),
    });
  expect((await post('one')).status).toBe(200);
  expect((await post('two')).status).toBe(200);
  await simulated().admin.advance(4 * 3_600_000);
  const { items } = (await call('GET', `/runs?property=flowId==${flowId}`)).json;
  expect(items[0]).toMatchObject({
    flowId,
    flowSpec: FLOW_SPEC,
    metrics: {
      recordSummary: { inputRecordCount: 2, failedRecordCount: 0 },
      statusSummary: { status: 'success' },
    },
  });
  expect((await item(`/runs/${items[0]['id']}`))['id']).toBe(items[0]['id']);
});
