/** The steps of the README with a database of one's own, without `npm start`. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { spawnEntry, temporaryFolder } from '../support/processes.js';
import { withDatabase } from '../support/store.js';

const database = withDatabase();

it('without npm start: a key file is made, and the processes start with it', { timeout: 60_000 }, async () => {
  const home = temporaryFolder();
  const environment = {
    CHATLIO_AEP_HOME: home,
    CHATLIO_AEP_KEY_FILE: join(home, 'secure', 'keys.json'),
    DATABASE_URL: database().pool.options.connectionString,
    RECEIVER_PORT: '0',
  };
  await database().pool.query('truncate key_check');

  const early = spawnEntry('src/receiver', [], environment);
  expect(await early.exitCode).toBe(4);
  expect(early.output()).toContain('chatlio-aep keys create');

  const create = spawnEntry('src/client', ['keys', 'create'], environment);
  expect(await create.exitCode, create.output()).toBe(0);
  const receiver = spawnEntry('src/receiver', [], environment);
  await receiver.waitFor('"msg":"ready"');
  await receiver.end('SIGTERM');

  const elsewhere = { ...environment, CHATLIO_AEP_KEY_FILE: join(home, 'lost.json') };
  const again = spawnEntry('src/client', ['keys', 'create'], elsewhere);
  expect(await again.exitCode).toBe(4);
  expect(again.output()).toContain('holds data that was encrypted with one');
});
