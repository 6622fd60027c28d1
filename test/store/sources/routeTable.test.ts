import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { inTransaction } from '../../../src/store/connection/database.js';
import { type KeyRing, openKeyRing } from '../../../src/store/keys/keyRing.js';
import { createRoutes, retireRoutes } from '../../../src/store/sources/routes.js';
import { loadRouteTable, retiredSecrets } from '../../../src/store/sources/routeTable.js';
import { temporaryFolder } from '../../support/processes.js';
import { freshSource, withDatabase } from '../../support/store.js';

const database = withDatabase();
let keyRing: KeyRing;
beforeEach(async () => {
  keyRing = await openKeyRing(join(temporaryFolder(), 'keys.json'), { create: true });
  await database().pool.query('delete from route');
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function routeOf(sourceId: number): Promise<string> {
  const [route] = await createRoutes(database(), keyRing, sourceId, [{ key: 'w', kinds: ['feedback'] }]);
  return sha256(route?.secret ?? '');
}

const isWhole = async () => (await loadRouteTable(database())).isWhole;

describe('the routes that receivers read', () => {
  it('are all that there are, unless there is none at all: retired ones count', async () => {
    expect(await loadRouteTable(database())).toEqual({ routes: [], isWhole: false });
    const sourceId = await freshSource(database());
    const secretSha256 = await routeOf(sourceId);
    expect(await loadRouteTable(database())).toMatchObject({ routes: [{ sourceId, secretSha256 }], isWhole: true });
    await retireRoutes(database(), sourceId);
    expect(await loadRouteTable(database())).toEqual({ routes: [], isWhole: true });
  });

  it('are not all while a restore has not come to the foreign keys, or to their sources', async () => {
    const sourceId = await freshSource(database());
    await routeOf(sourceId);
    const key = 'foreign key (source_id) references source (id)';
    await database().pool.query('alter table route drop constraint route_source_id_fkey');
    expect(await isWhole()).toBe(false);
    await database().pool.query(`alter table route add constraint route_source_id_fkey ${key} not valid`);
    expect(await isWhole()).toBe(false);
    await database().pool.query('alter table route validate constraint route_source_id_fkey');
    expect(await isWhole()).toBe(true);
    const withoutTriggers = (to: number) =>
      inTransaction(database(), async (client) => {
        await client.query('set local session_replication_role = replica');
        await client.query('update route set source_id = $1', [to]);
      });
    await withoutTriggers(32_000);
    expect(await isWhole()).toBe(false);
    await withoutTriggers(sourceId);
    expect(await isWhole()).toBe(true);
  });

  it('are remembered when they are retired, by themselves or with their source', async () => {
    const [ended, gone, live] = [
      await freshSource(database()),
      await freshSource(database()),
      await freshSource(database()),
    ];
    const secrets = [await routeOf(ended), await routeOf(gone), await routeOf(live)];
    await retireRoutes(database(), ended);
    await database().pool.query('update source set retired_at = now() where id = $1', [gone]);
    const retired = secrets.slice(0, 2).sort();
    expect([...(await retiredSecrets(database()))].sort()).toEqual(retired);
    expect([...(await retiredSecrets(database(), [...secrets, sha256('never made')]))].sort()).toEqual(retired);
    expect(await retiredSecrets(database(), secrets.slice(2))).toEqual(new Set());
  });
});
