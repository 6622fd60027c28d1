/** A killed receiver that starts again where the disk has not a byte left: what it has answered must go to PostgreSQL all the same. */
import { spawnSync } from 'node:child_process';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { expect, it } from 'vitest';
import { fixture } from '../../src/chatlio/fixtures.js';
import { entryCommand } from '../../src/process/entry.js';
import { openKeyRing } from '../../src/store/keyRing.js';
import { createRoutes } from '../../src/store/routes.js';
import { spawnEntry, spawnProgram, temporaryFolder } from '../support/processes.js';
import { freshSource, withDatabase } from '../support/store.js';
import { AWAY, pathOf, startTestReceiver } from './receiver.js';

const UNSHARE = ['--user', '--map-root-user', '--mount'];
/** A small file system with a copy of $1 in it, full, in place of $1; then the program. */
const ON_FULL_DISK = `
mount -t tmpfs -o size=4m tmpfs "$2" && cp -a "$1/." "$2" || exit 9
dd if=/dev/zero of="$2/somebody-elses-file" bs=4k 2> /dev/null
if echo more 2> /dev/null > "$2/more"; then exit 9; fi
shift 2; exec "$@"`;

const database = withDatabase();

async function killedWithSpool() {
  const home = temporaryFolder();
  const keyRing = await openKeyRing(join(home, 'keys.json'), { create: true });
  const sourceId = await freshSource(database());
  const routes = await createRoutes(database(), keyRing, sourceId, [{ key: 'w', kinds: ['feedback'] }]);
  // Leaves the routes in the folder.
  await (await startTestReceiver({ database: database(), keyRing, home })).receiver.close();
  const environment = { CHATLIO_AEP_HOME: home, RECEIVER_PORT: '0', LOG_LEVEL: 'info' };
  const receiver = spawnEntry('src/receiver', [], { ...environment, DATABASE_URL: AWAY });
  await receiver.waitFor('"msg":"ready"');
  const url = /"url":"(http[^"]+)"/.exec(receiver.output())?.[1] as string;
  for (let seed = 0; seed < 20; seed += 1) {
    const body = JSON.stringify(fixture('feedback', { seed, atMs: 1 }));
    const response = await request(url + pathOf(routes, 'feedback'), { method: 'POST', body });
    expect([response.statusCode, await response.body.json()]).toMatchObject([200, { arrival: 'spooled' }]);
  }
  await receiver.end('SIGKILL');
  return { home, sourceId, environment };
}

async function filesBelow(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.map((name) => join(folder, name));
}

it.runIf(spawnSync('unshare', [...UNSHARE, 'true']).status === 0)(
  'starts and drains its spool',
  { timeout: 60_000 },
  async () => {
    const { home, sourceId, environment } = await killedWithSpool();
    const { file, args } = entryCommand('src/receiver');
    const disk = temporaryFolder();
    const full = ['sh', '-c', ON_FULL_DISK, 'sh', home, disk, file, ...args];
    const receiver = spawnProgram('unshare', [...UNSHARE, ...full], {
      ...environment,
      CHATLIO_AEP_HOME: disk,
      DATABASE_URL: database().pool.options.connectionString,
    });
    await receiver.waitFor('"msg":"ready"');
    await receiver.waitFor('the spool has been drained');
    const { rows } = await database().pool.query('select count(*) as n from event_id where source_id = $1', [sourceId]);
    expect(rows).toEqual([{ n: 20 }]);
    const url = /"url":"(http[^"]+)"/.exec(receiver.output())?.[1] as string;
    const ready = await request(`${url}/readyz`);
    expect([ready.statusCode, await ready.body.json()]).toEqual([200, { status: 'ready' }]);
    expect(await receiver.end('SIGTERM')).toBe(0);
  },
);

it('leaves nothing in its home that others may read', async () => {
  const { home } = await killedWithSpool();
  const paths = await filesBelow(home);
  expect(paths.length).toBeGreaterThan(6);
  for (const path of paths) expect([path, (await lstat(path)).mode & 0o077]).toEqual([path, 0]);
});
