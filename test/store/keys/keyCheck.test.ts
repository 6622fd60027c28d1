import { mkdtempSync } from 'node:fs';
import { appendFile, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { compareKeys } from '../../../src/activities/inquiry/findings/keysFinding.js';
import { meetDatabase } from '../../../src/receiver/meeting.js';
import { openDatabase } from '../../../src/store/connection/database.js';
import { confirmKeys, requireKeysOf } from '../../../src/store/keys/keyCheck.js';
import { ensureInstallationKey } from '../../../src/store/keys/keyCreation.js';
import { mergeKeyFiles, rotateKeyFile } from '../../../src/store/keys/keyFileChanges.js';
import { type KeyRing, openKeyRing, readHeldKeys } from '../../../src/store/keys/keyRing.js';
import { readProcessKeys, startKeyReports } from '../../../src/store/keys/processKeys.js';
import { createRoutes } from '../../../src/store/sources/routes.js';
import { withPostgres } from '../../support/postgres.js';
import { freshSource, silentLog, withDatabase } from '../../support/store.js';

const database = withDatabase();

let folder: string;
let file: string;
let keyRing: KeyRing;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chatlio-aep-keys-'));
  file = join(folder, 'keys.json');
  keyRing = await openKeyRing(file, { create: true });
  await database().pool.query('truncate key_check, process_keys');
  await database().pool.query('delete from route');
});

async function otherKeys(): Promise<KeyRing> {
  return openKeyRing(join(folder, 'other.json'), { create: true });
}

describe('the canaries', () => {
  it('open with the keys that they were made with, at every start', async () => {
    await confirmKeys(database(), keyRing);
    expect(await confirmKeys(database(), keyRing)).toHaveLength(1);
  });

  it('refuse another key file, with the fingerprints of both, and change nothing', async () => {
    const known = await confirmKeys(database(), keyRing);
    const other = await otherKeys();
    await expect(confirmKeys(database(), other)).rejects.toMatchObject({
      error: {
        code: 'CAEP_KEY_FILE_FOREIGN',
        fields: {
          file: other.held.file,
          expected: `${keyRing.held.active}:${keyRing.held.keys[0]?.fingerprint}`,
          got: expect.stringContaining(`${other.held.active}:${other.held.keys[0]?.fingerprint}`) as string,
        },
      },
    });
    expect(await confirmKeys(database(), keyRing)).toEqual(known);
  });

  it('refuse a copy of the file from before a rotation, once another process has started with the new key', async () => {
    const copy = join(folder, 'copy.json');
    await copyFile(file, copy);
    await rotateKeyFile(file);
    await confirmKeys(database(), await openKeyRing(copy));
    await confirmKeys(database(), await openKeyRing(file));
    await expect(confirmKeys(database(), await openKeyRing(copy))).rejects.toThrow('it lacks the key');
    await mergeKeyFiles(copy, file);
    await confirmKeys(database(), await openKeyRing(copy));
  });

  it('refuse a file whose first key is another one: copies of events would count as conflicts', async () => {
    await otherKeys();
    const late = join(folder, 'late.json');
    const lateRing = await openKeyRing(late, { create: true });
    await confirmKeys(database(), lateRing);
    await mergeKeyFiles(late, file);
    await expect(confirmKeys(database(), await openKeyRing(late))).rejects.toThrow('its first key');
  });

  it('are not put into a database whose secrets the keys do not open', async () => {
    const sourceId = await freshSource(database());
    await createRoutes(database(), keyRing, sourceId, [{ key: 'main-site', kinds: ['feedback'] }]);
    await expect(confirmKeys(database(), await otherKeys())).rejects.toMatchObject({
      error: { code: 'CAEP_KEY_FILE_FOREIGN', fields: { expected: keyRing.held.active } },
    });
    await confirmKeys(database(), keyRing);
  });
});

describe('keys of an installation that are known without its database', () => {
  const known = () => confirmKeys(database(), keyRing);
  const refusal = (reason: string, expected: string) => ({
    error: { code: 'CAEP_KEY_FILE_FOREIGN', fields: { reason: expect.stringContaining(reason) as string, expected } },
  });
  const thrownBy = (check: () => void): unknown => {
    try {
      check();
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it('are satisfied by a file that has them, also with keys beside them that are newer; none are by any file', async () => {
    const canaries = await known();
    await rotateKeyFile(file);
    const rotated = await openKeyRing(file);
    expect(() => requireKeysOf(canaries, rotated)).not.toThrow();
    const other = await otherKeys();
    expect(() => requireKeysOf([], other)).not.toThrow();
  });

  it('are all required: those that are not there are named, beside what is expected', async () => {
    await rotateKeyFile(file);
    keyRing = await openKeyRing(file);
    const canaries = await known();
    const other = await otherKeys();
    const expected = keyRing.held.keys.map(({ id, fingerprint }) => `${id}:${fingerprint}`).join(', ');
    const ids = keyRing.held.keys.map(({ id }) => id).join(', ');
    expect(thrownBy(() => requireKeysOf(canaries, other))).toMatchObject(refusal(`it lacks the key ${ids}`, expected));
  });

  it('are not satisfied by another key with the same id', async () => {
    const [canary] = await known();
    const id = keyRing.held.active;
    const copy = join(folder, 'same-id.json');
    const key = { id, key: Buffer.alloc(32, 7).toString('base64'), createdAt: '2026-01-01' };
    await writeFile(copy, JSON.stringify({ keys: [key], active: id }), { mode: 0o600 });
    const impostor = await openKeyRing(copy);
    expect(thrownBy(() => requireKeysOf(canary === undefined ? [] : [canary], impostor))).toMatchObject(
      refusal('or has another key with that id', `${id}:${keyRing.held.keys[0]?.fingerprint}`),
    );
  });
});

describe('a receiver that starts while PostgreSQL is away', () => {
  const away = () =>
    openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none', applicationName: 'test', log: silentLog });

  it('compares its keys with what the database last said', async () => {
    const cacheFile = join(folder, 'key-check.json');
    const log = silentLog;
    (await meetDatabase({ database: database(), keyRing, cacheFile, log })).close();
    const none = away();
    (await meetDatabase({ database: none, keyRing, cacheFile, log })).close();
    await expect(meetDatabase({ database: none, keyRing: await otherKeys(), cacheFile, log })).rejects.toThrow(
      'CAEP_KEY_FILE_FOREIGN',
    );
    await none.close();
  });
});

describe('a key file that is not there', () => {
  const postgres = withPostgres();

  it('is made for a new installation', async () => {
    const keyFile = join(folder, 'new', 'keys.json');
    await ensureInstallationKey({ keyFile, home: join(folder, 'new') });
    expect((await openKeyRing(keyFile)).held.keys).toHaveLength(1);
  });

  it('is not made where a database has data', async () => {
    await freshSource(database());
    const keyFile = join(folder, 'new', 'keys.json');
    const home = join(folder, 'new');
    const databaseUrl = database().pool.options.connectionString;
    await expect(ensureInstallationKey({ keyFile, home, databaseUrl })).rejects.toMatchObject({
      error: { code: 'CAEP_KEY_FILE_LOST', fields: { where: 'the database' } },
    });
    await expect(openKeyRing(keyFile)).rejects.toThrow('CAEP_KEY_FILE_MISSING');
    const empty = postgres().url.replace(/\/[^/]*$/, '/postgres');
    await ensureInstallationKey({ keyFile, home, databaseUrl: empty });
  });

  it('is not made where an embedded database or a spool has data', async () => {
    for (const [name, make] of [
      ['embedded', (home: string) => mkdir(join(home, 'postgres'), { recursive: true })],
      [
        'spool',
        async (home: string) => {
          const spool = join(home, 'receivers', '1', 'spool');
          await mkdir(spool, { recursive: true });
          await appendFile(join(spool, '0000000001.seg'), 'sealed');
        },
      ],
    ] as const) {
      const home = join(folder, name);
      await make(home);
      const making = ensureInstallationKey({ keyFile: join(home, 'keys.json'), home });
      await expect(making, name).rejects.toThrow('CAEP_KEY_FILE_LOST');
    }
  });
});

describe('the keys of all processes', () => {
  it('are told by each, also keys that were added since its start, and compared', async () => {
    const log = { warn: () => undefined };
    const reports = [startKeyReports(database(), 'worker a/1', () => readHeldKeys(keyRing), log)];
    await rotateKeyFile(file);
    const restarted = await openKeyRing(file);
    reports.push(startKeyReports(database(), 'receiver a/2', () => readHeldKeys(restarted), log));
    await expect.poll(() => readProcessKeys(database())).toHaveLength(2);
    const other = await otherKeys();
    reports.push(startKeyReports(database(), 'receiver b/1', () => readHeldKeys(other), log));
    await expect.poll(() => readProcessKeys(database())).toHaveLength(3);
    const told = await readProcessKeys(database());
    expect(() => compareKeys(told)).toThrow(`receiver b/1 has ${other.held.active}`);
    for (const report of reports) await report.close();
    expect(await readProcessKeys(database())).toEqual([]);
  });

  it('say which process seals with an older key until it is restarted', () => {
    const keys = ['00000001:aaaaaaaa', '00000002:bbbbbbbb'];
    const same = [
      { process: 'worker a/1', keys, sealsWith: '00000001' },
      { process: 'receiver a/2', keys, sealsWith: '00000002' },
    ];
    expect(compareKeys(same)).toContain('00000001 and 00000002 are both used');
    expect(compareKeys(same.slice(1))).not.toContain('restarted');
  });
});
