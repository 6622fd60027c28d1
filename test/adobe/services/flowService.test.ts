import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CHATLIO_CONNECTION_SPEC,
  DATA_LAKE_CONNECTION_SPEC,
  SOURCES_PROVIDER_ID,
  STREAMING_FLOW_SPEC,
} from '../../../src/adobe/http/constants.js';
import { clientsOnServer, type Reply } from '../scriptedServer.js';

let world: Awaited<ReturnType<typeof clientsOnServer>>;
beforeEach(async () => {
  world = await clientsOnServer();
});
afterEach(() => world.close());

const BASE = '/data/foundation/flowservice';
const ETAG = '"9b012541-0000-0200-0000-63f316430000"';
const FLOW = {
  id: 'f-1',
  createdAt: 1_700_000_000_000,
  updatedAt: 1_700_000_006_000,
  name: 'support-chat',
  description: '[chatlio-aep:support-chat:u]',
  flowSpec: { id: STREAMING_FLOW_SPEC.id, version: '1.0' },
  state: 'enabled',
  version: ETAG,
  etag: ETAG,
  sourceConnectionIds: ['s-1'],
  targetConnectionIds: ['t-1'],
  inheritedAttributes: {},
  options: { inletUrl: 'https://dcs.adobedc.net/collection/e7' },
  transformations: [{ name: 'Mapping', params: { mappingId: '4b71', mappingVersion: '1' } }],
  lastOperation: { started: 0, updated: 0, operation: 'enable' },
};
const items = (...rows: unknown[]): Reply => ({ status: 200, body: { items: rows, _links: {} } });
const gone = (status: number, code: string): Reply => ({
  status,
  body: { type: `https://ns.adobe.com/aep/errors/${code}`, title: 'Resource not found', status },
});

describe('creates', () => {
  it('send what is given and keep id and etag with its quotes', async () => {
    world.server.reply({ status: 201, body: { id: 's-1', etag: ETAG } });
    const source = {
      name: 'support-chat',
      description: 'd',
      connectionSpec: CHATLIO_CONNECTION_SPEC,
      data: { format: 'json' },
      providerId: SOURCES_PROVIDER_ID,
    } as const;
    const target = {
      name: 'support-chat',
      description: 'd',
      connectionSpec: DATA_LAKE_CONNECTION_SPEC,
      data: { format: 'json', schema: { id: 'https://ns.adobe.com/a/schemas/1', version: 'v' } },
      params: { dataSetId: '65f0' },
    } as const;
    const flow = {
      name: 'support-chat',
      description: 'd',
      flowSpec: STREAMING_FLOW_SPEC,
      sourceConnectionIds: ['s-1'],
      targetConnectionIds: ['t-1'],
      transformations: [{ name: 'Mapping', params: { mappingId: '4b71', mappingVersion: 0 } }],
    } as const;
    const { flowService } = world.clients;
    expect(await flowService.createSourceConnection(source)).toEqual({ id: 's-1', etag: ETAG });
    await flowService.createTargetConnection(target);
    await flowService.createFlow(flow);
    expect(world.server.requests.map(({ method, url, body }) => [method, url, JSON.parse(body)])).toEqual([
      ['POST', `${BASE}/sourceConnections`, source],
      ['POST', `${BASE}/targetConnections`, target],
      ['POST', `${BASE}/flows`, flow],
    ]);
  });
});

describe('reads', () => {
  it('a flow: the one item of a list', async () => {
    world.server.reply(items(FLOW));
    expect(await world.clients.flowService.getFlow('f-1')).toEqual({
      id: 'f-1',
      name: 'support-chat',
      description: '[chatlio-aep:support-chat:u]',
      state: 'enabled',
      etag: ETAG,
      createdAt: 1_700_000_000_000,
      updatedAt: 1_700_000_006_000,
      flowSpecId: STREAMING_FLOW_SPEC.id,
      sourceConnectionIds: ['s-1'],
      targetConnectionIds: ['t-1'],
      mapping: { id: '4b71', version: 1 },
      inletUrl: 'https://dcs.adobedc.net/collection/e7',
      lastOperation: { operation: 'enable', status: undefined, errors: [] },
      readAt: expect.any(Number) as number,
    });
  });

  it('a flow that is not enabled yet', async () => {
    world.server.reply(items({ id: 'f-1', state: 'initializing', eTag: ETAG }));
    const flow = await world.clients.flowService.getFlow('f-1');
    expect(flow).toMatchObject({ state: 'initializing', etag: ETAG, sourceConnectionIds: [] });
    expect(flow?.inletUrl).toBeUndefined();
  });

  it('a target connection with its dataset and schema', async () => {
    const connectionSpec = { id: DATA_LAKE_CONNECTION_SPEC.id, version: '1.0' };
    const data = { format: 'json', schema: { id: 'https://ns.adobe.com/a/schemas/1', version: 'x' } };
    world.server.reply(items({ id: 't-1', name: 'n', connectionSpec, data, params: { dataSetId: '65f0' } }));
    expect(await world.clients.flowService.getTargetConnection('t-1')).toMatchObject({
      connectionSpecId: DATA_LAKE_CONNECTION_SPEC.id,
      dataSetId: '65f0',
      schemaId: 'https://ns.adobe.com/a/schemas/1',
    });
  });

  it.each([
    ['404', { status: 404 }],
    ['FLOW-1439-404', gone(404, 'FLOW-1439-404')],
    ['400 with FLOW-1439-400', gone(400, 'FLOW-1439-400')],
    ['400 with 1439-400', gone(400, '1439-400')],
    ['400 with FLOW-1430-400', gone(400, 'FLOW-1430-400')],
    ['an empty list', items()],
  ])('%s means that there is none', async (_name, reply) => {
    world.server.reply(reply);
    expect(await world.clients.flowService.getFlow('f-1')).toBeUndefined();
  });

  it('another 400 means an error', async () => {
    world.server.reply(gone(400, 'FLOW-1446-400'));
    await expect(world.clients.flowService.getFlow('f-1')).rejects.toMatchObject({ kind: 'refused' });
  });

  it('the specs', async () => {
    const spec = { id: STREAMING_FLOW_SPEC.id, sourceConnectionSpecIds: ['a'], targetConnectionSpecIds: ['b'] };
    world.server.reply(items({ id: CHATLIO_CONNECTION_SPEC.id, authSpec: [] }), items(spec));
    const { flowService } = world.clients;
    expect(await flowService.getConnectionSpec(CHATLIO_CONNECTION_SPEC.id)).toMatchObject({ authSpecCount: 0 });
    expect(await flowService.getFlowSpec(STREAMING_FLOW_SPEC.id)).toMatchObject(spec);
  });
});

describe('lists', () => {
  it('filter, and follow the continuation token, also one with an equals sign', async () => {
    world.server.reply(
      { status: 200, body: { items: [FLOW], _links: { next: { href: '/flows?continuationToken=a%3D%3Db' } } } },
      { status: 200, body: { items: [{ ...FLOW, id: 'f-2' }] } },
    );
    const found = await world.clients.flowService.findFlows({
      specId: STREAMING_FLOW_SPEC.id,
      sourceConnectionId: 's-1',
    });
    expect(found.map(({ id }) => id)).toEqual(['f-1', 'f-2']);
    const filter = [
      ['property', `flowSpec.id==${STREAMING_FLOW_SPEC.id}`],
      ['property', 'sourceConnectionIds[]==s-1'],
      ['limit', '100'],
    ];
    expect(world.server.requests.map(({ query }) => query)).toEqual([
      filter,
      [...filter, ['continuationToken', 'a==b']],
    ]);
    expect(world.server.requests[0]?.url).toContain('property=sourceConnectionIds%5B%5D%3D%3Ds-1');
  });

  it('connections by their spec', async () => {
    world.server.reply(items());
    await world.clients.flowService.findSourceConnections({ specId: 'x' });
    await world.clients.flowService.findTargetConnections({ specId: 'y' });
    expect(world.server.requests.map(({ url }) => url)).toEqual([
      `${BASE}/sourceConnections?property=connectionSpec.id%3D%3Dx&limit=100`,
      `${BASE}/targetConnections?property=connectionSpec.id%3D%3Dy&limit=100`,
    ]);
  });

  it('read on over rows that other people made in another shape', async () => {
    const odd = { id: 'x', name: null, params: [], data: 'raw', connectionSpec: null, version: 7, createdAt: 'today' };
    world.server.reply(items(odd, { id: 't-1', name: 'ours', params: { dataSetId: '65f0' } }));
    const found = await world.clients.flowService.findTargetConnections({ specId: 'y' });
    expect(found).toMatchObject([
      { id: 'x', name: '' },
      { id: 't-1', name: 'ours', dataSetId: '65f0' },
    ]);
  });

  it('runs of a flow, newest first, no more than asked for', async () => {
    const run = {
      id: 'r-1',
      flowId: 'f-1',
      createdAt: 5,
      eTag: ETAG,
      metrics: {
        durationSummary: { startedAtUTC: 1, completedAtUTC: 2 },
        sizeSummary: { inputBytes: 4_096, outputBytes: 'many' },
        recordSummary: { inputRecordCount: 9, outputRecordCount: 8, failedRecordCount: 1, warningRecordCount: 2 },
        statusSummary: { status: 'PARTIAL_SUCCESS', errors: [{ code: 'INGEST-1212-400', message: 'm' }] },
      },
      activites: [
        {
          statusSummary: {
            extensions: { manifest: { sampleErrors: 'https://x/export/batches/B-1/meta?path=row_error_samples.json' } },
          },
          targetInfo: [{ reference: { type: 'Batch', ids: ['B-1', 'B-2'] } }, 'odd'],
        },
        null,
      ],
    };
    const body = { items: [run], _links: { next: { href: '/runs?continuationToken=t' } } };
    world.server.reply({ status: 200, body });
    expect(await world.clients.flowService.listRuns(['f-1', 'f-0'], { startedAfterMs: 7, limit: 1 })).toEqual([
      {
        id: 'r-1',
        flowId: 'f-1',
        createdAt: 5,
        status: 'partialsuccess',
        startedAt: 1,
        completedAt: 2,
        inputRecords: 9,
        outputRecords: 8,
        failedRecords: 1,
        warningRecords: 2,
        inputBytes: 4_096,
        batchIds: ['B-1', 'B-2'],
        errors: [{ code: 'INGEST-1212-400', message: 'm' }],
      },
    ]);
    expect(world.server.requests).toHaveLength(1);
    expect(world.server.requests[0]?.query).toEqual([
      ['property', 'flowId==f-1,f-0'],
      ['property', 'metrics.durationSummary.startedAtUTC>7'],
      ['orderby', '-createdAt'],
      ['limit', '1'],
    ]);
  });
});

describe('changes', () => {
  it.each([
    ['an object', { id: 'f-1', etag: '"new"' }],
    ['a list', [{ id: 'f-1', etag: '"new"' }]],
    ['items', { items: [{ id: 'f-1', etag: '"new"' }] }],
  ])('a PATCH carries the etag with its quotes; its answer may be %s', async (_name, body) => {
    world.server.reply({ status: 200, body });
    const operations = [{ op: 'replace', path: '/transformations/0', value: { name: 'Mapping' } }] as const;
    expect(await world.clients.flowService.patchFlow('f-1', ETAG, operations)).toEqual({ id: 'f-1', etag: '"new"' });
    expect(world.server.requests[0]).toMatchObject({ method: 'PATCH', url: `${BASE}/flows/f-1` });
    expect(world.server.requests[0]?.headers['if-match']).toBe(ETAG);
    expect(JSON.parse(world.server.requests[0]?.body ?? '')).toEqual(operations);
  });

  it('a stale etag is a refusal with 412', async () => {
    world.server.reply(gone(412, 'FLOW-1404-412'));
    await expect(world.clients.flowService.patchFlow('f-1', ETAG, [])).rejects.toMatchObject({
      kind: 'refused',
      effect: 'none',
      error: { httpStatus: 412, code: 'FLOW-1404-412' },
    });
  });

  it('an action has no body, and carries the etag where there is one', async () => {
    world.server.reply({ status: 200, body: { id: 'f-1', etag: ETAG } });
    await world.clients.flowService.flowAction('f-1', 'disable', ETAG);
    expect(world.server.requests[0]).toMatchObject({
      method: 'POST',
      url: `${BASE}/flows/f-1/action?op=disable`,
      headers: { 'if-match': ETAG },
      body: '',
    });
    world.server.reply({ status: 200, body: { id: 'f-1', etag: ETAG } });
    await world.clients.flowService.flowAction('f-1', 'enable', undefined);
    expect(world.server.requests[1]?.headers).not.toHaveProperty('if-match');
  });

  it.each([
    ['204', { status: 204 }, true],
    ['202', { status: 202 }, true],
    ['404', gone(404, 'FLOW-1439-404'), false],
    ['400 with 1439', gone(400, '1439-400'), false],
  ])('a delete answered with %s', async (_name, reply, expected) => {
    world.server.reply(reply);
    expect(await world.clients.flowService.deleteFlow('f-1')).toBe(expected);
  });

  it('a connection in use is not deleted', async () => {
    world.server.reply(gone(400, 'FLOW-1447-400'));
    await expect(world.clients.flowService.deleteSourceConnection('s-1')).rejects.toMatchObject({
      error: { code: 'FLOW-1447-400' },
    });
  });
});
