import { randomUUID } from 'node:crypto';
import { Client, type ClientBase, type PoolClient } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { beginSession, beginTransaction, isPooled, runAlone, schemaOf } from '../../../src/store/connection/session.js';
import { startPooler } from '../../support/pooler.js';
import { withDatabase } from '../../support/store.js';

const database = withDatabase();

async function setting(name: string): Promise<string | undefined> {
  const { rows } = await database().pool.query<{ value: string }>('select current_setting($1) as value', [name]);
  return rows[0]?.value;
}

describe('a session', () => {
  it.each([
    ['datestyle', 'ISO, MDY'],
    ['intervalstyle', 'postgres'],
    ['timezone', 'UTC'],
    ['bytea_output', 'hex'],
    ['client_encoding', 'UTF8'],
    ['standard_conforming_strings', 'on'],
    ['search_path', 'public'],
    ['default_transaction_isolation', 'read committed'],
    ['synchronous_commit', 'on'],
    ['lock_timeout', '0'],
    ['statement_timeout', '10s'],
    ['idle_session_timeout', '0'],
    ['transaction_timeout', '0'],
  ])('has %s = %s, whatever the database says', async (name, value) => {
    expect(await setting(name)).toBe(value);
  });

  it('gives the time of an event as it was stored', async () => {
    const { rows } = await database().pool.query(`select '2026-02-03T04:05:06.789Z'::timestamptz::text as text`);
    expect(rows).toEqual([{ text: '2026-02-03 04:05:06.789+00' }]);
  });
});

/** One that nothing of ours was asked on yet. */
async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  onTestFinished(() => client.end());
  await client.connect();
  return client;
}

async function freshDatabase(): Promise<string> {
  const name = `session_${randomUUID().replaceAll('-', '')}`;
  await database().pool.query(`create database ${name}`);
  return Object.assign(new URL(database().pool.options.connectionString as string), { pathname: `/${name}` }).href;
}

const LIMITS = { statementTimeoutMs: 1_234 };
const ODD = 'Odd "schema"';
const TABLES_IN_ODD = `create schema "Odd ""schema"""; create table "Odd ""schema""".partition_head ()`;

async function settings(client: ClientBase) {
  const { rows } = await client.query<Record<string, string>>(
    `select current_schema() as schema, current_setting('statement_timeout') as statements,
       current_setting('idle_in_transaction_session_timeout') as idle, current_setting('transaction_isolation') as isolation,
       current_setting('transaction_read_only') as read_only`,
  );
  return rows[0];
}

describe('a connection of ours', () => {
  it('is where the tables are, whatever their schema is called, and has the limits that it is given', async () => {
    const url = await freshDatabase();
    const client = await connected(url);
    await beginSession(client, LIMITS);
    expect(schemaOf(client)).toBe('public');
    await client.query(TABLES_IN_ODD);
    const next = await connected(url);
    await beginSession(next, LIMITS);
    expect(schemaOf(next)).toBe(ODD);
    expect(isPooled(next)).toBe(false);
    expect(await settings(next)).toMatchObject({ schema: ODD, statements: '1234ms', idle: '1234ms' });
  });

  it('has no schema where the role has none that it could make tables in', async () => {
    const client = await connected(await freshDatabase());
    await client.query('drop schema public');
    await beginSession(client, LIMITS);
    expect(schemaOf(client)).toBeUndefined();
  });

  it('runs a statement by itself, and a transaction in the mode that is asked for', async () => {
    const client = await connected(await freshDatabase());
    await beginSession(client, LIMITS);
    await runAlone(client as unknown as PoolClient, () => client.query('create table kept ()'));
    await expect(client.query('savepoint outside_of_a_transaction')).rejects.toThrow('transaction block');
    await beginTransaction(client, 'isolation level repeatable read read only');
    expect(await settings(client)).toMatchObject({ isolation: 'repeatable read', read_only: 'on' });
    await client.query('rollback');
    await beginTransaction(client);
    expect(await settings(client)).toMatchObject({ isolation: 'read committed', read_only: 'off' });
    await client.query('rollback');
  });
});

describe('a connection through a pooler', () => {
  /** A session of ours, and what others leave on the server's only connection between its transactions. */
  async function pooled() {
    const url = await freshDatabase();
    const owner = await connected(url);
    await beginSession(owner, LIMITS);
    await owner.query(TABLES_IN_ODD);
    const client = await connected(await startPooler(url, 1));
    await beginSession(client, LIMITS);
    const others = () =>
      client.query(
        `set search_path = pg_catalog; set statement_timeout = 0; set default_transaction_isolation = 'serializable'`,
      );
    return { client, owner, others };
  }

  it('is known as one, and has our settings in each transaction, also in one of another mode', async () => {
    const { client, others } = await pooled();
    expect(isPooled(client)).toBe(true);
    await others();
    await beginTransaction(client);
    const ours = { schema: ODD, statements: '1234ms', idle: '1234ms', isolation: 'read committed', read_only: 'off' };
    expect(await settings(client)).toEqual(ours);
    await client.query('commit');
    await others();
    await beginTransaction(client, 'isolation level repeatable read read only');
    expect(await settings(client)).toEqual({ ...ours, isolation: 'repeatable read', read_only: 'on' });
    await client.query('commit');
  });

  it('has them for a statement by itself as well, which is committed with it', async () => {
    const { client, owner, others } = await pooled();
    await others();
    await runAlone(client as unknown as PoolClient, () => client.query('create table kept ()'));
    const { rows } = await owner.query(`select schemaname from pg_tables where tablename = 'kept'`);
    expect(rows).toEqual([{ schemaname: ODD }]);
  });
});
