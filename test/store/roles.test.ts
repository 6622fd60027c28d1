/** One role owns the tables and upgrades them; another one, of workers and receivers, reads and writes. */
import { randomUUID } from 'node:crypto';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { ensureBodyPartitions } from '../../src/store/bodies/bodyPartitions.js';
import { type Database, inTransaction, openDatabase } from '../../src/store/connection/database.js';
import { migrate } from '../../src/store/migrate.js';
import { prepareDatabase } from '../../src/store/prepare.js';
import { dropOldBodies } from '../../src/store/log/retention.js';
import { requireFittingSchema } from '../../src/store/schemaFit.js';
import { createEventLog } from '../../src/store/log/eventLog.js';
import { takeBack } from '../support/migrations.js';
import { documentedGrants } from '../support/documentedGrants.js';
import { freshSource, silentLog, takenEvent, withDatabase } from '../support/store.js';

const database = withDatabase();
const id = randomUUID().slice(0, 8);
const names = { migrator: `migrator_${id}`, runtime: `runtime_${id}`, database: `split_${id}` };

function urlOf(changes: Partial<URL>): string {
  return Object.assign(new URL(database().pool.options.connectionString as string), changes).href;
}

const migratorUrl = () => urlOf({ username: names.migrator, password: 'm', pathname: `/${names.database}` });
const runtimeUrl = () => urlOf({ username: names.runtime, password: 'r', pathname: `/${names.database}` });

function opened(url: string, admit?: typeof requireFittingSchema): Database {
  const one = openDatabase({ url, applicationName: 'chatlio-aep worker', log: silentLog, admit });
  onTestFinished(() => one.close());
  return one;
}

/** As docs/postgresql.md says, with these names. */
beforeAll(async () => {
  const { server, inDatabase } = documentedGrants({
    chatlio_aep_migrator: names.migrator,
    chatlio_aep_runtime: names.runtime,
    chatlio_aep: names.database,
    MIGRATOR_PASSWORD: 'm',
    RUNTIME_PASSWORD: 'r',
  });
  for (const statement of server) await database().pool.query(statement);
  const admin = openDatabase({
    url: urlOf({ pathname: `/${names.database}` }),
    applicationName: 'test',
    log: silentLog,
  });
  for (const statement of inDatabase) await admin.pool.query(statement);
  await admin.close();
});

it('the role of workers makes no tables, and works once the other one has made them', async () => {
  const early = opened(runtimeUrl());
  await expect(migrate(early)).rejects.toMatchObject({
    error: { code: 'CAEP_DATABASE_REFUSED', fields: { reason: expect.stringContaining('may not create') as string } },
  });
  await prepareDatabase(early, silentLog, migratorUrl());

  const runtime = opened(runtimeUrl(), requireFittingSchema);
  await prepareDatabase(runtime, silentLog);
  await expect(runtime.pool.query('create table mine ()')).rejects.toThrow('permission denied');
  await expect(runtime.pool.query('alter table source add column mine int')).rejects.toThrow('must be owner');
  const sourceId = await freshSource(runtime);
  expect(await createEventLog(runtime).append(sourceId, 0, [takenEvent(randomUUID())])).toEqual(['logged']);
});

it('makes the tables of the coming days, may use them, and drops those of the past', async () => {
  const runtime = opened(runtimeUrl(), requireFittingSchema);
  await ensureBodyPartitions(runtime, 8);
  await prepareDatabase(runtime, silentLog);
  await runtime.pool.query(`select make_body_day('2020-02-03')`);
  expect(await dropOldBodies(runtime)).toEqual(['event_body_20200203']);
});

it('a release whose tables the other role has not upgraded yet says so, and goes on once it has', async () => {
  const owner = opened(migratorUrl());
  await takeBack(owner, 1);
  const runtime = opened(runtimeUrl());
  await expect(migrate(runtime)).rejects.toMatchObject({ error: { code: 'CAEP_SCHEMA_OLDER' } });
  expect(await migrate(owner)).toHaveLength(1);
  expect(await migrate(runtime)).toEqual([]);
});

it('rights that are missing are named', async () => {
  const owner = opened(migratorUrl());
  await owner.pool.query(`revoke delete on receipt from ${names.runtime}`);
  await owner.pool.query(`revoke execute on function make_body_day(date) from ${names.runtime}`);
  await expect(prepareDatabase(opened(runtimeUrl()), silentLog)).rejects.toMatchObject({
    error: {
      code: 'CAEP_DATABASE_RIGHTS_MISSING',
      fields: { role: `"${names.runtime}"`, schema: '"public"', names: 'make_body_day, receipt' },
    },
  });
});

it('a release that forbids the tables to earlier ones ends the connections of the other role', async () => {
  const runtime = opened(runtimeUrl());
  const before = await runtime.pool.connect();
  const broken = new Promise((resolve) => before.on('error', resolve));
  const owner = opened(migratorUrl());
  const raise = () =>
    inTransaction(owner, (client) => client.query(`select raise_schema_floor('9999_of-a-later-release')`));
  await database().pool.query(`revoke ${names.runtime} from ${names.migrator}`);
  await expect(raise()).rejects.toThrow(`grant ${names.runtime} to ${names.migrator}`);
  await database().pool.query(`grant ${names.runtime} to ${names.migrator}`);
  await raise();
  await broken;
  before.release(true);
  await expect(migrate(runtime)).resolves.toEqual([]);
  await expect(opened(runtimeUrl(), requireFittingSchema).pool.query('select')).rejects.toMatchObject({
    error: { code: 'CAEP_SCHEMA_NEWER' },
  });
});
