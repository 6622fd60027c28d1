/** What a receiver answers to URLs that its database does not know: whether they were retired, are newer, or were lost. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import { fixture } from '../../src/chatlio/fixtures.js';
import { openRouteCache } from '../../src/receiver/routeCache.js';
import type { Receiver } from '../../src/receiver/start.js';
import { openKeyRing } from '../../src/store/keyRing.js';
import { createRoutes, retireRoutes } from '../../src/store/routes.js';
import { temporaryFolder } from '../support/processes.js';
import { freshSource, withDatabase } from '../support/store.js';
import { pathOf, postTo, startTestReceiver } from './receiver.js';

const database = withDatabase();

async function installation() {
  const home = temporaryFolder();
  const keyRing = await openKeyRing(join(home, 'keys.json'), { create: true });
  await database().pool.query('delete from route');
  const source = async () => {
    const sourceId = await freshSource(database());
    const routes = await createRoutes(database(), keyRing, sourceId, [{ key: 'w', kinds: ['feedback'] }]);
    return { sourceId, path: pathOf(routes, 'feedback') };
  };
  const start = async () => {
    const { receiver } = await startTestReceiver({ database: database(), keyRing, home });
    return receiver;
  };
  return { home, source, start };
}

let seed = 0;
async function statusOf(receiver: Receiver, path: string): Promise<number> {
  return (await postTo(receiver, path, fixture('feedback', { seed: (seed += 1), atMs: 1 }))).status;
}

async function readiness(receiver: Receiver): Promise<number> {
  const response = await request(`${receiver.url}/readyz`);
  await response.body.dump();
  return response.statusCode;
}

const notifyReceivers = () => database().pool.query('notify chatlio_aep_routes');

it('a route that vanishes is 503 and stays known, also after a restart; a retired one is 404; one that comes back is taken', async () => {
  const { home, source, start } = await installation();
  const [lost, kept] = [await source(), await source()];
  let receiver = await start();
  onTestFinished(() => receiver.close());
  expect([await statusOf(receiver, lost.path), await statusOf(receiver, kept.path)]).toEqual([200, 200]);
  expect(await statusOf(receiver, `${lost.path}x`)).toBe(404);

  const { rows } = await database().pool.query<{ saved: object }>(
    'delete from route where source_id = $1 returning to_jsonb(route) as saved',
    [lost.sourceId],
  );
  await notifyReceivers();
  await expect.poll(() => statusOf(receiver, lost.path)).toBe(503);
  expect(await statusOf(receiver, kept.path)).toBe(200);
  expect(await readiness(receiver)).toBe(200);
  await receiver.close();
  receiver = await start();
  expect(await statusOf(receiver, lost.path)).toBe(503);

  await retireRoutes(database(), kept.sourceId);
  await expect.poll(() => statusOf(receiver, kept.path)).toBe(404);
  await database().pool.query('insert into route select * from jsonb_populate_record(null::route, $1)', [
    rows[0]?.saved,
  ]);
  await notifyReceivers();
  await expect.poll(() => statusOf(receiver, lost.path)).toBe(200);
  expect(await readFile(join(home, 'routes.json'), 'utf8')).not.toContain('hasVanished');
});

it('a database without any route takes none from the file, and the receiver is not ready', async () => {
  const { home, source, start } = await installation();
  const { path } = await source();
  const receiver = await start();
  onTestFinished(() => receiver.close());
  expect(await statusOf(receiver, path)).toBe(200);
  await database().pool.query('truncate route');
  await notifyReceivers();
  await expect.poll(() => statusOf(receiver, path)).toBe(503);
  expect(await readiness(receiver)).toBe(503);
  expect(openRouteCache(join(home, 'routes.json')).read()).toHaveLength(1);
});
