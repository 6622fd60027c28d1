import { describe, expect, test } from 'vitest';
import { datasetBody, makeDataset, makeParts, makeSchema } from './provisioned.js';
import { CATALOG, withSimulator, type Call } from './simulated.js';

const simulated = withSimulator();

const call = (method: string, path: string, more?: Call) => simulated().call(method, CATALOG + path, more);
const read = async (id: string) => (await call('GET', `/dataSets/${id}`)).json[id];

test('a new dataset is answered with a reference and read under its id', async () => {
  const { schemaId } = await makeSchema(simulated());
  const made = await call('POST', '/dataSets?requestDataSource=true', {
    body: datasetBody(schemaId, 'Desk chats 2026'),
  });
  expect(made.status).toBe(201);
  expect(made.json).toEqual([expect.stringMatching(/^@\/dataSets\/[0-9a-f]{24}$/)]);
  const id = String(made.json[0]).slice('@/dataSets/'.length);
  expect(made.headers.get('location')).toBe(`${simulated().baseUrl}${CATALOG}/dataSets/${id}`);
  const answer = await call('GET', `/dataSets/${id}`);
  expect(answer.headers.get('e-tag')).toBe('1.0.0');
  expect(Object.keys(answer.json)).toEqual([id]);
  expect(answer.json[id]).toMatchObject({
    version: '1.0.0',
    name: 'Desk chats 2026',
    state: 'DRAFT',
    schemaRef: { id: schemaId },
    tags: { team: ['help-desk'], 'adobe/pqs/table': ['desk_chats_2026'] },
    classification: { dataBehavior: 'time-series', managedBy: 'CUSTOMER' },
    fileDescription: { persisted: true, containerFormat: 'parquet', format: 'parquet' },
    files: `@/dataSets/${id}/views/${answer.json[id]['viewId']}/files`,
  });
});

describe('a dataset is refused with', () => {
  test.each<[string, (schemaId: string) => unknown]>([
    ['no name', (id) => ({ ...datasetBody(id), name: undefined })],
    ['no schema', () => ({ name: 'x' })],
    ['an unknown schema', () => datasetBody('https://ns.adobe.com/acmetenant/schemas/none')],
    ['a strange content type', (id) => ({ ...datasetBody(id), schemaRef: { id, contentType: 'application/json' } })],
    ['a tag that is no list', (id) => ({ ...datasetBody(id), tags: { team: 'desk' } })],
  ])('%s', async (_, body) => {
    const { schemaId } = await makeSchema(simulated());
    const answer = await call('POST', '/dataSets', { body: body(schemaId) });
    expect(answer).toMatchObject({ status: 400, json: { type: '/placeholder/type/uri', title: 'BadRequestError' } });
  });
});

test('a schema that has not reached Catalog yet is refused for a while', async () => {
  simulated().admin.policy.change({ schemaVisibilityLagMs: 20_000 });
  const { schemaId } = await makeSchema(simulated());
  expect((await call('POST', '/dataSets', { body: datasetBody(schemaId) })).status).toBe(400);
  await simulated().admin.advance(20_000);
  expect((await call('POST', '/dataSets', { body: datasetBody(schemaId) })).status).toBe(201);
});

test('names may be used twice, tables may not', async () => {
  const { schemaId } = await makeSchema(simulated());
  const ids = [await makeDataset(simulated(), schemaId), await makeDataset(simulated(), schemaId)];
  const tables = await Promise.all(ids.map(async (id) => (await read(id))['tags']['adobe/pqs/table'][0]));
  expect(tables).toEqual(['desk_chats_2026', 'desk_chats_2026_2']);
});

describe('lists', () => {
  const makeMany = async () => {
    const { schemaId } = await makeSchema(simulated());
    for (const name of ['alder', 'beech', 'cypress']) {
      await call('POST', '/dataSets', {
        body: { ...datasetBody(schemaId, name), tags: { team: [name], 'x/owner': ['me'] } },
      });
    }
    return schemaId;
  };

  test.each([
    ['name=beech', ['beech']],
    ['name=alder,beech', ['alder', 'beech']],
    ['name=!alder', ['beech', 'cypress']],
    ['property=name==cypress', ['cypress']],
    ['property=name~^[ab]', ['alder', 'beech']],
    ['property=name!=alder', ['beech', 'cypress']],
    ['property=description', []],
    ['tags=team:beech', ['beech']],
    ['tags=team:*e*c*,x/owner:me', ['beech']],
    ['tags=team:*', ['alder', 'beech', 'cypress']],
    ['tags=team:beech,x/owner:you', []],
    ['orderBy=desc:name', ['cypress', 'beech', 'alder']],
    ['start=1&limit=1', ['beech']],
  ])('%s', async (query, expected) => {
    await makeMany();
    const { status, json } = await call('GET', `/dataSets?${query}`);
    expect(status).toBe(200);
    expect(Object.values<{ name: string }>(json).map(({ name }) => name)).toEqual(expected);
  });

  test('find the datasets of a schema, and show the fields that are asked for', async () => {
    const schemaId = await makeMany();
    const query = `property=${encodeURIComponent(`schemaRef.id==${schemaId}`)}&properties=name,tags`;
    const rows = Object.values<object>((await call('GET', `/dataSets?${query}`)).json);
    expect(rows.map((row) => Object.keys(row))).toEqual(Array.from({ length: 3 }, () => ['name', 'tags']));
  });

  test('show twenty without a limit', async () => {
    const { schemaId } = await makeSchema(simulated());
    for (let number = 0; number < 21; number++) await makeDataset(simulated(), schemaId);
    expect(Object.keys((await call('GET', '/dataSets')).json)).toHaveLength(20);
    expect(Object.keys((await call('GET', '/dataSets?limit=100')).json)).toHaveLength(21);
  });

  test.each(['limit=0', 'limit=101', 'limit=ten', 'start=-1'])('%s is refused', async (query) => {
    expect((await call('GET', `/dataSets?${query}`)).status).toBe(400);
  });
});

describe('a change', () => {
  const make = async () => makeDataset(simulated(), (await makeSchema(simulated())).schemaId);

  test('by a partial object replaces the fields that it names, and keeps the table tag', async () => {
    const id = await make();
    const patched = await call('PATCH', `/dataSets/${id}`, { body: { description: 'd', tags: { other: ['1'] } } });
    expect(patched).toMatchObject({ status: 200, json: [`@/dataSets/${id}`] });
    expect(await read(id)).toMatchObject({ version: '1.0.1', description: 'd', name: 'Desk chats 2026' });
    expect((await read(id))['tags']).toEqual({ other: ['1'], 'adobe/pqs/table': ['desk_chats_2026'] });
  });

  test('by PATCH v2 goes deep and makes what is missing', async () => {
    const id = await make();
    await call('PATCH', `/v2/dataSets/${id}`, { body: { tags: { other: ['1'] } } });
    const headers = { 'content-type': 'application/json-patch+json' };
    const body = [{ op: 'add', path: '/extensions/a/b', value: 1 }];
    expect((await call('PATCH', `/v2/dataSets/${id}`, { headers, body })).status).toBe(200);
    expect(await read(id)).toMatchObject({ tags: { team: ['help-desk'], other: ['1'] }, extensions: { a: { b: 1 } } });
    expect((await call('PATCH', `/dataSets/${id}`, { headers, body: [{ ...body[0], path: '/x/y' }] })).status).toBe(
      400,
    );
  });

  test('by JSON Patch and by PUT', async () => {
    const id = await make();
    const headers = { 'content-type': 'application/json-patch+json' };
    await call('PATCH', `/dataSets/${id}`, { headers, body: [{ op: 'replace', path: '/name', value: 'new' }] });
    const { schemaRef, version } = await read(id);
    expect(version).toBe('1.0.1');
    expect((await call('PUT', `/dataSets/${id}`, { body: { name: 'newer', schemaRef } })).status).toBe(200);
    expect(await read(id)).toMatchObject({ name: 'newer', version: '1.0.2' });
    expect((await read(id))['tags']).toEqual({ 'adobe/pqs/table': ['desk_chats_2026'] });
  });

  test('on another version is refused with 412', async () => {
    const id = await make();
    const change = (version: string) =>
      call('PATCH', `/dataSets/${id}`, { headers: { 'if-match': version }, body: { description: 'd' } });
    expect((await change('1.0.0')).status).toBe(200);
    expect((await change('1.0.0')).status).toBe(412);
  });

  test('that is only to be validated saves nothing', async () => {
    const { schemaId } = await makeSchema(simulated());
    const headers = { pragma: 'validate-only' };
    expect((await call('POST', '/dataSets', { headers, body: datasetBody(schemaId) })).status).toBe(200);
    expect((await call('POST', '/dataSets', { headers, body: { name: 'x' } })).status).toBe(400);
    expect((await call('GET', '/dataSets')).json).toEqual({});
  });
});

describe('delete', () => {
  test('answers with a reference, GET is 404 afterwards', async () => {
    const { datasetId } = await makeParts(simulated());
    const deleted = await call('DELETE', `/dataSets/${datasetId}`);
    expect(deleted).toMatchObject({ status: 200, json: [`@/dataSets/${datasetId}`] });
    const gone = await call('GET', `/dataSets/${datasetId}`);
    expect(gone).toMatchObject({ status: 404, json: { title: 'NotFoundError', status: 404 } });
  });

  test.each([
    ['404', 404, { status: 404 }],
    ['empty-list', 200, []],
  ] as const)('of what is not there, with the policy %s', async (catalogUnknownDelete, status, json) => {
    simulated().admin.policy.change({ catalogUnknownDelete });
    expect(await call('DELETE', '/dataSets/63ef7df781f14a1bd02a7e49')).toMatchObject({ status, json });
  });

  test('of a dataset in use can be refused by policy', async () => {
    const { datasetId } = await makeParts(simulated());
    simulated().admin.policy.change({ catalogDeleteInUse: 'refuse' });
    expect((await call('DELETE', `/dataSets/${datasetId}`)).status).toBe(400);
  });
});
