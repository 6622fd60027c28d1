import { join } from 'node:path';
import { request } from 'undici';
import { expect, it } from 'vitest';
import { fixture } from '../../src/chatlio/fixtures.js';
import { openKeyRing } from '../../src/store/keys/keyRing.js';
import { createRoutes } from '../../src/store/sources/routes.js';
import { cuttable } from '../support/cuttable.js';
import { spawnEntry, temporaryFolder } from '../support/processes.js';
import { freshSource, withDatabase } from '../support/store.js';
import { pathOf } from './receiver.js';

const database = withDatabase();

it('killed in the middle of an outage, it has every acknowledged event once when PostgreSQL is back', {
  timeout: 120_000,
}, async () => {
  const home = temporaryFolder();
  const keyRing = await openKeyRing(join(home, 'keys.json'), { create: true });
  const sourceId = await freshSource(database(), 2);
  const path = pathOf(
    await createRoutes(database(), keyRing, sourceId, [{ key: 'w', kinds: ['feedback'] }]),
    'feedback',
  );
  const url = new URL(database().pool.options.connectionString as string);
  const postgres = await cuttable({ host: url.hostname, port: Number(url.port) });
  url.hostname = '127.0.0.1';
  url.port = String(postgres.port);
  const start = async () => {
    const program = spawnEntry('src/receiver', [], {
      CHATLIO_AEP_HOME: home,
      DATABASE_URL: url.href,
      RECEIVER_PORT: '0',
      LOG_LEVEL: 'info',
    });
    await program.waitFor('"msg":"ready"');
    return { ...program, url: /"url":"(http[^"]+)"/.exec(program.output())?.[1] as string };
  };

  let receiver = await start();
  const acknowledged = new Map<string, string>();
  let seed = 0;
  const post = async () => {
    const body = JSON.stringify(fixture('feedback', { seed: (seed += 1), atMs: 1 }));
    const response = await request(receiver.url + path, { method: 'POST', body });
    const answer = (await response.body.json()) as { eventId: string; arrival: string };
    if (response.statusCode === 200) acknowledged.set(answer.eventId, answer.arrival);
  };
  const postMany = () => Promise.all(Array.from({ length: 40 }, () => post().catch(() => undefined)));

  await postMany();
  postgres.cut();
  await postMany();
  const killed = receiver.exitCode;
  const last = postMany();
  process.kill(receiver.pid, 'SIGKILL');
  await Promise.all([last, killed]);
  receiver = await start();
  await postMany();
  postgres.mend();
  await postMany();

  expect(new Set(acknowledged.values())).toEqual(new Set(['logged', 'spooled']));
  await expect
    .poll(
      async () => {
        const { rows } = await database().pool.query<{ id: string }>(
          `select encode(event_id, 'hex') as id from event_body where source_id = $1`,
          [sourceId],
        );
        const logged = new Set(rows.map(({ id }) => id));
        expect(logged.size).toBe(rows.length);
        return [...acknowledged.keys()].filter((id) => !logged.has(id)).length;
      },
      { timeout: 30_000 },
    )
    .toBe(0);
  expect(await receiver.end('SIGTERM')).toBe(0);
});
