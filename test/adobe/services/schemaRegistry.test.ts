import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientsOnServer } from '../scriptedServer.js';

let world: Awaited<ReturnType<typeof clientsOnServer>>;
beforeEach(async () => {
  world = await clientsOnServer();
});
afterEach(() => world.close());

const BASE = '/data/foundation/schemaregistry';
const FIELD_GROUP = {
  $id: 'https://ns.adobe.com/acmetenant/mixins/4f1c',
  'meta:altId': '_acmetenant.mixins.4f1c',
  'meta:resourceType': 'mixins',
  version: '1.0',
  title: 'Chatlio Event Details',
  description: 'Fields of Chatlio events',
  type: 'object',
  'meta:intendedToExtend': ['https://ns.adobe.com/xdm/context/experienceevent'],
  'meta:registryMetadata': { 'repo:createdDate': 1_700_000_000_001, eTag: 'ab' },
};
const SCHEMA = {
  $id: 'https://ns.adobe.com/acmetenant/schemas/77aa',
  'meta:altId': '_acmetenant.schemas.77aa',
  title: 'Chatlio Events',
  'meta:class': 'https://ns.adobe.com/xdm/context/experienceevent',
  'meta:extends': ['https://ns.adobe.com/xdm/context/experienceevent', FIELD_GROUP.$id],
  allOf: [{ $ref: FIELD_GROUP.$id }],
};
const NOT_FOUND = {
  status: 404,
  body: { type: 'http://ns.adobe.com/aep/errors/XDM-1012-404', title: 'Resource not found', status: 404 },
};

describe('tenant', () => {
  it('comes without its underscore', async () => {
    world.server.reply({ status: 200, body: { imsOrg: 'x', tenantId: 'acmetenant', counts: {}, classUsage: [] } });
    expect((await world.clients.schemaRegistry.stats()).tenantId).toBe('acmetenant');
    expect(world.server.requests[0]?.url).toBe(`${BASE}/stats`);
  });
});

describe('lists', () => {
  it('ask for full bodies without a version, and filter by an encoded title', async () => {
    world.server.reply({ status: 200, body: { results: [FIELD_GROUP], _page: { next: null } } });
    const found = await world.clients.schemaRegistry.listFieldGroups({ title: 'Chatlio Event Details' });
    expect(found).toEqual([
      {
        id: FIELD_GROUP.$id,
        altId: '_acmetenant.mixins.4f1c',
        title: 'Chatlio Event Details',
        description: 'Fields of Chatlio events',
        intendedToExtend: ['https://ns.adobe.com/xdm/context/experienceevent'],
        extends: [],
        createdAt: 1_700_000_000_001,
        body: FIELD_GROUP,
      },
    ]);
    const [request] = world.server.requests;
    expect(request?.url).toBe(`${BASE}/tenant/fieldgroups?orderby=title&property=title%3D%3DChatlio%20Event%20Details`);
    expect(request?.headers.accept).toBe('application/vnd.adobe.xed+json');
  });

  it('follow the pages by the last sort value', async () => {
    world.server.reply(
      { status: 200, body: { results: [{ ...SCHEMA, title: 'A & B' }], _page: { orderby: 'title', next: 'A & B' } } },
      { status: 200, body: { results: [SCHEMA], _page: { orderby: 'title', next: null } } },
    );
    const found = await world.clients.schemaRegistry.listSchemas();
    expect(found.map((schema) => schema.title)).toEqual(['A & B', 'Chatlio Events']);
    expect(found[1]?.extends).toEqual(['https://ns.adobe.com/xdm/context/experienceevent', FIELD_GROUP.$id]);
    expect(world.server.requests[1]?.url).toBe(`${BASE}/tenant/schemas?orderby=title&start=A%20%26%20B`);
  });

  it('end when a page leads nowhere', async () => {
    world.server.reply({ status: 200, body: { results: [SCHEMA], _page: { next: 'stuck' } } });
    expect(await world.clients.schemaRegistry.listSchemas()).toHaveLength(2);
  });

  it('keep only exactly the title that was asked for', async () => {
    const results = [SCHEMA, { ...SCHEMA, title: 'Chatlio Events 2' }];
    world.server.reply({ status: 200, body: { results } });
    expect(await world.clients.schemaRegistry.listSchemas({ title: 'Chatlio Events' })).toHaveLength(1);
  });
});

describe('one resource', () => {
  it('is looked up with a version, by $id percent-encoded or by altId', async () => {
    world.server.reply({ status: 200, body: SCHEMA });
    await world.clients.schemaRegistry.getSchema(SCHEMA.$id, { full: true });
    await world.clients.schemaRegistry.getFieldGroup('_acmetenant.mixins.4f1c');
    expect(world.server.requests.map(({ url, headers }) => [url, headers.accept])).toEqual([
      [
        `${BASE}/tenant/schemas/https%3A%2F%2Fns.adobe.com%2Facmetenant%2Fschemas%2F77aa`,
        'application/vnd.adobe.xed-full+json; version=1',
      ],
      [`${BASE}/tenant/fieldgroups/_acmetenant.mixins.4f1c`, 'application/vnd.adobe.xed+json; version=1'],
    ]);
  });

  it('is undefined when there is none', async () => {
    world.server.reply(NOT_FOUND);
    expect(await world.clients.schemaRegistry.getSchema('_acmetenant.schemas.0')).toBeUndefined();
  });

  it.each([
    { type: 'https://ns.adobe.com/aep/errors/FLOW-2100-404', title: 'Sandbox not found', status: 404 },
    { type: '/placeholder/type/uri', title: 'Sandbox not found', status: 404 },
  ])('is not "none" when the sandbox is unknown', async (body) => {
    world.server.reply({ status: 404, body });
    await expect(world.clients.schemaRegistry.getSchema('x')).rejects.toMatchObject({
      error: { title: 'Sandbox not found' },
    });
  });

  it('is created as given, and read back with its ids', async () => {
    world.server.reply({ status: 201, body: { ...FIELD_GROUP, 'meta:altId': undefined } });
    const created = await world.clients.schemaRegistry.createFieldGroup({ title: 'Chatlio Event Details' });
    expect(created).toMatchObject({ id: FIELD_GROUP.$id, altId: '_acmetenant.mixins.4f1c' });
    expect(world.server.requests[0]).toMatchObject({ method: 'POST', url: `${BASE}/tenant/fieldgroups` });
    expect(JSON.parse(world.server.requests[0]?.body ?? '')).toEqual({ title: 'Chatlio Event Details' });
  });

  it('tells on delete whether it was there', async () => {
    world.server.reply({ status: 204 }, NOT_FOUND);
    expect(await world.clients.schemaRegistry.deleteSchema('_acmetenant.schemas.77aa')).toBe(true);
    expect(await world.clients.schemaRegistry.deleteFieldGroup('_acmetenant.mixins.4f1c')).toBe(false);
    expect(world.server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `DELETE ${BASE}/tenant/schemas/_acmetenant.schemas.77aa`,
      `DELETE ${BASE}/tenant/fieldgroups/_acmetenant.mixins.4f1c`,
    ]);
  });
});

describe('descriptors', () => {
  const stored = {
    '@id': 'd1',
    '@type': 'xdm:descriptorIdentity',
    'xdm:sourceSchema': SCHEMA.$id,
    'xdm:sourceVersion': 1,
    'xdm:sourceProperty': '/_acmetenant/UUID',
    'xdm:namespace': 'ChatlioVisitor',
    'xdm:isPrimary': false,
  };
  const expected = {
    id: 'd1',
    type: 'xdm:descriptorIdentity',
    sourceSchema: SCHEMA.$id,
    sourceProperty: '/_acmetenant/UUID',
    namespace: 'ChatlioVisitor',
    isPrimary: false,
  };

  it.each([
    ['by type', { 'xdm:descriptorIdentity': [stored, { ...stored, 'xdm:sourceSchema': 'other' }] }],
    ['as results', { results: [stored], _page: { count: 1 } }],
  ])('are listed of one schema, %s', async (_name, body) => {
    world.server.reply({ status: 200, body });
    expect(await world.clients.schemaRegistry.listDescriptors(SCHEMA.$id)).toEqual([expected]);
    expect(world.server.requests[0]?.headers.accept).toBe('application/vnd.adobe.xdm+json');
  });

  it('are created with the schema version and the namespace as a code', async () => {
    world.server.reply({ status: 201, body: stored });
    const { sourceSchema, sourceProperty, namespace, isPrimary } = expected;
    const descriptor = { sourceSchema, sourceProperty, namespace, isPrimary };
    expect(await world.clients.schemaRegistry.createDescriptor(descriptor)).toEqual(expected);
    expect(JSON.parse(world.server.requests[0]?.body ?? '')).toEqual({
      '@type': 'xdm:descriptorIdentity',
      'xdm:sourceSchema': SCHEMA.$id,
      'xdm:sourceVersion': 1,
      'xdm:sourceProperty': '/_acmetenant/UUID',
      'xdm:namespace': 'ChatlioVisitor',
      'xdm:property': 'xdm:code',
      'xdm:isPrimary': false,
    });
  });
});
