import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { normaliseMappings } from '../../../src/adobe/services/dataPrep.js';
import { clientsOnServer } from '../scriptedServer.js';

let world: Awaited<ReturnType<typeof clientsOnServer>>;
beforeEach(async () => {
  world = await clientsOnServer();
});
afterEach(() => world.close());

const BASE = '/data/foundation/conversion/mappingSets';
const SCHEMA_ID = 'https://ns.adobe.com/acmetenant/schemas/77aa';
const SET = {
  name: 'support-chat',
  schemaId: SCHEMA_ID,
  mappings: [
    { sourceType: 'ATTRIBUTE', source: 'eventId', destination: '_id' },
    { sourceType: 'EXPRESSION', source: 'lower(visitorEmail)', destination: '_acmetenant.chatlio_email' },
  ],
} as const;
const SENT = {
  name: 'support-chat',
  outputSchema: { schemaRef: { id: SCHEMA_ID, contentType: 'application/vnd.adobe.xed-full+json;version=1' } },
  mappings: SET.mappings,
};
const STORED = {
  id: '4b71',
  version: 2,
  name: 'support-chat',
  createdDate: 1_614_901_255_000,
  outputSchema: { id: 'o', version: 0, schemaRef: { id: SCHEMA_ID, contentType: 'x' } },
  mappings: [
    { id: 'm2', version: 0, sourceType: 'text/x.schema-path', source: 'eventId', destination: '_id', identity: false },
    {
      id: 'm1',
      sourceType: 'text/x.aep-xl',
      source: 'lower(visitorEmail)',
      destination: '_acmetenant.chatlio_email',
      sourceAttribute: 'lower(visitorEmail)',
      destinationXdmPath: '_acmetenant.chatlio_email',
    },
  ],
};

describe('mapping sets', () => {
  it('are validated without being stored; every verdict counts, though the status is 200', async () => {
    const errors = [{ destination: '_id', exception: 'unknown path', source: 'eventId', columnName: null }];
    world.server.reply({
      status: 200,
      body: {
        validationResponse: [
          { status: 'SUCCESS', errors: null },
          { status: 'FAILED', errors },
        ],
      },
    });
    expect(await world.clients.dataPrep.validateMappingSet(SET)).toEqual([
      { ok: true, errors: [] },
      { ok: false, errors: ['eventId → _id: unknown path'] },
    ]);
    expect(world.server.requests[0]).toMatchObject({ method: 'POST', url: `${BASE}/validate` });
    expect(JSON.parse(world.server.requests[0]?.body ?? '')).toEqual(SENT);
    world.server.reply('cut');
    await expect(world.clients.dataPrep.validateMappingSet(SET)).rejects.toMatchObject({ effect: 'none' });
  });

  it('are tried on sample records: of each is told whether it comes out, and what its fields cost', async () => {
    const errors = [{ destination: '_acmetenant.chatlio_email', exception: 'not a text' }];
    world.server.reply({
      status: 200,
      body: [
        { data: { _id: '1' }, errors: null },
        { data: { _id: '2' }, errors },
        { data: null, errors: [{ exception: 'The attribute message does not exist' }] },
      ],
    });
    const records = [{ eventId: '1' }, { eventId: '2' }, { eventId: '3' }];
    expect(await world.clients.dataPrep.previewMappingSet(SET, records)).toMatchObject([
      { mapped: true, data: { _id: '1' }, errors: [], failures: [] },
      {
        mapped: true,
        errors: ['_acmetenant.chatlio_email: not a text'],
        failures: [{ destination: '_acmetenant.chatlio_email', said: 'not a text' }],
      },
      {
        mapped: false,
        errors: ['The attribute message does not exist'],
        failures: [{ said: 'The attribute message does not exist' }],
      },
    ]);
    expect(world.server.requests[0]).toMatchObject({ method: 'POST', url: `${BASE}/preview` });
    expect(JSON.parse(world.server.requests[0]?.body ?? '')).toEqual({ data: records, mappingSet: SENT });
  });

  it.each([200, 201])('are created in the current dialect, answered with %i', async (status) => {
    world.server.reply({ status, body: { id: '4b71', version: 0, createdDate: 1, createdBy: 'x' } });
    expect(await world.clients.dataPrep.createMappingSet(SET)).toEqual({ id: '4b71', version: 0 });
    expect(JSON.parse(world.server.requests[0]?.body ?? '')).toEqual(SENT);
  });

  it('are read at a version, which Adobe would take as 0', async () => {
    world.server.reply({ status: 200, body: STORED });
    expect(await world.clients.dataPrep.getMappingSet('4b71', 2)).toEqual({
      id: '4b71',
      version: 2,
      name: 'support-chat',
      schemaId: SCHEMA_ID,
      mappings: normaliseMappings(SET.mappings),
      createdAt: 1_614_901_255_000,
    });
    expect(world.server.requests[0]?.url).toBe(`${BASE}/4b71?version=2`);
    world.server.reply({ status: 404 });
    expect(await world.clients.dataPrep.getMappingSet('4b71', 2)).toBeUndefined();
  });

  it('are listed page by page and compared by their exact name', async () => {
    const full = Array.from({ length: 100 }, () => ({ ...STORED, name: 'support-chat-2' }));
    world.server.reply(
      { status: 200, body: { data: full, _page: { count: 100, limit: 100 } } },
      { status: 200, body: { data: [{ ...STORED, createdDate: '2021-03-04T23:40:55.000Z' }] } },
    );
    const found = await world.clients.dataPrep.listMappingSets({ name: 'support-chat' });
    expect(found).toHaveLength(1);
    expect(found[0]?.createdAt).toBe(Date.parse('2021-03-04T23:40:55.000Z'));
    expect(world.server.requests.map(({ url }) => url)).toEqual([
      `${BASE}?name=support-chat&limit=100&start=0`,
      `${BASE}?name=support-chat&limit=100&start=100`,
    ]);
  });

  it('are replaced by a new version', async () => {
    world.server.reply({ status: 200, body: { ...STORED, version: 3 } });
    expect(await world.clients.dataPrep.replaceMappingSet('4b71', SET)).toEqual({ id: '4b71', version: 3 });
    expect(world.server.requests[0]).toMatchObject({ method: 'PUT', url: `${BASE}/4b71` });
  });

  it.each([
    [200, 'deleted'],
    [204, 'deleted'],
    [404, 'absent'],
    [405, 'not-supported'],
  ])('whose delete is answered with %i are %s', async (status, expected) => {
    world.server.reply({ status });
    expect(await world.clients.dataPrep.deleteMappingSet('4b71')).toBe(expected);
  });
});

describe('mappings of different dialects', () => {
  it('are the same in one form and order', () => {
    const oldest = [
      { sourceAttribute: 'b', destinationXdmPath: '_t.b', identity: false, version: 0 },
      { sourceAttribute: 'a', destinationXdmPath: '_t.a', identity: false, version: 0 },
    ];
    const current = [
      { sourceType: 'ATTRIBUTE', source: 'a', destination: '_t.a' },
      { sourceType: 'ATTRIBUTE', source: 'b', destination: '_t.b' },
    ];
    expect(normaliseMappings(oldest)).toEqual(current);
    expect(normaliseMappings(current)).toEqual(current);
    expect(normaliseMappings(STORED.mappings)).toEqual(normaliseMappings(SET.mappings));
  });

  it('of a type that is not known are not taken for paths', () => {
    const stored = { sourceType: 'text/x.other', source: 'a', destination: '_t.a' };
    expect(normaliseMappings([stored, 'no mapping'])).toEqual([
      { sourceType: 'UNKNOWN', source: '', destination: '' },
      { sourceType: 'UNKNOWN', source: 'a', destination: '_t.a' },
    ]);
  });

  it('differ by source, destination and type', () => {
    const one = { sourceType: 'ATTRIBUTE', source: 'a', destination: '_t.a' };
    for (const other of [{ source: 'b' }, { destination: '_t.b' }, { sourceType: 'EXPRESSION' }]) {
      expect(normaliseMappings([{ ...one, ...other }])).not.toEqual(normaliseMappings([one]));
    }
  });
});
