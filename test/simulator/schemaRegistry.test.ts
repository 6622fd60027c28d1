import { describe, expect, test } from 'vitest';
import { EXPERIENCE_EVENT, fieldGroupBody, makeDataset, makeSchema, schemaBody } from './provisioned.js';
import { REGISTRY, withSimulator, type Answer } from './simulated.js';

const simulated = withSimulator();

const LIST = { accept: 'application/vnd.adobe.xed-id+json' };
const LOOKUP = { accept: 'application/vnd.adobe.xed+json; version=1' };
const RESOLVED = { accept: 'application/vnd.adobe.xed-full+json;version=1' };

const get = (path: string, headers: Record<string, string | undefined> = LOOKUP) =>
  simulated().call('GET', REGISTRY + path, { headers });
const post = (path: string, body: unknown) => simulated().call('POST', REGISTRY + path, { body });

function codeOf({ json }: Answer): string {
  return String(json['type']).replace('http://ns.adobe.com/aep/errors/', '');
}

test('stats tell the tenant without an underscore, with and without a slash at the end', async () => {
  await makeSchema(simulated());
  for (const path of ['/stats', '/stats/']) {
    const { status, json } = await get(path, {});
    expect(status).toBe(200);
    expect(json).toMatchObject({ tenantId: 'acmetenant', counts: { schemas: 1, mixins: 1 } });
    expect(json['recentlyCreatedResources']).toHaveLength(2);
    expect(json['recentlyCreatedResources'][0]['meta:created']).toMatch(
      /^\w{3} \w{3} \d\d \d{4} \d\d:\d\d:\d\d GMT\+0000 \(UTC\)$/,
    );
  }
});

describe('a field group', () => {
  test('is answered with what the registry adds', async () => {
    const { status, json } = await post('/tenant/fieldgroups', fieldGroupBody());
    expect(status).toBe(201);
    const hex = /mixins\/([0-9a-f]{48})$/.exec(json['$id'])?.[1];
    expect(json).toMatchObject({
      $id: `https://ns.adobe.com/acmetenant/mixins/${hex}`,
      'meta:altId': `_acmetenant.mixins.${hex}`,
      'meta:resourceType': 'mixins',
      version: '1.0',
      'meta:extensible': true,
      'meta:abstract': true,
      'meta:containerId': 'tenant',
      'meta:tenantNamespace': '_acmetenant',
      'meta:sandboxType': 'production',
      imsOrg: simulated().credentials.orgId,
      allOf: [{ $ref: '#/definitions/chats', type: 'object', 'meta:xdmType': 'object' }],
    });
    const fields = json['definitions']['chats']['properties']['_acmetenant'];
    expect(fields['meta:xdmType']).toBe('object');
    expect(fields['properties']).toMatchObject({
      visitorId: { 'meta:xdmType': 'string' },
      rating: { 'meta:xdmType': 'int' },
      startedAt: { 'meta:xdmType': 'date-time' },
    });
    expect(json['meta:registryMetadata']['eTag']).toMatch(/^[0-9a-f]{64}$/);
  });

  test('may leave its type to the parts that it is made of', async () => {
    const { type: _none, ...body } = fieldGroupBody('Built by a client');
    const allOf = [{ $ref: '#/definitions/chats', type: 'object', 'meta:xdmType': 'object' }];
    const { status, json } = await post('/tenant/fieldgroups', { ...body, allOf });
    expect([status, json['type'], json['allOf']]).toEqual([201, 'object', allOf]);
  });

  const grouped = (properties: object) => ({ ...fieldGroupBody(), definitions: { chats: { properties } } });
  test.each<[string, unknown, string]>([
    ['a field beside the tenant node', grouped({ visitorId: { type: 'string' } }), 'XDM-1021-400'],
    ['another tenant', grouped({ _other: { type: 'object' } }), 'XDM-1021-400'],
    ['a field that begins with an underscore', fieldGroupBody('t', { _visitor: { type: 'string' } }), 'XDM-1022-400'],
    ['a field with a space', fieldGroupBody('t', { 'visitor id': { type: 'string' } }), 'XDM-1022-400'],
    ['an unknown type', fieldGroupBody('t', { visitor: { type: 'text' } }), 'XDM-1400-400'],
    ['no title', { ...fieldGroupBody(), title: undefined }, 'XDM-1400-400'],
    ['no type', { ...fieldGroupBody(), type: undefined }, 'XDM-1400-400'],
    ['no class', { ...fieldGroupBody(), 'meta:intendedToExtend': [] }, 'XDM-1400-400'],
    ['an unknown class', { ...fieldGroupBody(), 'meta:intendedToExtend': ['https://x/y'] }, 'XDM-1401-400'],
    ['a reference to no block', { ...fieldGroupBody(), allOf: [{ $ref: '#/definitions/none' }] }, 'XDM-1401-400'],
    ['no object', [], 'XDM-1400-400'],
  ])('with %s is refused', async (_, body, code) => {
    const answer = await post('/tenant/fieldgroups', body);
    expect([answer.status, codeOf(answer)]).toEqual([400, code]);
  });
});

describe('a schema', () => {
  test('is answered with its class, what it extends and what a record must have', async () => {
    const { fieldGroupId } = await makeSchema(simulated());
    const { status, json } = await post('/tenant/schemas', schemaBody(fieldGroupId, 'Another'));
    expect(status).toBe(201);
    expect(json).toMatchObject({
      'meta:resourceType': 'schemas',
      'meta:extensible': false,
      'meta:abstract': false,
      'meta:class': EXPERIENCE_EVENT,
      required: ['@id', 'xdm:timestamp'],
      refs: [EXPERIENCE_EVENT, fieldGroupId],
    });
    expect(json['meta:extends']).toEqual([EXPERIENCE_EVENT, 'https://ns.adobe.com/xdm/data/time-series', fieldGroupId]);
    expect(json['meta:altId']).toMatch(/^_acmetenant\.schemas\.[0-9a-f]{48}$/);
  });

  test.each<[string, (fieldGroupId: string) => readonly string[]]>([
    ['no class', (id) => [id]],
    ['two classes', (id) => [EXPERIENCE_EVENT, 'https://ns.adobe.com/xdm/context/profile', id]],
    ['an unknown field group', () => [EXPERIENCE_EVENT, 'https://ns.adobe.com/acmetenant/mixins/none']],
    ['a field group for another class', (id) => ['https://ns.adobe.com/xdm/context/profile', id]],
  ])('of %s is refused', async (_, refs) => {
    const { fieldGroupId } = await makeSchema(simulated());
    const allOf = refs(fieldGroupId).map(($ref) => ({ $ref }));
    expect(await post('/tenant/schemas', { ...schemaBody('', 'Another'), allOf })).toMatchObject({ status: 400 });
  });
});

test('titles are unique across all types, and the refusal names the holder', async () => {
  const { fieldGroupId, schemaId } = await makeSchema(simulated(), 'Taken');
  const detail = `Object titles must be unique. An object ${schemaId} already exists with the same title`;
  for (const answer of [
    await post('/tenant/schemas', schemaBody(fieldGroupId, 'Taken')),
    await post('/tenant/fieldgroups', fieldGroupBody('Taken')),
  ]) {
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      type: 'http://ns.adobe.com/aep/errors/XDM-1521-400',
      title: 'Title not unique',
      status: 400,
      report: { 'detailed-message': detail, 'sub-errors': [] },
      detail,
    });
  }
});

describe('Accept headers', () => {
  test.each<[string, string | undefined, number | string]>([
    ['/tenant/schemas', 'application/vnd.adobe.xed-id+json', 200],
    ['/tenant/schemas', 'application/vnd.adobe.xdm+json', 200],
    ['/tenant/schemas', 'application/vnd.adobe.xed+json; version=1', 'XDM-1006-400'],
    ['/tenant/schemas', 'application/json', 'XDM-1006-400'],
    ['/tenant/schemas/SCHEMA', 'application/vnd.adobe.xed+json; version=1', 200],
    ['/tenant/schemas/SCHEMA', 'application/vnd.adobe.xed-full-notext+json;version=1', 200],
    ['/tenant/schemas/SCHEMA', 'application/vnd.adobe.xed-deprecatefield+json; version=1', 200],
    ['/tenant/schemas/SCHEMA', 'application/vnd.adobe.xed+json', 'XDM-1007-400'],
    ['/tenant/schemas/SCHEMA', undefined, 'XDM-1007-400'],
    ['/tenant/schemas/SCHEMA', 'application/vnd.adobe.xed+json; version=2', 'XDM-1012-404'],
    ['/tenant/descriptors', 'application/vnd.adobe.xdm-link+json', 200],
    ['/tenant/descriptors', 'application/vnd.adobe.xdm-v2+json', 200],
    ['/tenant/descriptors', 'application/json', 'XDM-1008-400'],
    ['/tenant/descriptors/DESCRIPTOR', undefined, 200],
    ['/tenant/descriptors/DESCRIPTOR', 'application/vnd.adobe.cmp+json', 'XDM-1009-400'],
  ])('%s with %s: %s', async (path, accept, expected) => {
    const { schemaAltId, schemaId } = await makeSchema(simulated());
    const descriptor = await post('/tenant/descriptors', identityBody(schemaId));
    const at = path.replace('SCHEMA', schemaAltId).replace('DESCRIPTOR', descriptor.json['@id']);
    const answer = await get(at, { accept });
    expect(answer.status === 200 ? 200 : codeOf(answer)).toBe(expected);
  });

  test('choose the shape of a lookup', async () => {
    const { schemaAltId, schemaId } = await makeSchema(simulated());
    const raw = (await get(`/tenant/schemas/${schemaAltId}`)).json;
    expect(raw['allOf']).toHaveLength(2);
    expect(raw['required']).toEqual(['_id', 'timestamp']);
    // By the percent-encoded id as well.
    const resolved = (await get(`/tenant/schemas/${encodeURIComponent(schemaId)}`, RESOLVED)).json;
    expect(resolved['allOf']).toBeUndefined();
    expect(Object.keys(resolved['properties'])).toEqual(
      expect.arrayContaining(['_id', 'timestamp', 'eventType', '_acmetenant']),
    );
    const plain = (
      await get(`/tenant/schemas/${schemaAltId}`, { accept: 'application/vnd.adobe.xed-full-notext+json;version=1' })
    ).json;
    expect(plain['properties']['_acmetenant']['properties']['visitorId']).not.toHaveProperty('title');
  });
});

describe('lists', () => {
  const titles = ['Ash', 'Birch', 'Cedar', 'Dogwood'];
  const makeMany = async () => {
    for (const title of titles) await post('/tenant/fieldgroups', fieldGroupBody(title));
  };
  const list = async (query: string) => (await get(`/tenant/fieldgroups${query}`, LIST)).json;

  test('have short rows', async () => {
    await makeMany();
    const { results, _page } = await list('');
    expect(Object.keys(results[0]).sort()).toEqual(['$id', 'meta:altId', 'title', 'version']);
    expect(_page).toEqual({ orderby: 'updated', next: null, count: 4 });
  });

  test.each([
    ['?property=title==Cedar', ['Cedar']],
    [`?property=${encodeURIComponent('title!=Cedar')}&orderby=title`, ['Ash', 'Birch', 'Dogwood']],
    [`?property=meta:intendedToExtend==${encodeURIComponent(EXPERIENCE_EVENT)}&orderby=-title`, [...titles].reverse()],
    ['?property=title==cedar', []],
    [`?property=${encodeURIComponent('title>Birch')}&orderby=title`, ['Cedar', 'Dogwood']],
    ['?property=imsOrg&orderby=title&limit=2', ['Ash', 'Birch']],
  ])('%s', async (query, expected) => {
    await makeMany();
    const { results } = await list(query);
    expect((results as ReadonlyArray<{ title: string }>).map(({ title }) => title)).toEqual(expected);
  });

  test('are paged by the last value of the page before', async () => {
    await makeMany();
    const seen: string[] = [];
    let start: string | null = '';
    while (start !== null) {
      const { results, _page }: { results: ReadonlyArray<{ title: string }>; _page: { next: string | null } } =
        await list(`?orderby=title&limit=3${start === '' ? '' : `&start=${start}`}`);
      seen.push(...results.map(({ title }) => title));
      start = _page.next;
    }
    expect(seen).toEqual(titles);
  });
});

describe('a change', () => {
  const patch = (path: string, body: unknown) => simulated().call('PATCH', REGISTRY + path, { body });

  test('bumps the minor version and keeps the ids', async () => {
    const { fieldGroupAltId, fieldGroupId } = await makeSchema(simulated());
    const path = `/tenant/fieldgroups/${fieldGroupAltId}`;
    const patched = await patch(path, [{ op: 'add', path: '/description', value: 'new' }]);
    expect(patched).toMatchObject({ status: 200, json: { $id: fieldGroupId, version: '1.1', description: 'new' } });
    const replaced = await simulated().call('PUT', REGISTRY + path, { body: fieldGroupBody('Renamed') });
    expect(replaced).toMatchObject({ status: 200, json: { $id: fieldGroupId, version: '1.2', title: 'Renamed' } });
  });

  const FIELDS = '/definitions/chats/properties/_acmetenant/properties';
  test.each<[string, unknown, boolean]>([
    ['a field more', { op: 'add', path: `${FIELDS}/wait`, value: { type: 'number' } }, true],
    ['a field less', { op: 'remove', path: `${FIELDS}/rating` }, false],
    ['another type', { op: 'replace', path: `${FIELDS}/rating/type`, value: 'string' }, false],
    [
      'a field required',
      { op: 'add', path: '/definitions/chats/properties/_acmetenant/required', value: ['rating'] },
      false,
    ],
  ])('%s, once a dataset uses the schema', async (_, operation, isTaken) => {
    const { fieldGroupAltId, schemaId } = await makeSchema(simulated());
    const path = `/tenant/fieldgroups/${fieldGroupAltId}`;
    await makeDataset(simulated(), schemaId);
    const answer = await patch(path, [operation]);
    expect(answer.status).toBe(isTaken ? 200 : 400);
    expect((await get(path)).json['version']).toBe(isTaken ? '1.1' : '1.0');
  });

  test.each<[string, { op: string; path: string; value?: unknown }, boolean]>([
    ['a member more', { op: 'add', path: '/items/properties/mood', value: { type: 'string' } }, true],
    ['a member less', { op: 'remove', path: '/items/properties/said' }, false],
    ['a member of another type', { op: 'replace', path: '/items/properties/said/type', value: 'number' }, false],
    ['elements of another type', { op: 'replace', path: '/items', value: { type: 'string' } }, false],
  ])('%s in the elements of a list, once a dataset uses the schema', async (_, { path, ...operation }, isTaken) => {
    const { fieldGroupAltId, schemaId } = await makeSchema(simulated());
    const group = `/tenant/fieldgroups/${fieldGroupAltId}`;
    const items = { type: 'object', properties: { said: { type: 'string' } } };
    await patch(group, [{ op: 'add', path: `${FIELDS}/talk`, value: { type: 'array', items } }]);
    await makeDataset(simulated(), schemaId);
    expect((await patch(group, [{ ...operation, path: `${FIELDS}/talk${path}` }])).status).toBe(isTaken ? 200 : 400);
  });

  test.each([
    ['no type', { type: 'array', items: {} }],
    ['an unknown type', { type: 'array', items: { type: 'text' } }],
    [
      'a member of an unknown type',
      { type: 'array', items: { type: 'object', properties: { said: { type: 'text' } } } },
    ],
    ['lists without elements', { type: 'array', items: { type: 'array' } }],
  ])('a list whose elements have %s is refused', async (_, value) => {
    const { fieldGroupAltId } = await makeSchema(simulated());
    const answer = await patch(`/tenant/fieldgroups/${fieldGroupAltId}`, [
      { op: 'add', path: `${FIELDS}/talk`, value },
    ]);
    expect(answer.status).toBe(400);
  });

  test('may be destructive while there is no dataset', async () => {
    const { fieldGroupAltId } = await makeSchema(simulated());
    const answer = await patch(`/tenant/fieldgroups/${fieldGroupAltId}`, [{ op: 'remove', path: `${FIELDS}/rating` }]);
    expect(answer.status).toBe(200);
  });

  test('never takes the union tag away', async () => {
    const { schemaAltId } = await makeSchema(simulated());
    const path = `/tenant/schemas/${schemaAltId}`;
    await patch(path, [{ op: 'add', path: '/meta:immutableTags', value: ['union'] }]);
    expect((await patch(path, [{ op: 'remove', path: '/meta:immutableTags' }])).status).toBe(400);
    expect((await simulated().call('DELETE', REGISTRY + path)).status).toBe(400);
  });
});

describe('delete', () => {
  const remove = (path: string) => simulated().call('DELETE', REGISTRY + path);

  test('takes what nothing uses, and GET is 404 afterwards', async () => {
    const { schemaAltId, fieldGroupAltId, schemaId } = await makeSchema(simulated());
    expect((await remove(`/tenant/fieldgroups/${fieldGroupAltId}`)).status).toBe(400);
    expect((await remove(`/tenant/schemas/${schemaAltId}`)).status).toBe(204);
    expect((await remove(`/tenant/fieldgroups/${fieldGroupAltId}`)).status).toBe(204);
    const gone = await get(`/tenant/schemas/${encodeURIComponent(schemaId)}`);
    expect([gone.status, codeOf(gone)]).toEqual([404, 'XDM-1012-404']);
    expect(gone.json['detail']).toBe(`The requested schema resource ${schemaId} with version 1 is not found.`);
    expect((await remove(`/tenant/schemas/${schemaAltId}`)).status).toBe(404);
  });

  test('refuses a schema that a dataset uses', async () => {
    const { schemaAltId, schemaId } = await makeSchema(simulated());
    await makeDataset(simulated(), schemaId);
    expect((await remove(`/tenant/schemas/${schemaAltId}`)).status).toBe(400);
  });
});

const identityBody = (schemaId: string, changes: Record<string, unknown> = {}) => ({
  '@type': 'xdm:descriptorIdentity',
  'xdm:sourceSchema': schemaId,
  'xdm:sourceVersion': 1,
  'xdm:sourceProperty': '/_acmetenant/visitorId',
  'xdm:namespace': 'CRMID',
  'xdm:property': 'xdm:code',
  'xdm:isPrimary': false,
  ...changes,
});

describe('an identity descriptor', () => {
  test('is echoed with an id, listed by type, replaced and deleted', async () => {
    const { schemaId } = await makeSchema(simulated());
    const made = await post('/tenant/descriptors', identityBody(schemaId));
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({ ...identityBody(schemaId), 'meta:containerId': 'tenant' });
    const path = `/tenant/descriptors/${made.json['@id']}`;
    const list = (accept: string) => get('/tenant/descriptors', { accept: `application/vnd.adobe.${accept}+json` });
    expect((await list('xdm')).json).toEqual({ 'xdm:descriptorIdentity': [made.json] });
    expect((await list('xdm-id')).json).toEqual({ 'xdm:descriptorIdentity': [made.json['@id']] });
    expect((await list('xdm-link')).json).toEqual({ 'xdm:descriptorIdentity': [path] });
    const filtered = async (filter: string) => {
      const accept = 'application/vnd.adobe.xdm-v2+json';
      const { json } = await get(`/tenant/descriptors?property=${encodeURIComponent(filter)}`, { accept });
      return json['results'];
    };
    const ofSchema = `@type==xdm:descriptorIdentity,xdm:sourceSchema==${schemaId}`;
    expect(await filtered(ofSchema)).toEqual([made.json]);
    expect(await filtered(`${ofSchema}s`)).toEqual([]);
    const body = identityBody(schemaId, { 'xdm:isPrimary': true });
    expect((await simulated().call('PUT', REGISTRY + path, { body })).status).toBe(201);
    expect((await get(path, {})).json['xdm:isPrimary']).toBe(true);
    expect((await simulated().call('DELETE', REGISTRY + path)).status).toBe(204);
    expect((await get(path, {})).status).toBe(404);
  });

  test.each<[string, Record<string, unknown>]>([
    ['a field that is not there', { 'xdm:sourceProperty': '/_acmetenant/nobody' }],
    ['a field that is no text', { 'xdm:sourceProperty': '/_acmetenant/rating' }],
    ['a namespace that is not there', { 'xdm:namespace': 'Moonwalkers' }],
    ['a schema that is not there', { 'xdm:sourceSchema': 'https://ns.adobe.com/acmetenant/schemas/none' }],
    ['no word whether it is primary', { 'xdm:isPrimary': undefined }],
    ['another version', { 'xdm:sourceVersion': 2 }],
    ['an unknown type', { '@type': 'xdm:wish' }],
  ])('with %s is refused', async (_, changes) => {
    const { schemaId } = await makeSchema(simulated());
    expect(await post('/tenant/descriptors', identityBody(schemaId, changes))).toMatchObject({ status: 400 });
  });

  test('is the only primary one of its schema', async () => {
    const { schemaId } = await makeSchema(simulated());
    const primary = identityBody(schemaId, { 'xdm:isPrimary': true });
    expect((await post('/tenant/descriptors', primary)).status).toBe(201);
    expect((await post('/tenant/descriptors', { ...primary, 'xdm:namespace': 'ECID' })).status).toBe(400);
    expect((await post('/tenant/descriptors', identityBody(schemaId, { 'xdm:namespace': 'ECID' }))).status).toBe(201);
  });

  test.each([
    ['refuse', 400],
    ['accept', 201],
  ] as const)('a second time, with the policy %s, is answered %i', async (duplicateIdentityDescriptor, status) => {
    simulated().admin.policy.change({ duplicateIdentityDescriptor });
    const { schemaId } = await makeSchema(simulated());
    await post('/tenant/descriptors', identityBody(schemaId));
    expect((await post('/tenant/descriptors', identityBody(schemaId))).status).toBe(status);
  });
});

test("Adobe's own resources stand in the global container", async () => {
  const classes = (await get('/global/classes/', LIST)).json['results'] as ReadonlyArray<{ $id: string }>;
  expect(classes.map(({ $id }) => $id)).toContain(EXPERIENCE_EVENT);
  const resolved = await get(`/global/classes/${encodeURIComponent(EXPERIENCE_EVENT)}`, RESOLVED);
  expect(resolved.json['required']).toEqual(['_id', 'timestamp']);
  expect((await get('/global/classes/_xdm.context.experienceevent')).status).toBe(200);
});
