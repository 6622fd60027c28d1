import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientsOnServer } from '../scriptedServer.js';

let world: Awaited<ReturnType<typeof clientsOnServer>>;
beforeEach(async () => {
  world = await clientsOnServer();
});
afterEach(() => world.close());

const BASE = '/data/foundation/catalog';
const SCHEMA_ID = 'https://ns.adobe.com/acmetenant/schemas/77aa';
const ROW = {
  version: '1.0.0',
  name: 'Chatlio events',
  description: 'from Chatlio',
  created: 1_700_000_000_002,
  schemaRef: { id: SCHEMA_ID, contentType: 'application/vnd.adobe.xed-full+json;version=1' },
  tags: { 'adobe/pqs/table': ['chatlio_events'], owner: ['chatlio-aep:support-chat:u1'] },
  state: 'DRAFT',
};
const DATASET = {
  id: '65f0c0',
  name: 'Chatlio events',
  description: 'from Chatlio',
  schemaId: SCHEMA_ID,
  tags: ROW.tags,
  table: 'chatlio_events',
  createdAt: 1_700_000_000_002,
};

describe('datasets', () => {
  it('are found by name, tag and schema, and checked again', async () => {
    const other = { ...ROW, tags: { owner: ['chatlio-aep:support-chat:u12'] } };
    world.server.reply({ status: 200, body: { '65f0c0': ROW, '65f0c1': other } });
    const tag = { name: 'owner', value: 'chatlio-aep:support-chat:u1' };
    const found = await world.clients.catalog.findDatasets({ name: 'Chatlio events', tag, schemaId: SCHEMA_ID });
    expect(found).toEqual([DATASET]);
    expect(world.server.requests[0]?.path).toBe(`${BASE}/dataSets`);
    expect(world.server.requests[0]?.query).toEqual([
      ['property', 'name==Chatlio events'],
      ['property', `schemaRef.id==${SCHEMA_ID}`],
      ['tags', 'owner:chatlio-aep:support-chat:u1'],
      ['limit', '100'],
      ['start', '0'],
    ]);
  });

  it('are read page by page until one is not full', async () => {
    const full = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`id-${index}`, ROW]));
    world.server.reply({ status: 200, body: full }, { status: 200, body: { last: ROW } });
    expect(await world.clients.catalog.findDatasets({})).toHaveLength(101);
    expect(world.server.requests.map(({ query }) => Object.fromEntries(query)['start'])).toEqual(['0', '100']);
  });

  it.each([[{}], [[]]])('an empty match is no dataset: %j', async (body) => {
    world.server.reply({ status: 200, body });
    expect(await world.clients.catalog.findDatasets({ name: 'x' })).toEqual([]);
  });

  it('one is read by its id', async () => {
    world.server.reply({ status: 200, body: { '65f0c0': ROW } }, { status: 404, body: { title: 'NotFoundError' } });
    expect(await world.clients.catalog.getDataset('65f0c0')).toEqual(DATASET);
    expect(await world.clients.catalog.getDataset('65f0c0')).toBeUndefined();
  });

  it.each(['@/dataSets/65f0c0', '@/datasets/65f0c0', '/dataSets/65f0c0'])('one is created: %s', async (reference) => {
    world.server.reply({ status: 201, body: [reference] });
    const created = await world.clients.catalog.createDataset({
      name: 'Chatlio events',
      description: 'from Chatlio',
      schemaId: SCHEMA_ID,
      tags: { owner: ['me'] },
    });
    expect(created).toEqual({ id: '65f0c0' });
    expect(JSON.parse(world.server.requests[0]?.body ?? '')).toEqual({
      name: 'Chatlio events',
      description: 'from Chatlio',
      schemaRef: { id: SCHEMA_ID, contentType: 'application/vnd.adobe.xed-full+json;version=1' },
      tags: { owner: ['me'] },
    });
  });

  it('a create that names no dataset may have made one', async () => {
    world.server.reply({ status: 201, body: [] });
    const create = world.clients.catalog.createDataset({ name: 'x', description: '', schemaId: 's', tags: {} });
    await expect(create).rejects.toMatchObject({ kind: 'unexpected', effect: 'maybe' });
  });

  it.each([
    [{ status: 200, body: ['@/dataSets/65f0c0'] }, true],
    [{ status: 204 }, true],
    [{ status: 200, body: [] }, false],
    [{ status: 404, body: {} }, false],
  ])('a delete answered with %j says whether there was one', async (reply, expected) => {
    world.server.reply(reply);
    expect(await world.clients.catalog.deleteDataset('65f0c0')).toBe(expected);
    expect(world.server.requests[0]).toMatchObject({ method: 'DELETE', url: `${BASE}/dataSets/65f0c0` });
  });
});

describe('batches', () => {
  it('of a dataset, newest first', async () => {
    const metrics = { recordsRead: 5, recordsWritten: 4, recordsFailed: 1 };
    world.server.reply({ status: 200, body: { b1: { status: 'success', created: 7, updated: 8, metrics }, b2: {} } });
    expect(await world.clients.catalog.listBatches({ datasetId: 'd', createdAfterMs: 5, status: 'failed' })).toEqual([
      { id: 'b1', status: 'success', createdAt: 7, updatedAt: 8, recordsWritten: 4, recordsFailed: 1 },
      { id: 'b2', status: 'unknown' },
    ]);
    expect(world.server.requests[0]?.url).toBe(
      `${BASE}/batches?dataSet=d&orderBy=desc%3Acreated&createdAfter=5&status=failed&limit=100&start=0`,
    );
  });
});
