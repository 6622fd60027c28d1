import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { bodyDays, bodyPartitionName, ensureBodyPartitions } from '../../../src/store/bodies/bodyPartitions.js';
import { readClock } from '../../../src/store/connection/clock.js';
import {
  clockSkewMs,
  type Database,
  inTransaction,
  isReachable,
  openDatabase,
  withoutTimeLimits,
} from '../../../src/store/connection/database.js';
import { migrate } from '../../../src/store/migrate.js';
import { findSource, registerSource, retireSource } from '../../../src/store/sources/sources.js';
import { withPostgres } from '../../support/postgres.js';
import { silentLog, withDatabase } from '../../support/store.js';

const unreachable = 'postgres://nobody:secret-word@127.0.0.1:1/none';

describe('database', () => {
  const database = withDatabase();

  it('gives whole numbers for bigint columns', async () => {
    const { rows } = await database().pool.query('select 9007199254740991::bigint as n');
    expect(rows).toEqual([{ n: 9_007_199_254_740_991 }]);
  });

  it('takes back a transaction that failed', async () => {
    const failing = inTransaction(database(), async (client) => {
      await client.query(`insert into receiver_report values ('r', now(), now(), 0)`);
      throw new Error('in the middle');
    });
    await expect(failing).rejects.toThrow('in the middle');
    const { rows } = await database().pool.query('select count(*) as n from receiver_report');
    expect(rows).toEqual([{ n: 0 }]);
  });

  it('fails a transaction whose connection breaks between two queries, and nothing else', async () => {
    const broken = inTransaction(database(), async (client) => {
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      const ended = new Promise((resolve) => client.once('end', resolve));
      await database().pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
      await ended;
      await client.query('select 1');
    });
    await expect(broken).rejects.toThrow(/terminat|connection/i);
    expect(await isReachable(database())).toBe(true);
  });

  it('has each connection back whose caller did not wait for it to be admitted', { timeout: 30_000 }, async () => {
    const url = database().pool.options.connectionString as string;
    let admitted = 0;
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const narrow = openDatabase({
      url,
      applicationName: 'test',
      maxConnections: 1,
      // The first one at once, the others when the gate is open.
      admit: () => (admitted++ === 0 ? Promise.resolve() : gate),
      log: silentLog,
    });
    const first = await narrow.pool.connect();
    const second = narrow.pool.connect();
    first.release(true);
    await expect(second).rejects.toThrow('timeout exceeded');
    open();
    await expect(narrow.pool.query('select 1 as one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
    await narrow.close();
  });

  it('takes the locks of a process that stands still in the middle of a transaction', async () => {
    const url = database().pool.options.connectionString as string;
    const still = openDatabase({ url, applicationName: 'test', statementTimeoutMs: 500, log: silentLog });
    const source = await registerSource(database(), { uid: randomUUID(), name: 'locked', partitions: 1 });
    const client = await still.pool.connect();
    await client.query('begin');
    await client.query('select from partition_head where source_id = $1 for update', [source]);
    const moved = await database().pool.query('update partition_head set idle = idle where source_id = $1', [source]);
    expect(moved.rowCount).toBe(1);
    await expect(client.query('commit')).rejects.toThrow(/terminat|connection/i);
    client.release(true);
    await still.close();
  });

  it('lends a connection without time limits for long work, and takes it back whatever becomes of that', async () => {
    const limits = `select current_setting('statement_timeout') as statements,
      current_setting('idle_in_transaction_session_timeout') as idle, current_setting('application_name') as name,
      current_database() as base`;
    const usual = (await database().pool.query<Record<string, string>>(limits)).rows[0];
    const lent: Database[] = [];
    const failing = withoutTimeLimits(database(), async (patient) => {
      lent.push(patient);
      expect((await patient.pool.query(limits)).rows).toEqual([{ ...usual, statements: '0', idle: '0' }]);
      throw new Error('in the middle');
    });
    await expect(failing).rejects.toThrow('in the middle');
    expect(await withoutTimeLimits(database(), (patient) => Promise.resolve(lent.push(patient)))).toBe(2);
    for (const { pool } of lent) await expect(pool.query('select 1')).rejects.toThrow('after calling end');
    expect((await database().pool.query(limits)).rows).toEqual([usual]);
  });

  it('has a clock of its own, and tells how far that is from ours', async () => {
    const realMs = Date.now();
    const aheadMs = 2 * 3_600_000;
    const ours = vi.spyOn(Date, 'now').mockReturnValue(realMs + aheadMs);
    onTestFinished(() => ours.mockRestore());
    expect((await readClock(database())).getTime()).toBeLessThan(realMs + 60_000);
    const skewMs = await clockSkewMs(database());
    expect(skewMs).toBeLessThan(-aheadMs + 60_000);
    expect(skewMs).toBeGreaterThan(-aheadMs - 60_000);
  });

  it('says whether PostgreSQL answers', async () => {
    const nowhere = openDatabase({ url: unreachable, applicationName: 'test', log: silentLog });
    expect(await isReachable(database())).toBe(true);
    expect(await isReachable(nowhere)).toBe(false);
    await nowhere.close();
  });

  it('makes the body partitions of today and the coming days, once', async () => {
    await Promise.all([ensureBodyPartitions(database(), 5), ensureBodyPartitions(database(), 5)]);
    const { rows } = await database().pool.query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'event_body'::regclass order by 1`,
    );
    const expected = bodyDays(Date.now(), 5).map(bodyPartitionName);
    expect(rows.map(({ name }) => name)).toEqual([...expected, 'event_body_default'].sort());
  });

  it('leaves a day alone whose bodies lie in the default partition already', async () => {
    const far = bodyDays(Date.now(), 9).at(-1) as string;
    await database().pool.query(
      `insert into event_body values (1, 0, 1, 1, $1, $1, decode(repeat('00', 32), 'hex'), 'x')`,
      [`${far} 12:00:00+00`],
    );
    await ensureBodyPartitions(database(), 9);
    const { rows } = await database().pool.query('select to_regclass($1) as missing', [bodyPartitionName(far)]);
    expect(rows).toEqual([{ missing: null }]);
  });
});

describe('migrations', () => {
  const postgres = withPostgres();
  let url: string;

  beforeAll(async () => {
    const name = `empty_${process.pid}`;
    const client = new Client({ connectionString: postgres().url });
    await client.connect();
    await client.query(`create database ${name}`);
    await client.end();
    url = Object.assign(new URL(postgres().url), { pathname: `/${name}` }).href;
  });

  it('run once when several processes start together', async () => {
    const open = (): Database => openDatabase({ url, applicationName: 'test', log: silentLog });
    const databases = [open(), open(), open()];
    await Promise.all(databases.map((database) => migrate(database)));
    await migrate(open());
    const { rows } = await (databases[0] as Database).pool.query('select count(*) as sources from source');
    expect(rows).toEqual([{ sources: 0 }]);
    await Promise.all(databases.map((database) => database.close()));
  });

  it('say that the database is unreachable, without its password', async () => {
    const nowhere = openDatabase({ url: unreachable, applicationName: 'test', log: silentLog });
    await expect(migrate(nowhere)).rejects.toMatchObject({
      error: { code: 'CAEP_DATABASE_UNREACHABLE' },
      message: expect.not.stringContaining('secret-word'),
    });
    await nowhere.close();
  });
});

describe('sources', () => {
  const database = withDatabase();

  async function partitionsOf(sourceId: number): Promise<number[]> {
    const { rows } = await database().pool.query<{ partition: number }>(
      'select partition from partition_head where source_id = $1 order by 1',
      [sourceId],
    );
    return rows.map(({ partition }) => partition);
  }

  it('are registered once, with a closed gate and their partitions', async () => {
    const source = { uid: '00000000-0000-4000-8000-000000000001', name: 'once', partitions: 3 };
    const id = await registerSource(database(), source);
    expect(await registerSource(database(), source)).toBe(id);
    expect(await partitionsOf(id)).toEqual([0, 1, 2]);
    const { rows } = await database().pool.query('select open, epoch from gate where source_id = $1', [id]);
    expect(rows).toEqual([{ open: false, epoch: 0 }]);
  });

  it('use up one number each, however often they are registered, also where the name is taken', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    const id = await registerSource(database(), { uid: first, name: 'thrifty', partitions: 1 });
    for (let n = 0; n < 3; n += 1) {
      expect(await registerSource(database(), { uid: first, name: 'thrifty', partitions: 2 })).toBe(id);
      const taken = registerSource(database(), { uid: second, name: 'thrifty', partitions: 1 });
      await expect(taken).rejects.toMatchObject({ error: { code: 'CAEP_FOREIGN_RESOURCE' } });
    }
    expect(await registerSource(database(), { uid: second, name: 'another', partitions: 1 })).toBe(id + 1);
  });

  it('keep the partitions that they had when the number shrinks, and get those that are missing when it grows', async () => {
    const source = { uid: '00000000-0000-4000-8000-000000000002', name: 'resized', partitions: 4 };
    const id = await registerSource(database(), source);
    await registerSource(database(), { ...source, partitions: 2 });
    expect(await partitionsOf(id)).toEqual([0, 1, 2, 3]);
    await registerSource(database(), { ...source, partitions: 5 });
    expect(await partitionsOf(id)).toEqual([0, 1, 2, 3, 4]);
  });

  it('free their name when they are retired, and only then', async () => {
    const [first, second] = ['00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-000000000004'];
    await registerSource(database(), { uid: first, name: 'named', partitions: 1 });
    const taken = registerSource(database(), { uid: second, name: 'named', partitions: 1 });
    await expect(taken).rejects.toMatchObject({ error: { code: 'CAEP_FOREIGN_RESOURCE' } });
    await retireSource(database(), first);
    expect(await registerSource(database(), { uid: second, name: 'named', partitions: 1 })).toBeGreaterThan(0);
  });

  it('go on under another uid where a person lets it take them over', async () => {
    const [first, second] = ['00000000-0000-4000-8000-000000000005', '00000000-0000-4000-8000-000000000006'];
    const id = await registerSource(database(), { uid: first, name: 'taken-over', partitions: 1 });
    const successor = { uid: second, name: 'taken-over', partitions: 1 };
    await expect(registerSource(database(), successor)).rejects.toThrow(first);
    expect(await registerSource(database(), successor, { takeOver: true })).toBe(id);
    expect(await registerSource(database(), successor, { takeOver: true })).toBe(id);
    // The first one comes back: its rows are the second's now.
    const again = await registerSource(
      database(),
      { uid: first, name: 'taken-over', partitions: 1 },
      { takeOver: true },
    );
    expect(again).toBe(id);
  });

  it('stay a source of their own where the successor has rows already', async () => {
    const [first, second] = ['00000000-0000-4000-8000-000000000007', '00000000-0000-4000-8000-000000000008'];
    const own = await registerSource(database(), { uid: second, name: 'own-rows', partitions: 1 });
    await retireSource(database(), second);
    await registerSource(database(), { uid: first, name: 'own-rows', partitions: 1 });
    const successor = { uid: second, name: 'own-rows', partitions: 1 };
    expect(await registerSource(database(), successor, { takeOver: true })).toBe(own);
    expect(await findSource(database(), 'own-rows')).toEqual({ id: own, uid: second, retired: false });
  });
});
