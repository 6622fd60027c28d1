import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientsOnServer } from './scriptedServer.js';

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
