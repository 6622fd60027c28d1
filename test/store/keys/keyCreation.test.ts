import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createInstallationKey } from '../../../src/store/keys/keyCreation.js';
import { describeKeys, readKeyFile } from '../../../src/store/keys/keyFile.js';
import { createKeyFile } from '../../../src/store/keys/keyFileChanges.js';
import { temporaryFolder } from '../../support/processes.js';
import { freshSource, withDatabase } from '../../support/store.js';

const database = withDatabase();

function installation(databaseUrl?: string) {
  const home = temporaryFolder();
  return { keyFile: join(home, 'keys.json'), home, databaseUrl };
}

describe('the key of a new installation', () => {
  it('is made and told where nothing was ever sealed, with a database or without', async () => {
    const databaseUrl = database().pool.options.connectionString;
    for (const one of [installation(), installation(databaseUrl)])
      expect(await createInstallationKey(one)).toEqual(await readKeyFile(one.keyFile));
  });

  it('is not made anew: a person who asks for it is told which is there', async () => {
    const one = installation();
    await createKeyFile(one.keyFile);
    const before = await readKeyFile(one.keyFile);
    await expect(createInstallationKey(one)).rejects.toMatchObject({
      error: { code: 'CAEP_KEY_FILE_EXISTS', fields: { file: one.keyFile, keys: describeKeys(before) } },
    });
    expect(await readKeyFile(one.keyFile)).toEqual(before);
  });

  it('is told to one alone of two who ask at once', async () => {
    const one = installation();
    const [first, second] = await Promise.allSettled([createInstallationKey(one), createInstallationKey(one)]);
    expect([first?.status, second?.status].sort()).toEqual(['fulfilled', 'rejected']);
    const refused = first?.status === 'rejected' ? first : second;
    expect(refused).toMatchObject({ reason: { error: { code: 'CAEP_KEY_FILE_EXISTS' } } });
  });

  it('is not made where a spool waits that another key has sealed; an empty one holds nothing', async () => {
    const one = installation();
    const spool = join(one.home, 'receivers', '1', 'spool');
    await mkdir(spool, { recursive: true });
    await writeFile(join(spool, '1.seg'), '');
    await createInstallationKey({ ...one, keyFile: join(one.home, 'first.json') });
    await writeFile(join(spool, '1.seg'), 'sealed');
    await expect(createInstallationKey(one)).rejects.toMatchObject({
      error: { code: 'CAEP_KEY_FILE_LOST', fields: { where: `the spool ${spool}` } },
    });
  });

  it('is not made while nobody can tell whether the database has data', async () => {
    const one = installation('postgres://nobody@127.0.0.1:1/none');
    await expect(createInstallationKey(one)).rejects.toMatchObject({ error: { code: 'CAEP_DATABASE_UNREACHABLE' } });
    await expect(readKeyFile(one.keyFile)).rejects.toThrow('CAEP_KEY_FILE_MISSING');
  });

  it('is not made for a database that knows a source', async () => {
    await freshSource(database());
    await expect(createInstallationKey(installation(database().pool.options.connectionString))).rejects.toMatchObject({
      error: { code: 'CAEP_KEY_FILE_LOST', fields: { where: 'the database' } },
    });
  });
});
