/** Two receivers of one home folder that cannot see each other: containers on one volume, a rolling update with overlap. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { expect, it } from 'vitest';
import { fixture } from '../../src/chatlio/fixtures.js';
import { openKeyRing } from '../../src/store/keys/keyRing.js';
import { createRoutes } from '../../src/store/sources/routes.js';
import { spawnElsewhere } from '../support/elsewhere.js';
import { killGroup, temporaryFolder } from '../support/processes.js';
import { freshSource, withDatabase } from '../support/store.js';
import { AWAY, pathOf, startTestReceiver } from './receiver.js';

const database = withDatabase();

it('one takes over what the other has spooled only when that one is gone, and then has all of it', {
  timeout: 120_000,
}, async () => {
  const home = temporaryFolder();
  const keyRing = await openKeyRing(join(home, 'keys.json'), { create: true });
  const sourceId = await freshSource(database(), 2);
  const routes = await createRoutes(database(), keyRing, sourceId, [{ key: 'w', kinds: ['feedback'] }]);
  const path = pathOf(routes, 'feedback');
  // Leaves the routes in the folder.
  await (await startTestReceiver({ database: database(), keyRing, home })).receiver.close();

  const start = async (databaseUrl: string, place: string) => {
    const environment = { CHATLIO_AEP_HOME: home, DATABASE_URL: databaseUrl, RECEIVER_PORT: '0', LOG_LEVEL: 'info' };
    const locks = [join(home, 'receivers', place, 'lock')];
    const program = await spawnElsewhere('src/receiver', [], environment, { ready: '"msg":"ready"', locks });
    return { ...program, url: /"url":"(http[^"]+)"/.exec(program.output())?.[1] as string };
  };
  const acknowledged: string[] = [];
  let seed = 0;
  const postMany = (url: string) =>
    Promise.all(
      Array.from({ length: 50 }, async () => {
        const body = JSON.stringify(fixture('feedback', { seed: (seed += 1), atMs: 1 }));
        const response = await request(url + path, { method: 'POST', body });
        const { eventId } = (await response.body.json()) as { eventId: string };
        if (response.statusCode === 200) acknowledged.push(eventId);
      }),
    );
  const missing = async () => {
    const { rows } = await database().pool.query<{ id: string }>(
      `select encode(event_id, 'hex') as id from event_body where source_id = $1`,
      [sourceId],
    );
    const logged = new Set(rows.map(({ id }) => id));
    expect(logged.size).toBe(rows.length);
    return acknowledged.filter((id) => !logged.has(id)).length;
  };

  const cutOff = await start(AWAY, '1');
  await postMany(cutOff.url);
  const newer = await start(database().pool.options.connectionString as string, '2');
  await postMany(newer.url);
  await postMany(cutOff.url);
  expect(acknowledged).toHaveLength(150);
  expect(await missing()).toBe(100);
  expect((await readdir(join(home, 'receivers'))).sort()).toEqual(['1', '2']);

  killGroup(cutOff.pid);
  await cutOff.exitCode;
  await expect.poll(missing, { timeout: 60_000, interval: 500 }).toBe(0);
  // It is done with for good: the next start has the first place again, and nobody is missed in the reports.
  await expect
    .poll(
      async () => {
        const { rows } = await database().pool.query<{ ended: boolean | null }>(
          `select details->'ended' as ended from receiver_report where spool_depth > 0 or details @> '{"ended": true}'`,
        );
        return rows;
      },
      { timeout: 20_000 },
    )
    .toEqual([{ ended: true }]);
});
