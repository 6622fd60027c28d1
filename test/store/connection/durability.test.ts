import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, it, onTestFinished, vi } from 'vitest';
import { flawsOf } from '../../../src/domain/durability.js';
import { type Database, openDatabase } from '../../../src/store/connection/database.js';
import { readDurability } from '../../../src/store/connection/durability.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/store/connection/embedded.js';
import { startPlainPostgres } from '../../support/plainPostgres.js';
import { silentLog } from '../../support/store.js';

vi.setConfig({ testTimeout: 60_000 });

function opened(url: string): Database {
  const database = openDatabase({ url, applicationName: 'test', log: silentLog });
  onTestFinished(() => database.close());
  return database;
}

function folder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'chatlio-aep-durability-')));
}

async function embedded(dataDir: string, settings: Readonly<Record<string, string>> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, log: () => undefined, settings });
  onTestFinished(() => server.stop());
  return server;
}

it('a server without fsync is refused on every connection, also one that ran with it before', async () => {
  const dataDir = folder();
  const server = await embedded(dataDir);
  const database = opened(server.url);
  await database.pool.query('select 1');
  await server.stop();
  const lax = await startPlainPostgres(dataDir, server.url, { fsync: 'off' });
  onTestFinished(() => lax.stop());
  const refused = { error: { code: 'CAEP_DATABASE_NOT_DURABLE', fields: { setting: 'fsync', value: 'off' } } };
  await expect(database.pool.query('select 1')).rejects.toMatchObject(refused);
  await expect(opened(server.url).pool.connect()).rejects.toMatchObject(refused);
});

it('connections ask for commits that wait for the disk, and lower no stricter wish', async () => {
  const { url } = await embedded(folder());
  const admin = opened(url);
  await admin.pool.query('create database strict');
  await admin.pool.query(`alter database strict set synchronous_commit = 'remote_apply'`);
  await admin.pool.query('create database lax');
  await admin.pool.query(`alter database lax set synchronous_commit = 'off'`);
  const of = async (name: string) =>
    (await readDurability(opened(Object.assign(new URL(url), { pathname: `/${name}` }).href))).facts.synchronousCommit;
  expect(await of('strict')).toBe('remote_apply');
  expect(await of('lax')).toBe('on');
});

it('a standby that commits do not wait for is seen, also by a role that may not see which it is', async () => {
  const { url } = await embedded(folder(), { max_wal_senders: '4' });
  const admin = opened(url);
  expect(await readDurability(admin)).toMatchObject({ failover: 'none' });
  const standby = new Client({ connectionString: url, replication: 'true' } as ConstructorParameters<typeof Client>[0]);
  await standby.connect();
  onTestFinished(() => standby.end());
  expect(await readDurability(admin)).toMatchObject({ failover: 'may-lose', facts: { standbys: ['async'] } });

  await admin.pool.query(`create role plain login password 'p'`);
  const plain = opened(Object.assign(new URL(url), { username: 'plain', password: 'p' }).href);
  const seen = await readDurability(plain);
  expect(seen).toMatchObject({ failover: 'may-lose', facts: { fsync: 'on', standbys: [undefined] } });
  expect(flawsOf(seen.facts)).toEqual([]);
});
