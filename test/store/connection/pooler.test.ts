/** Through a pooler in transaction mode, to a database with hostile defaults. */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { expect, it, onTestFinished, vi } from 'vitest';
import { readPage } from '../../../src/store/bodies/bodies.js';
import { claimPartition, countOthers, releaseClaim } from '../../../src/store/delivery/claim.js';
import { type Database, inTransaction, openDatabase } from '../../../src/store/connection/database.js';
import { findPooler } from '../../../src/store/connection/pooler.js';
import { readReach } from '../../../src/store/connection/reach.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { readGate } from '../../../src/store/delivery/gate.js';
import { migrate } from '../../../src/store/migrate.js';
import { startPooler } from '../../support/pooler.js';
import { freshSource, silentLog, takenEvent, withDatabase } from '../../support/store.js';

const database = withDatabase();

const direct = () => database().pool.options.connectionString as string;

async function throughPooler(
  url = direct(),
  { mode, directUrl }: { readonly mode?: 'session'; readonly directUrl?: string } = {},
): Promise<() => Database> {
  const pooled = await startPooler(url, 3, mode);
  return () => {
    const opened = openDatabase({ url: pooled, directUrl, applicationName: 'test', log: silentLog });
    onTestFinished(() => opened.close());
    return opened;
  };
}

const SETTINGS = `select current_setting('datestyle') as datestyle, current_setting('search_path') as path,
  current_setting('synchronous_commit') as commits, current_setting('transaction_isolation') as isolation`;

it('every statement and every transaction has our settings, whatever others have left on the connection', async () => {
  const open = await throughPooler();
  const pooled = open();
  const ours = { datestyle: 'ISO, MDY', path: 'public', commits: 'on', isolation: 'read committed' };
  for (let n = 0; n < 7; n += 1) {
    expect((await pooled.pool.query(SETTINGS)).rows).toEqual([ours]);
    // A connection is left as somebody else's transaction leaves it.
    await inTransaction(pooled, async (client) => {
      await client.query(`set datestyle = 'SQL'; set search_path = pg_catalog; set synchronous_commit = off`);
    });
    expect((await inTransaction(pooled, (client) => client.query(SETTINGS))).rows).toEqual([ours]);
  }
});

it("a connection leaves nothing of ours to whoever gets the server's connection next", async () => {
  const pooled = await startPooler(direct(), 1);
  const other = new Client({ connectionString: pooled });
  onTestFinished(() => other.end());
  await other.connect();
  const settings = `select name, setting from pg_settings where source = 'session' order by name`;
  const before = (await other.query(settings)).rows;
  const ours = openDatabase({ url: pooled, applicationName: 'test', log: silentLog });
  onTestFinished(() => ours.close());
  await ours.pool.query('select 1');
  expect((await other.query(settings)).rows).toEqual(before);
});

it('is named with its mode, and what is told is heard in session mode or past it', async () => {
  expect(await findPooler(database())).toBeUndefined();
  expect(await readReach(database())).toEqual({ pooler: undefined, hasDirectUrl: false, hears: true });
  const transaction = { name: 'PgBouncer', mode: 'transaction' };
  const plain = (await throughPooler())();
  expect(await readReach(plain)).toEqual({ pooler: transaction, hasDirectUrl: false, hears: false });
  const past = (await throughPooler(direct(), { directUrl: direct() }))();
  expect(await readReach(past)).toEqual({ pooler: transaction, hasDirectUrl: true, hears: true });
  const session = (await throughPooler(direct(), { mode: 'session' }))();
  expect(await readReach(session)).toEqual({
    pooler: { name: 'PgBouncer', mode: 'session' },
    hasDirectUrl: false,
    hears: true,
  });
  const elsewhere = Object.assign(new URL(direct()), { pathname: '/postgres' }).href;
  expect(await readReach((await throughPooler(direct(), { directUrl: elsewhere }))())).toMatchObject({ hears: false });
});

it('the log is written, claimed and read, each statement more often than there are connections', async () => {
  const pooled = (await throughPooler())();
  const sourceId = await freshSource(pooled);
  const id = { sourceId, partition: 0 };
  const log = createEventLog(pooled);
  for (let n = 1; n <= 8; n += 1) {
    expect(await log.append(sourceId, 0, [takenEvent(randomUUID())])).toEqual(['logged']);
    expect(await readGate(pooled, sourceId)).toMatchObject({ open: false });
    expect(await countOthers(pooled, id)).toEqual({ partitions: 0, busy: 0 });
    const answer = await claimPartition(pooled, { ...id, holder: 'test', leaseMs: 5_000 });
    expect(answer).toMatchObject({ state: 'claimed', claim: { fence: n } });
    if (answer.state !== 'claimed') return;
    const page = { ...id, afterSeq: 0, fromLoggedAt: '-infinity', maxEvents: 10, maxBytes: 1e6 };
    expect(await readPage(pooled, page)).toHaveLength(n);
    await releaseClaim(pooled, { ...id, fence: n, claimId: answer.claim.claimId });
  }
});

it('several processes bring an empty database to this release, one after the other, and leave no lock behind', async () => {
  const name = `pooled_${process.pid}`;
  await database().pool.query(`create database ${name}`);
  const url = Object.assign(new URL(database().pool.options.connectionString as string), { pathname: `/${name}` }).href;
  const open = await throughPooler(url);
  await Promise.all([open(), open()].map((one) => migrate(one)));
  await migrate(open());
  const direct = openDatabase({ url, applicationName: 'test', log: silentLog });
  onTestFinished(() => direct.close());
  const { rows } = await direct.pool.query(`select count(*) as locks from pg_locks where locktype = 'advisory'`);
  expect(rows).toEqual([{ locks: 0 }]);
});

it('a lock of the migrations that somebody keeps is named, not waited for in silence', async () => {
  const name = `kept_${process.pid}`;
  await database().pool.query(`create database ${name}`);
  const url = Object.assign(new URL(database().pool.options.connectionString as string), { pathname: `/${name}` }).href;
  const open = (applicationName: string) => {
    const opened = openDatabase({ url, applicationName, log: silentLog });
    onTestFinished(() => opened.close());
    return opened;
  };
  const keeper = await open('keeper').pool.connect();
  onTestFinished(() => keeper.release(true));
  await keeper.query('select pg_advisory_lock(7241865325823964)');
  const warn = vi.fn();
  await expect(migrate(open('second'), { log: { warn }, longestWaitMs: 300 })).rejects.toMatchObject({
    error: { code: 'CAEP_DATABASE_REFUSED', fields: { reason: expect.stringMatching(/pid \d+, keeper/) } },
  });
  expect(warn).toHaveBeenCalledTimes(1);
});
