import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientsOnServer } from '../scriptedServer.js';

let world: Awaited<ReturnType<typeof clientsOnServer>>;
beforeEach(async () => {
  world = await clientsOnServer();
});
afterEach(() => world.close());

describe('sandboxes', () => {
  it('are listed page by page, without naming one', async () => {
    const row = { name: 'dev', title: 'Development', state: 'active', type: 'development', region: 'VA7' };
    const full = Array.from({ length: 50 }, (_, index) => ({ ...row, name: `dev-${index}` }));
    world.server.reply(
      { status: 200, body: { sandboxes: full, _page: { limit: 50, count: 50 }, _links: {} } },
      { status: 200, body: { sandboxes: [{ ...row, name: 'prod', isDefault: true, eTag: 2 }] } },
    );
    const found = await world.clients.sandboxes.list();
    expect(found).toHaveLength(51);
    expect(found[50]).toMatchObject({ name: 'prod', isDefault: true });
    expect(world.server.requests.map(({ url }) => url)).toEqual([
      '/data/foundation/sandbox-management/?limit=50&offset=0',
      '/data/foundation/sandbox-management/?limit=50&offset=50',
    ]);
    expect(world.server.requests[0]?.headers['x-sandbox-name']).toBeUndefined();
  });
});

describe('identity namespaces', () => {
  it('are listed, custom ones and Adobe ones', async () => {
    const custom = { id: 10_093_197, code: 'ChatlioVisitor', name: 'Chatlio visitor', status: 'ACTIVE', custom: true };
    world.server.reply({
      status: 200,
      body: [
        { ...custom, idType: 'Cross_device' },
        { code: 'Email', id: 6 },
      ],
    });
    expect(await world.clients.identityNamespaces.list()).toEqual([custom, { id: 6, code: 'Email', custom: false }]);
    expect(world.server.requests[0]?.url).toBe('/data/core/idnamespace/identities');
    expect(world.server.requests[0]?.headers['x-sandbox-name']).toBe('dev');
  });
});

describe('Query Service', () => {
  it('says how to connect', async () => {
    const answer = { username: 'u@AdobeOrg', dbName: 'dev:all', host: 'h.example', version: 1, port: 80, token: 't' };
    world.server.reply({ status: 200, body: { ...answer, compressedToken: 'c', websocketHost: 'w' } });
    expect(await world.clients.queryService.connectionParameters()).toEqual({
      host: 'h.example',
      port: 80,
      database: 'dev:all',
      user: 'u@AdobeOrg',
      password: 't',
    });
    expect(world.server.requests[0]?.url).toBe('/data/foundation/query/connection_parameters');
  });
});

describe('Data Access', () => {
  const PATH = '/data/foundation/export/batches/b1/failed';

  it('names the files of failed records, without the mark of a finished batch', async () => {
    const data = [
      { name: '_SUCCESS', length: '0' },
      { name: 'part-0.json', length: '1800', _links: {} },
    ];
    world.server.reply({ status: 200, body: { data, _page: { limit: 100, count: 2 } } }, { status: 404 });
    expect(await world.clients.dataAccess.listFailedFiles('b1')).toEqual(['part-0.json']);
    expect(await world.clients.dataAccess.listFailedFiles('b1')).toBeUndefined();
    expect(world.server.requests[0]?.url).toBe(`${PATH}?start=0&limit=100`);
  });

  it('follows the pages, and ends where the same one comes again', async () => {
    const data = Array.from({ length: 100 }, (_, index) => ({ name: `part-${index}.json` }));
    world.server.reply({ status: 200, body: { data } });
    expect(await world.clients.dataAccess.listFailedFiles('b1')).toHaveLength(100);
    expect(world.server.requests).toHaveLength(2);
  });

  it('reads failed records line by line', async () => {
    const record = { _id: '9f', _errors: { _streamingValidation: [] } };
    world.server.reply({ status: 200, body: `${JSON.stringify(record)}\n\nnot json\n{"_id":"a0"}\n` });
    expect(await world.clients.dataAccess.readFailedRecords('b1', 'part-0.json')).toEqual({
      records: [record, { _id: 'a0' }],
      unreadableLines: 1,
    });
    expect(world.server.requests[0]?.url).toBe(`${PATH}?path=part-0.json`);
  });

  it('that cannot be read is an error, not an empty list', async () => {
    world.server.reply({ truncated: '{"_id":"9f"}\n' });
    await expect(world.clients.dataAccess.readFailedRecords('b1', 'x')).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
