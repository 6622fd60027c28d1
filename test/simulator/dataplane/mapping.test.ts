import { beforeAll, describe, expect, test } from 'vitest';
import { fixture } from '../../../src/chatlio/fixtures.js';
import { KIND_FACTS, KINDS } from '../../../src/domain/events/kinds.js';
import {
  type Body,
  CANONICAL_MAPPING,
  type Bench,
  makeSource,
  newEventId,
  queryClient,
  type Source,
  withSimulator,
} from './harness.js';

const CONVERSION = '/data/foundation/conversion';
const bench = withSimulator({ lakeDelayMs: 0 });
let source: Source;
beforeAll(async () => {
  source = await makeSource(bench());
});

const schemaRef = () => ({ id: source.schemaId, contentType: 'application/vnd.adobe.xed-full+json;version=1' });
const post = (path: string, body: unknown) => bench().platform('POST', `${CONVERSION}${path}`, body);
const set = (mappings: readonly object[], more: object = {}) => ({
  outputSchema: { schemaRef: schemaRef() },
  mappings,
  ...more,
});

/** The seed tutorial's mapping in its own, older, words. */
const DIALECT_A = [
  ['slackChannelId', '_acmetenant.slackchannel_ID'],
  ['slackChannelName', '_acmetenant.slackchannel_name'],
  ['visitor.UUID', '_acmetenant.UUID'],
  ['visitor.email', '_acmetenant.chatlio_email'],
  ['message', '_acmetenant.message'],
  ['channelId', '_acmetenant.channel_ID'],
].map(([sourceAttribute, destinationXdmPath]) => ({
  sourceAttribute,
  destinationXdmPath,
  identity: false,
  version: 0,
}));

describe('mapping sets', () => {
  test('creation answers 200 with exact times, reading rounds them to the second and shows both generations of keys', async () => {
    const created = await post('/mappingSets', set(DIALECT_A, { version: 0 }));
    expect(created.status).toBe(200);
    expect(created.json).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      version: 0,
      createdDate: expect.any(Number),
      modifiedDate: created.json.createdDate,
      createdBy: expect.any(String),
      modifiedBy: expect.any(String),
    });
    const { json } = await bench().platform('GET', `${CONVERSION}/mappingSets/${created.json.id}`);
    expect(json.createdDate).toBe(Math.floor(created.json.createdDate / 1000) * 1000);
    expect(json).toMatchObject({ version: 0, status: 'PUBLISHED', supportVersion: '1.1', xdmSchema: source.schemaId });
    expect(json.mappings[2]).toMatchObject({
      sourceType: 'text/x.schema-path',
      source: 'visitor.UUID',
      sourceAttribute: 'visitor.UUID',
      destination: '_acmetenant.UUID',
      destinationXdmPath: '_acmetenant.UUID',
      identity: false,
    });
  });

  test('the older dialect with xdmSchema, and expressions and literals, are taken', async () => {
    const older = await post('/mappingSets', {
      version: 0,
      xdmSchema: source.schemaId,
      xdmVersion: '1.0',
      mappings: DIALECT_A,
    });
    expect(older.status).toBe(200);
    const mixed = await post(
      '/mappingSets',
      set([
        { sourceType: 'EXPRESSION', source: 'sha256(concat(a, b), "UTF-8")', destination: '_id' },
        { sourceType: 'text/x.aep-xl', source: 'now()', destination: 'timestamp' },
        { sourceType: 'STATIC', source: 'chatlio', destination: 'producedBy' },
      ]),
    );
    const { json } = await bench().platform('GET', `${CONVERSION}/mappingSets/${mixed.json.id}`);
    expect(json.mappings.map((row: Body) => row.sourceType)).toEqual(['text/x.aep-xl', 'text/x.aep-xl', 'STATIC']);
  });

  test('replacing makes a version, old ones stay, and version 0 is what is answered unasked', async () => {
    const { json } = await post('/mappingSets', set(DIALECT_A, { name: 'versions' }));
    const path = `${CONVERSION}/mappingSets/${json.id}`;
    const replaced = await bench().platform('PUT', path, set(DIALECT_A.slice(0, 1)));
    expect(replaced.status).toBe(200);
    expect(replaced.json).toMatchObject({ id: json.id, version: 1, name: 'versions' });
    const lengths = await Promise.all(
      ['', '?version=0', '?version=1'].map(
        async (query) => (await bench().platform('GET', path + query)).json.mappings.length,
      ),
    );
    expect(lengths).toEqual([6, 6, 1]);
    expect((await bench().platform('GET', `${path}?version=2`)).status).toBe(404);
    const rows = await bench().platform('GET', `${path}/mappings?version=1`);
    const one = await bench().platform('GET', `${path}/mappings/${rows.json.data[0].id}`);
    expect(one.json).toEqual(rows.json.data[0]);
  });

  test('the list pages and filters by name', async () => {
    const name = `marker ${newEventId()}`;
    for (let number = 0; number < 3; number += 1) await post('/mappingSets', set(DIALECT_A, { name }));
    const list = (query: string) =>
      bench().platform('GET', `${CONVERSION}/mappingSets?name=${encodeURIComponent(name)}&${query}`);
    const first = await list('limit=2&start=0');
    expect(first.json['_page']).toEqual({ count: 2, limit: 2 });
    expect(first.json['_links'].next.href).toContain('start=2');
    const rest = await list('limit=2&start=2');
    expect(rest.json.data).toHaveLength(1);
    expect(rest.json['_links']).toEqual({});
    expect((await list('limit=x')).status).toBe(400);
  });

  test.each<[string, object | undefined, number]>([
    ['405', expect.objectContaining({ type: '/placeholder/type/uri', title: 'MethodNotAllowedError' }), 200],
    ['404', expect.objectContaining({ type: '/placeholder/type/uri', title: 'NotFoundError' }), 200],
    ['204', undefined, 404],
  ])('deleting answers %s by policy', async (mappingSetDelete, body, afterwards) => {
    const { json } = await post('/mappingSets', set(DIALECT_A));
    const path = `${CONVERSION}/mappingSets/${json.id}`;
    bench().simulator().admin.policy.change({ mappingSetDelete });
    const deleted = await bench().platform('DELETE', path);
    bench().simulator().admin.policy.change({ mappingSetDelete: null });
    expect(deleted.status).toBe(Number(mappingSetDelete));
    expect(deleted.json).toEqual(body);
    expect((await bench().platform('GET', path)).status).toBe(afterwards);
  });

  test.each<[string, () => object]>([
    ['an unknown schema', () => ({ outputSchema: { schemaRef: { ...schemaRef(), id: 'https://x/y' } }, mappings: [] })],
    ['no schema', () => ({ mappings: [] })],
    ['no content type', () => ({ outputSchema: { schemaRef: { id: source.schemaId } }, mappings: [] })],
    ['no mappings', () => ({ outputSchema: { schemaRef: schemaRef() } })],
    ['a row without source', () => set([{ destination: '_id' }])],
    [
      'an expression that cannot be read',
      () => set([{ sourceType: 'EXPRESSION', source: 'concat(', destination: '_id' }]),
    ],
    ['an unknown source type', () => set([{ sourceType: 'MAGIC', source: 'x', destination: '_id' }])],
  ])('creation with %s is refused', async (_, body) => {
    const answer = await post('/mappingSets', body());
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ type: '/placeholder/type/uri', status: 400, title: 'BadRequestError' });
  });

  test('validation answers 200 with an entry per mapping, and stores nothing', async () => {
    const mappings = [
      { sourceType: 'ATTRIBUTE', source: 'message', destination: '_acmetenant.message' },
      { sourceType: 'ATTRIBUTE', source: 'message', destination: '_acmetenant.nowhere' },
      { sourceType: 'EXPRESSION', source: 'frobnicate(x)', destination: '_id' },
    ];
    const before = await bench().platform('GET', `${CONVERSION}/mappingSets?limit=100&start=0`);
    const answer = await post('/mappingSets/validate', set(mappings));
    expect(answer.status).toBe(200);
    expect(answer.json.validationResponse).toEqual([
      { status: 'SUCCESS', errors: null },
      {
        status: 'FAILED',
        errors: [
          {
            destination: '_acmetenant.nowhere',
            exception: expect.stringContaining('_acmetenant.nowhere does not exist'),
            source: 'message',
            columnName: null,
            sourceType: 'ATTRIBUTE',
          },
        ],
      },
      { status: 'FAILED', errors: [expect.objectContaining({ exception: 'Unknown function frobnicate' })] },
    ]);
    const after = await bench().platform('GET', `${CONVERSION}/mappingSets?limit=100&start=0`);
    expect(after.json.data).toHaveLength(before.json.data.length);
  });

  test('the expression language can be asked', async () => {
    expect((await post('/languages/el/validate', { expression: 'lower(x)' })).json.status).toBe('SUCCESS');
    expect((await post('/languages/el/validate', { expression: 'lower(' })).json.status).toBe('FAILED');
    const functions = await bench().platform('GET', `${CONVERSION}/languages/el/functions`);
    expect(functions.json).toContainEqual({ name: 'contains_key' });
    const operators = await bench().platform('GET', `${CONVERSION}/languages/el/operators`);
    expect(operators.json).toContainEqual({ name: '&&' });
  });
});

describe('preview maps sample records', () => {
  test('one answer per record, in order; a failed row says why and the others go on', async () => {
    const mappings = [
      { sourceType: 'EXPRESSION', source: 'upper(a)', destination: '_id' },
      { sourceType: 'EXPRESSION', source: 'date(b, "dd.MM.yyyy")', destination: 'timestamp' },
    ];
    const data = [{ a: 'x', b: '02.05.2024' }, { a: 'y', b: 'soon' }, 'no record'];
    const { status, json } = await post('/mappingSets/preview', { data, mappingSet: set(mappings) });
    expect(status).toBe(200);
    expect(json).toEqual([
      { data: { _id: 'X', timestamp: '2024-05-02T00:00:00.000Z' }, errors: null },
      { data: { _id: 'Y' }, errors: [{ destination: 'timestamp', exception: expect.stringContaining('dd.MM.yyyy') }] },
      { data: null, errors: [{ exception: 'The record is not an object' }] },
    ]);
  });
});

/** The mapping of raw bodies with expressions, to which the sender adds only eventId, occurredAt and kind. */
const RAW_MAPPING = [
  ['ATTRIBUTE', 'eventId', '_id'],
  ['ATTRIBUTE', 'occurredAt', 'timestamp'],
  ['ATTRIBUTE', 'kind', 'eventType'],
  ['ATTRIBUTE', 'visitor.UUID', '_acmetenant.UUID'],
  ...['conversationUUID', 'channelId', 'slackChannelId', 'slackChannelName', 'channelName'].map((name) => [
    'EXPRESSION',
    `iif(contains_key("${name}"), ${name}, nullify())`,
    `_acmetenant.${{ conversationUUID: 'conversation_UUID', channelId: 'channel_ID', slackChannelId: 'slackchannel_ID', slackChannelName: 'slackchannel_name', channelName: 'channel_name' }[name]}`,
  ]),
  [
    'EXPRESSION',
    'iif(contains_key("message"), message, iif(contains_key("textBody"), left(textBody, 6000), nullify()))',
    '_acmetenant.message',
  ],
  [
    'EXPRESSION',
    'iif(visitor.email.equals(""), iif(contains_key("visitorEmail"), iif(visitorEmail.equals(""), nullify(), visitorEmail), nullify()), visitor.email)',
    '_acmetenant.chatlio_email',
  ],
  ['EXPRESSION', 'iif(contains_key("endedAt"), endedAt, nullify())', '_acmetenant.ended_at_raw'],
].map(([sourceType, source, destination]) => ({ sourceType, source, destination }));

describe('raw Chatlio bodies, mapped by expressions', () => {
  const landed = async (bench: Bench, made: Source) => {
    const client = await queryClient(bench);
    const { rows } = await client.query(`SELECT * FROM ${made.table} ORDER BY _id`);
    await client.end();
    return rows;
  };

  test.each(['null', 'rowError'] as const)('all five kinds land with missing attributes as %s', async (missing) => {
    bench().simulator().admin.policy.change({ missingAttributeInMapping: missing });
    const raw = await makeSource(bench(), {
      mappings: RAW_MAPPING,
      tenantFields: { ended_at_raw: { type: 'string' } },
    });
    const bodies = KINDS.map((kind, index) => ({
      ...(fixture(kind, { seed: 3, atMs: Date.now() }) as Record<string, Body>),
      eventId: `${index}${newEventId()}`,
      occurredAt: '2024-05-02T09:31:07.412Z',
      kind: KIND_FACTS[kind].eventType,
    }));
    for (const body of bodies) expect((await raw.post(body)).status).toBe(200);
    await bench().simulator().admin.advance(1_000);
    bench().simulator().admin.policy.change({ missingAttributeInMapping: null });
    const rows = await landed(bench(), raw);
    expect(rows.map((row) => row['_id'])).toEqual(bodies.map(({ eventId }) => eventId));
    const byKind = Object.fromEntries(rows.map((row) => [row.eventtype, row['_acmetenant']]));
    const [conversation, , , offline, transcript] = bodies as Record<string, Body>[];
    expect(byKind['chatlio.newConversation']).toMatchObject({
      UUID: conversation?.['visitor'].UUID,
      conversation_UUID: conversation?.['conversationUUID'],
      slackchannel_ID: conversation?.['slackChannelId'],
      message: conversation?.['message'],
    });
    expect(byKind['chatlio.offlineMessage']).not.toHaveProperty('conversation_UUID');
    expect(byKind['chatlio.offlineMessage'].message).toBe(offline?.['message']);
    expect(byKind['chatlio.transcript'].message).toBe(transcript?.['textBody'].slice(0, 6000));
    expect(byKind['chatlio.transcript'].ended_at_raw).toBe(transcript?.['endedAt']);
  });

  test('the tutorial mapping, which has neither _id nor timestamp, makes no row at all', async () => {
    const seed = await makeSource(bench(), { mappings: DIALECT_A });
    await seed.post(fixture('new-conversation', { seed: 3, atMs: Date.now() }));
    await bench().simulator().admin.advance(1_000);
    const { json } = await bench().platform('GET', `/data/foundation/catalog/batches?dataSet=${seed.datasetId}`);
    expect(Object.values<Body>(json)).toMatchObject([{ status: 'failed', metrics: { recordsFailed: 1 } }]);
  });
});

test('the canonical mapping is valid for the canonical schema', async () => {
  const { json } = await post('/mappingSets/validate', set(CANONICAL_MAPPING));
  expect(json.validationResponse.map(({ status }: Body) => status)).toEqual(CANONICAL_MAPPING.map(() => 'SUCCESS'));
});
