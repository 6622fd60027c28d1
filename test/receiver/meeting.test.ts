import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { meetDatabase } from '../../src/receiver/meeting.js';
import { openDatabase } from '../../src/store/connection/database.js';
import { openKeyRing } from '../../src/store/keys/keyRing.js';
import { watchSchemaFit } from '../../src/store/schemaFit.js';
import { cuttable } from '../support/cuttable.js';
import { temporaryFolder } from '../support/processes.js';
import { takeBack } from '../support/migrations.js';
import { silentLog, withDatabase } from '../support/store.js';

const database = withDatabase();

it('a receiver that starts without PostgreSQL upgrades its tables once it is there, and writes nothing before', async () => {
  await takeBack(database(), 1);
  const url = new URL(database().pool.options.connectionString ?? '');
  const between = await cuttable({ host: url.hostname, port: Number(url.port) });
  between.cut();
  const fit = watchSchemaFit();
  const away = openDatabase({
    url: Object.assign(url, { host: `127.0.0.1:${between.port}` }).href,
    applicationName: 'chatlio-aep receiver',
    log: silentLog,
    admit: fit.admit,
  });
  onTestFinished(() => away.close());
  const home = temporaryFolder();
  const keyRing = await openKeyRing(join(home, 'keys.json'), { create: true });
  const cacheFile = join(home, 'key-check.json');
  const meeting = await meetDatabase({ database: away, keyRing, cacheFile, log: silentLog });
  onTestFinished(() => meeting.close());
  expect(meeting.hasMet()).toBe(false);

  between.mend();
  await expect(away.pool.query('delete from source')).rejects.toMatchObject({ error: { code: 'CAEP_SCHEMA_OLDER' } });
  expect(fit.codes()).toEqual(['CAEP_SCHEMA_OLDER']);
  await expect.poll(() => meeting.hasMet(), { timeout: 15_000 }).toBe(true);
  await away.pool.query('delete from source');
  expect(fit.codes()).toEqual([]);
});
