import { describe, expect, it, onTestFinished } from 'vitest';
import { type Database, inTransaction, openDatabase } from '../../src/store/connection/database.js';
import { beginTransaction } from '../../src/store/connection/session.js';
import { migrate } from '../../src/store/migrate.js';
import { knownMigrations, requireFittingSchema } from '../../src/store/schemaFit.js';
import { takeBack } from '../support/migrations.js';
import { startPooler } from '../support/pooler.js';
import { silentLog, withDatabase } from '../support/store.js';

const LATER = '9999_of-a-later-release';
const later = { error: { code: 'CAEP_SCHEMA_NEWER', fields: { migration: LATER } } };

/** As a worker or a receiver opens it. */
function opened(database: Database, url = database.pool.options.connectionString ?? ''): Database {
  const process = openDatabase({
    url,
    applicationName: 'chatlio-aep worker',
    log: silentLog,
    admit: requireFittingSchema,
  });
  onTestFinished(() => process.close());
  return process;
}

const count = async ({ pool }: Database) =>
  (await pool.query('select count(*)::int as n from source')).rows[0] as unknown;

describe('tables of this release', () => {
  const database = withDatabase();

  it('are used, directly and through a pooler', async () => {
    expect(await count(opened(database()))).toEqual({ n: 0 });
    const pooled = await startPooler(database().pool.options.connectionString ?? '');
    expect(await count(opened(database(), pooled))).toEqual({ n: 0 });
  });
});

describe('tables of a later release that this one must not use', () => {
  const database = withDatabase();

  it('are left alone from the moment of their change, also by connections that were there, and while it is made', async () => {
    const process = opened(database());
    const before = await process.pool.connect();
    const broken = new Promise((resolve) => before.on('error', resolve));
    let during: Promise<unknown> | undefined;
    await inTransaction(database(), async (client) => {
      await client.query('select raise_schema_floor($1)', [LATER]);
      await broken;
      during = process.pool.query('delete from source').catch((error: unknown) => error);
      const waiting = `select from pg_locks where locktype = 'advisory' and not granted`;
      await expect.poll(async () => (await client.query(waiting)).rowCount).toBe(1);
    });
    expect(await during).toMatchObject(later);
    await expect(before.query('delete from source')).rejects.toThrow('not queryable');
    before.release(true);
    await expect(process.pool.query('delete from source')).rejects.toMatchObject(later);
    await expect(migrate(process)).rejects.toMatchObject(later);
  });
});

describe('tables of a later release, behind a pooler', () => {
  const database = withDatabase();

  it('are left alone by connections that were there and that nobody could end', async () => {
    const pooled = await startPooler(database().pool.options.connectionString ?? '');
    const process = opened(database(), pooled);
    const before = await process.pool.connect();
    await inTransaction(database(), (client) => client.query('select raise_schema_floor($1)', [LATER]));
    await expect(beginTransaction(before)).rejects.toMatchObject(later);
    before.release(true);
  });
});

describe('tables of an earlier release', () => {
  const database = withDatabase();

  it('are used once they are upgraded, and not before', async () => {
    const since = (await knownMigrations()).filter((name) => name >= '0066').length;
    await takeBack(database(), since);
    const process = opened(database());
    await expect(count(process)).rejects.toMatchObject({
      error: { code: 'CAEP_SCHEMA_OLDER', fields: { migration: '0066_source-drift' } },
    });
    await migrate(process);
    expect(await count(process)).toEqual({ n: 0 });
  });
});
