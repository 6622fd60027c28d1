import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { describeKeys, readKeyFile } from '../../../src/store/keys/keyFile.js';
import { createKeyFile } from '../../../src/store/keys/keyFileChanges.js';
import { temporaryFolder } from '../../support/processes.js';

it('a key file is made once, in a folder for its owner alone; one that is there stays', async () => {
  const file = join(temporaryFolder(), 'secrets', 'keys.json');
  expect(await createKeyFile(file)).toBe(true);
  const made = await readKeyFile(file);
  expect(made).toMatchObject({ keys: [{ id: made.active }] });
  expect((await stat(dirname(file))).mode & 0o777).toBe(0o700);
  expect(await createKeyFile(file)).toBe(false);
  expect(await readKeyFile(file)).toEqual(made);
});

it('of processes that start together one makes it, and all read the same keys', async () => {
  const file = join(temporaryFolder(), 'keys.json');
  const made = await Promise.all(
    [1, 2, 3, 4].map(async () => ({ isMine: await createKeyFile(file), keys: describeKeys(await readKeyFile(file)) })),
  );
  expect(made.filter(({ isMine }) => isMine)).toHaveLength(1);
  expect(new Set(made.map(({ keys }) => keys)).size).toBe(1);
});

it('two installations have different keys', async () => {
  const files = [join(temporaryFolder(), 'keys.json'), join(temporaryFolder(), 'keys.json')];
  for (const file of files) await createKeyFile(file);
  const [one, other] = await Promise.all(files.map(readKeyFile));
  expect(one?.keys[0].key).not.toEqual(other?.keys[0].key);
});
