/** Receivers where the disk has not a byte left, for spool, journal and kept copies alike. */
import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { fixture } from '../../../src/chatlio/fixtures.js';
import { entryCommand } from '../../../src/process/programs/entry.js';
import { openKeyRing } from '../../../src/store/keys/keyRing.js';
import { createRoutes } from '../../../src/store/sources/routes.js';
import { spawnEntry, spawnProgram, temporaryFolder } from '../../support/processes.js';
import { freshSource, withDatabase } from '../../support/store.js';
import { AWAY, pathOf, startTestReceiver } from '../receiver.js';

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
  return { home, sourceId, environment, routes };
}

async function filesBelow(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.map((name) => join(folder, name));
}

/** Until its disk takes not a byte more. */
function fillUp(file: string): void {
  for (const bytes of [4_096, 1]) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(bytes));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    }
  }
}

/** A receiver in the home that a killed one has left, on a disk without a byte left. */
async function startOnFullDisk(databaseUrl?: string) {
  const { home, sourceId, environment, routes } = await killedWithSpool();
  const { file, args } = entryCommand('src/receiver');
  const disk = temporaryFolder();
  const full = ['sh', '-c', ON_FULL_DISK, 'sh', home, disk, file, ...args];
  const receiver = spawnProgram('unshare', [...UNSHARE, ...full], {
    ...environment,
    CHATLIO_AEP_HOME: disk,
    DATABASE_URL: databaseUrl ?? database().pool.options.connectionString,
  });
  await receiver.waitFor('"msg":"ready"');
  const url = /"url":"(http[^"]+)"/.exec(receiver.output())?.[1] as string;
  // Seen from the mounts of the receiver.
  const theirFile = join(`/proc/${receiver.pid}/root`, disk, 'somebody-elses-file');
  return {
    receiver,
    sourceId,
    post: async (seed: number) => {
      const body = JSON.stringify(fixture('feedback', { seed, atMs: 1 }));
      const response = await request(url + pathOf(routes, 'feedback'), { method: 'POST', body });
      const { arrival, eventId = '' } = (await response.body.json()) as { arrival?: string; eventId?: string };
      return { status: response.statusCode, arrival, eventId };
    },
    readiness: async () => {
      const response = await request(`${url}/readyz`);
      return [response.statusCode, ((await response.body.json()) as { status: string }).status];
    },
    makeSpace: () => rm(theirFile),
    /** Of what the receiver itself has freed. */
    fillUp: () => fillUp(theirFile),
  };
}

describe.runIf(spawnSync('unshare', [...UNSHARE, 'true']).status === 0)('a receiver on a full disk', () => {
  it('starts, drains its spool, takes webhooks, and journals them once there is space', {
    timeout: 60_000,
  }, async () => {
    const { receiver, sourceId, post, readiness, fillUp, makeSpace } = await startOnFullDisk();
    await receiver.waitFor('all events on this disk are now in PostgreSQL');
    const count = async (sql: string) => (await database().pool.query<{ n: number }>(sql, [sourceId])).rows[0]?.n;
    const ids = () => count('select count(*)::int as n from event_id where source_id = $1');
    expect(await ids()).toBe(20);
    expect(await readiness()).toEqual([200, 'ready']);
    fillUp();
    const taken: string[] = [];
    for (let seed = 100; seed < 120; seed += 1) {
      const { eventId, ...answer } = await post(seed);
      expect(answer).toEqual({ status: 200, arrival: 'logged' });
      taken.push(eventId);
    }
    expect(await ids()).toBe(40);
    await receiver.waitFor('cannot be copied to this disk');
    await receiver.waitFor('the intake journal cannot be written');

    const notJournalled = async () => {
      const { rows } = await database().pool.query<{ hex: string }>(
        `select encode(entries, 'hex') as hex from intake_journal where entries is not null`,
      );
      return taken.filter((id) => !rows.some(({ hex }) => hex.includes(id)));
    };
    expect(await notJournalled()).toEqual(taken);
    await makeSpace();
    await expect.poll(notJournalled, { timeout: 15_000 }).toEqual([]);
    expect(await receiver.end('SIGTERM')).toBe(0);
  });

  it('is not ready while PostgreSQL is away as well; and is again once there is space', {
    timeout: 60_000,
  }, async () => {
    const { receiver, post, readiness, makeSpace } = await startOnFullDisk(AWAY);
    expect(await post(200)).toMatchObject({ status: 503 });
    expect(await readiness()).toEqual([503, 'the disk of the spool cannot be written']);
    await makeSpace();
    await expect.poll(readiness, { timeout: 10_000 }).toEqual([200, 'spooling']);
    expect(await post(200)).toMatchObject({ status: 200, arrival: 'spooled' });
    expect(await receiver.end('SIGTERM')).toBe(0);
  });
});

it('leaves nothing in its home that others may read', async () => {
  const { home } = await killedWithSpool();
  const paths = await filesBelow(home);
  expect(paths.length).toBeGreaterThan(6);
  for (const path of paths) expect([path, (await lstat(path)).mode & 0o077]).toEqual([path, 0]);
});
