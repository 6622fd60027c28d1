/** Several processes that upgrade the tables at once, while others write, and while some are killed in the middle. */
import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished, vi } from 'vitest';
import { type Database, inTransaction, openDatabase } from '../../src/store/connection/database.js';
import { createEventLog } from '../../src/store/log/eventLog.js';
import { migrate } from '../../src/store/migrate.js';
import { knownMigrations } from '../../src/store/schemaFit.js';
import { takeBack } from '../support/migrations.js';
import { freshSource, silentLog, takenEvent, withDatabase } from '../support/store.js';

vi.setConfig({ testTimeout: 60_000 });
const database = withDatabase();

function opened(applicationName: string): Database {
  const url = database().pool.options.connectionString as string;
  const one = openDatabase({ url, applicationName, log: silentLog });
  onTestFinished(() => one.close());
  return one;
}

const applied = async () =>
  (await database().pool.query<{ name: string }>('select name from migration order by name')).rows.map(
    ({ name }) => name,
  );

/** Of the transaction that upgrades under this name: it waits for a table that somebody has locked. */
async function waitsInTheMiddle(applicationName: string): Promise<number> {
  const find = async () =>
    (
      await database().pool.query<{ pid: number }>(
        `select pid from pg_stat_activity a where application_name = $1
           and exists (select from pg_locks l where l.pid = a.pid and not granted and locktype = 'relation')`,
        [applicationName],
      )
    ).rows[0]?.pid;
  await expect.poll(find, { timeout: 20_000 }).toBeDefined();
  return (await find()) ?? 0;
}

it('one is killed in the middle, another one does all of it, and a receiver has lost nothing', async () => {
  const sourceId = await freshSource(database());
  const log = createEventLog(database());
  await takeBack(database(), 6);
  const before = await applied();
  const locker = await database().pool.connect();
  // Each migration is noted there when it is made: the first is made, and waits.
  await locker.query('begin; lock table migration in share mode');
  const [first, second] = [opened('first'), opened('second')];
  const failing = migrate(first).catch((error: unknown) => error);
  const pid = await waitsInTheMiddle('first');
  const waiting = migrate(second);
  expect(await log.append(sourceId, 0, [takenEvent(randomUUID())])).toEqual(['logged']);
  await database().pool.query('select pg_terminate_backend($1)', [pid]);
  expect(await failing).toMatchObject({ error: { code: 'CAEP_DATABASE_UNREACHABLE' } });
  expect(await applied()).toEqual(before);
  await locker.query('rollback');
  locker.release();
  expect(await waiting).toHaveLength(6);
  expect(await applied()).toEqual(await knownMigrations());
  expect(await migrate(first)).toEqual([]);
});

it('tables that somebody reads for long hold up the upgrade, and nobody else', async () => {
  await takeBack(database(), (await knownMigrations()).filter((name) => name >= '0042').length);
  const reader = await database().pool.connect();
  await reader.query('begin isolation level repeatable read read only; select from event_id limit 1');
  const warn = vi.fn();
  const upgrading = migrate(opened('upgrading'), { log: { warn } });
  const waits = `select from pg_locks where relation = 'event_id'::regclass and not granted`;
  await expect.poll(async () => (await database().pool.query(waits)).rowCount, { timeout: 20_000 }).toBe(1);
  // Behind one that waits: it is answered before the reader ends, or not at all.
  await database().pool.query('update event_id set arrivals = 2 where false');
  await expect.poll(() => warn.mock.calls.length, { timeout: 20_000 }).toBe(1);
  await reader.query('commit');
  reader.release();
  expect((await upgrading).at(0)).toMatch(/^0042/);
});

it('of many at once each ends with the tables of this release, and one has made them', async () => {
  await takeBack(database(), 4);
  const made = await Promise.all(Array.from({ length: 5 }, (_none, n) => migrate(opened(`one ${n}`))));
  expect(made.filter((names) => names.length > 0)).toEqual([(await knownMigrations()).slice(-4)]);
  const { rows } = await inTransaction(database(), (client) =>
    client.query(`select count(*) as locks from pg_locks where locktype = 'advisory'`),
  );
  expect(rows).toEqual([{ locks: 0 }]);
});
