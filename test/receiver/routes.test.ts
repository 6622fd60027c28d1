/** What a receiver answers to URLs that its database does not know: whether they were retired, are newer, or were lost. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { fixture } from '../../src/chatlio/fixtures.js';
import { parseWebhookPath, webhookPath } from '../../src/domain/events/webhookPath.js';
import { findRoute } from '../../src/receiver/http/routeCheck.js';
import { openRouteCache } from '../../src/receiver/routeCache.js';
import { type LiveRoutes, watchRoutes } from '../../src/receiver/routes.js';
import type { HealthDocument } from '../../src/metrics/healthDocument.js';
import type { Receiver } from '../../src/receiver/start.js';
import { type Database, openDatabase } from '../../src/store/connection/database.js';
import { openKeyRing } from '../../src/store/keys/keyRing.js';
import { createRoutes, retireRoutes } from '../../src/store/sources/routes.js';
import { temporaryFolder } from '../support/processes.js';
import { freshSource, silentLog, withDatabase } from '../support/store.js';
import { AWAY, pathOf, postTo, startTestReceiver } from './receiver.js';

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
  const start = () => startTestReceiver({ database: database(), keyRing, home });
  return { home, source, start };
}

let seed = 0;
async function statusOf(receiver: Receiver, path: string): Promise<number> {
  return (await postTo(receiver, path, fixture('feedback', { seed: (seed += 1), atMs: 1 }))).status;
}

/** The status of `/readyz`, and the codes why it is not ready. */
async function readiness(receiver: Receiver): Promise<readonly (number | string)[]> {
  const response = await request(`${receiver.url}/readyz`);
  const { reasons } = (await response.body.json()) as HealthDocument;
  return [response.statusCode, ...reasons.map(({ code }) => code)];
}

const putBack = (saved: unknown) =>
  database().pool.query('insert into route select * from jsonb_populate_record(null::route, $1)', [saved]);

const notifyReceivers = () => database().pool.query('notify chatlio_aep_routes');

it('a route that vanishes is 503 and stays known, also after a restart; a retired one is 404; one that comes back is taken', async () => {
  const { home, source, start } = await installation();
  const [lost, kept] = [await source(), await source()];
  let { receiver } = await start();
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
  // It may be newer than what is known here, and lost with the other one.
  expect(await statusOf(receiver, `${kept.path}x`)).toBe(503);
  expect(await readiness(receiver)).toEqual([200]);
  await receiver.close();
  ({ receiver } = await start());
  expect(await statusOf(receiver, lost.path)).toBe(503);

  await retireRoutes(database(), kept.sourceId);
  await expect.poll(() => statusOf(receiver, kept.path)).toBe(404);
  await putBack(rows[0]?.saved);
  await notifyReceivers();
  await expect.poll(() => statusOf(receiver, lost.path)).toBe(200);
  expect(await readFile(join(home, 'routes.json'), 'utf8')).not.toContain('hasVanished');
});

it('a database without any route takes none from the file, and the receiver is not ready', async () => {
  const { home, source, start } = await installation();
  const { path } = await source();
  const { receiver } = await start();
  onTestFinished(() => receiver.close());
  expect(await statusOf(receiver, path)).toBe(200);
  await database().pool.query('truncate route');
  await notifyReceivers();
  await expect.poll(() => statusOf(receiver, path)).toBe(503);
  expect(await readiness(receiver)).toEqual([503, 'CAEP_ROUTES_VANISHED']);
  expect(openRouteCache(join(home, 'routes.json')).read()).toHaveLength(1);
});

it('a new receiver on a database without routes, which may be about to be restored, says 503, and takes them when they are there', async () => {
  const { home, source, start } = await installation();
  const { path } = await source();
  const { rows } = await database().pool.query('delete from route returning to_jsonb(route) as saved');
  const { receiver } = await start();
  onTestFinished(() => receiver.close());
  expect(openRouteCache(join(home, 'routes.json')).read()).toEqual([]);
  expect(await statusOf(receiver, path)).toBe(503);
  expect(await statusOf(receiver, '/no/webhook')).toBe(404);
  // A new installation has no routes either.
  expect(await readiness(receiver)).toEqual([200]);

  await putBack(rows[0]?.saved);
  await notifyReceivers();
  await expect.poll(() => statusOf(receiver, path)).toBe(200);
  expect(await statusOf(receiver, `${path}x`)).toBe(404);
});

it('a new receiver on a database that is being restored says 503 to what it does not know, until the keys of the tables are there', async () => {
  const { source, start } = await installation();
  const { path } = await source();
  const lost = await source();
  await database().pool.query('delete from route where source_id = $1', [lost.sourceId]);
  await database().pool.query('alter table route drop constraint route_source_id_fkey');
  const { receiver } = await start();
  onTestFinished(() => receiver.close());
  expect(await statusOf(receiver, path)).toBe(200);
  expect(await statusOf(receiver, lost.path)).toBe(503);

  await database().pool.query(
    'alter table route add constraint route_source_id_fkey foreign key (source_id) references source (id)',
  );
  await notifyReceivers();
  await expect.poll(() => statusOf(receiver, lost.path)).toBe(404);
});

it('what another receiver of the home knows is known as well, and not lost from the file', async () => {
  const { home, source, start } = await installation();
  const { path } = await source();
  const { receiver } = await start();
  onTestFinished(() => receiver.close());
  // Made and lost again while this receiver did not hear of it.
  const lost = webhookPath({ widget: 'w', kind: 'feedback', secret: 'lost' });
  expect(await statusOf(receiver, lost)).toBe(404);
  const cache = openRouteCache(join(home, 'routes.json'));
  const [route] = cache.read() ?? [];
  if (route === undefined) throw new Error('the route of this receiver is in the file');
  const known = [route, { ...route, secretSha256: createHash('sha256').update('lost').digest('hex') }];
  await expect
    .poll(async () => {
      // Again: it may be writing what it had read before.
      cache.write(known);
      await notifyReceivers();
      return statusOf(receiver, lost);
    })
    .toBe(503);
  expect(await statusOf(receiver, path)).toBe(200);
  expect(cache.read()).toHaveLength(2);
});

it('what one receiver of the home hears of first has not vanished for the others', async () => {
  const { home, source, start } = await installation();
  await source();
  const receivers = [await start(), await start(), await start()];
  onTestFinished(async () => void (await Promise.all(receivers.map(({ receiver }) => receiver.close()))));
  for (let made = 1; made < 40; made += 1) await source();
  await expect.poll(() => openRouteCache(join(home, 'routes.json')).read()?.length).toBe(40);
  expect(receivers.map(({ logged }) => logged()).join('')).not.toContain('vanished');
});

describe('the route table', () => {
  const secretOf = (path: string) => parseWebhookPath(path)?.secret ?? '';
  const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
  const found = (routes: LiveRoutes, path: string) => {
    const table = routes.current();
    if (table === undefined) throw new Error('no table');
    const check = findRoute(table, parseWebhookPath(path), Date.now());
    return check.outcome === 'right' ? check.route : undefined;
  };

  async function watched(home: string, parts: { database?: Database; cacheFile?: string } = {}) {
    const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const cacheFile = parts.cacheFile ?? join(home, 'routes.json');
    const routes = await watchRoutes({ database: parts.database ?? database(), cacheFile, log });
    onTestFinished(() => routes.close());
    return { routes, log, cache: openRouteCache(cacheFile) };
  }

  function away(): Database {
    const nowhere = openDatabase({ url: AWAY, applicationName: 'test', log: silentLog });
    onTestFinished(() => nowhere.close());
    return nowhere;
  }

  it('is that of the database, and believed about what it does not have for as long as it was read lately', async () => {
    const { home, source } = await installation();
    const { sourceId, path } = await source();
    const { routes } = await watched(home);
    expect(found(routes, path)).toMatchObject({ sourceId, widget: 'w', kind: 'feedback' });
    expect([routes.isCurrent(), routes.isNone(hashOf('unknown')), routes.haveVanished()]).toEqual([true, true, false]);
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 90_000);
    onTestFinished(() => void vi.restoreAllMocks());
    expect([routes.isCurrent(), routes.isNone(hashOf('unknown'))]).toEqual([false, false]);
    expect(found(routes, path)).toMatchObject({ sourceId });
  });

  it('is that of the file while PostgreSQL is away, and says nothing about what it does not have', async () => {
    const { home, source } = await installation();
    const { sourceId, path } = await source();
    const { routes: before } = await watched(home);
    await before.close();
    const { routes, log } = await watched(home, { database: away() });
    expect(found(routes, path)).toMatchObject({ sourceId });
    expect([routes.isCurrent(), routes.isNone(hashOf('unknown')), routes.haveVanished()]).toEqual([
      false,
      false,
      false,
    ]);
    expect(log.info.mock.calls).toEqual([[{ routes: 1 }, 'webhook routes were read from the cache file']]);
  });

  it('is none where there is neither PostgreSQL nor the file', async () => {
    const { routes, log } = await watched(temporaryFolder(), { database: away() });
    expect(routes.current()).toBeUndefined();
    expect([routes.isCurrent(), routes.isNone(hashOf('unknown')), routes.haveVanished()]).toEqual([
      false,
      false,
      false,
    ]);
    expect(log.info).not.toHaveBeenCalled();
  });

  it('is current also where its file cannot be written, which is said', async () => {
    const { home, source } = await installation();
    const { sourceId, path } = await source();
    await writeFile(join(home, 'file'), '');
    const { routes, log } = await watched(home, { cacheFile: join(home, 'file', 'routes.json') });
    expect([found(routes, path)?.sourceId, routes.isCurrent()]).toEqual([sourceId, true]);
    expect(log.warn.mock.calls[0]?.[1]).toBe('the webhook routes could not be saved to a file');
  });

  it('keeps of what was known and is gone all but what has ended by itself', async () => {
    const { home, source } = await installation();
    const { path } = await source();
    const first = await watched(home);
    const route = found(first.routes, path);
    await first.routes.close();
    if (route === undefined) throw new Error('the route is in the table');
    const lost = [
      { secret: 'for good', expiresAtMs: undefined },
      { secret: 'ends later', expiresAtMs: Date.now() + 3_600_000 },
      { secret: 'has ended', expiresAtMs: Date.now() - 1 },
    ];
    const known = lost.map(({ secret, expiresAtMs }) => ({ ...route, secretSha256: hashOf(secret), expiresAtMs }));
    first.cache.write([route, ...known]);

    const { routes, log, cache } = await watched(home);
    const vanished = ['for good', 'ends later'].map(hashOf);
    const kept = cache.read()?.map(({ secretSha256, hasVanished }) => [secretSha256, hasVanished]);
    expect(kept).toEqual([[hashOf(secretOf(path)), undefined], ...vanished.map((secret) => [secret, true])]);
    expect(routes.haveVanished(), 'one is there').toBe(false);
    expect(log.error.mock.calls).toEqual([[{ routes: 2 }, expect.stringContaining('disappeared') as string]]);
  });

  it('of a database that has lost some is believed only about those that it remembers as retired; that they are lost is said once', async () => {
    const { home, source } = await installation();
    const [lost, retired] = [await source(), await source()];
    const { routes, log } = await watched(home);
    await retireRoutes(database(), retired.sourceId);
    await database().pool.query('delete from route where source_id = $1', [lost.sourceId]);
    await notifyReceivers();
    await expect.poll(() => routes.haveVanished()).toBe(true);
    expect(routes.isNone(hashOf(secretOf(retired.path)))).toBe(true);
    expect(routes.isNone(hashOf('unknown'))).toBe(false);

    // Read again, with the same one lost.
    const late = await source();
    await expect.poll(() => found(routes, late.path)?.sourceId).toBe(late.sourceId);
    expect(found(routes, lost.path)).toMatchObject({ hasVanished: true });
    expect(log.error).toHaveBeenCalledTimes(1);
  });

  it('of a database without routes, which may be about to be restored, is believed about nothing', async () => {
    const { home } = await installation();
    const { routes, log } = await watched(home);
    expect([routes.isCurrent(), routes.isNone(hashOf('unknown')), routes.haveVanished()]).toEqual([true, false, false]);
    expect(log.warn.mock.calls).toEqual([[expect.stringContaining('has no webhook routes')]]);
  });
});
