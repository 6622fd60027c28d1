/**
 * The session that our statements need, in one place: set on each connection before its first statement of ours, whatever
 * the server, the database, the role, or the one who had a pooler's connection before have set.
 *
 * Behind a pooler a connection of ours may be another one of the server's in each transaction. There every transaction sets
 * them for itself, single statements run in one of their own, and no statement is prepared.
 *
 * `default_transaction_read_only` is left as it is: providers switch it on to protect a disk that is nearly full.
 */
import type { ClientBase, PoolClient, QueryResult } from 'pg';
import { codedError } from '../../domain/errors.js';
import { cleaned } from './cleanText.js';

const SETTINGS: Readonly<Record<string, string>> = {
  // How values are written and read.
  client_encoding: 'UTF8',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  // What a transaction sees, and when it fails.
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  lock_timeout: '0',
  idle_session_timeout: '0',
};

/** There is none before PostgreSQL 17, and an unknown name is an error. */
const NO_TRANSACTION_TIMEOUT = (isLocal: string) =>
  `select set_config('transaction_timeout', '0', ${isLocal}) where current_setting('transaction_timeout', true) <> '0'`;

/** A stricter one is not lowered. */
const DURABLE_COMMITS = (isLocal: string) =>
  `select set_config('synchronous_commit', 'on', ${isLocal}) where current_setting('synchronous_commit') not in ('on', 'remote_apply')`;

/** Where our tables are, else where the role makes new ones. One installation per database. */
const FIND_SCHEMA = `
  select coalesce((
    select nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relname = 'partition_head' and c.relkind = 'r' and has_schema_privilege(n.oid, 'usage')
    order by array_position(current_schemas(false), nspname), nspname = 'public' desc, nspname limit 1
  ), current_schema())`;

/** By it a trigger (`0038`) knows a release that reads originals: others take no partition of a source that keeps them. */
const READS = { name: 'chatlio_aep.reads', value: 'originals' };

export interface SessionLimits {
  /** 0: none. */
  readonly statementTimeoutMs: number;
}

interface Session {
  readonly limits: SessionLimits;
  /** Undefined: the role has none that it could make tables in. */
  readonly schema?: string;
  readonly isPooled: boolean;
  readonly check?: WriteCheck;
}

const sessions = new WeakMap<ClientBase, Session>();

/**
 * Before the first statement of ours on a new connection. Behind a pooler it leaves nothing behind: the next transaction on this
 * connection of the server's may be somebody else's. In one message, because a session may be ended that idles in between.
 */
export async function beginSession(client: ClientBase & { processID?: number | null }, limits: SessionLimits) {
  // A pooler answers a connection with a number of its own.
  const pooled = `pg_backend_pid() <> ${client.processID ?? 0}`;
  const look = `
    select ${pooled} as pooled, current_setting('fsync') as fsync, schema,
      set_config('${READS.name}', '${READS.value}', ${pooled}),
      case when schema is not null then set_config('search_path', quote_ident(schema), ${pooled}) end
    from (${FIND_SCHEMA}) as found (schema)`;
  const set = Object.entries(all(limits)).map(([name, value]) => `select set_config('${name}', '${value}', ${pooled})`);
  const asked = ['begin', ...set, NO_TRANSACTION_TIMEOUT(pooled), DURABLE_COMMITS(pooled), look, 'commit'].join('; ');
  const results: unknown = await client.query(asked);
  const [found] = (results as QueryResult<Surroundings>[]).at(-2)?.rows ?? [];
  // Nothing that is committed there is kept: neither taken nor sent is ever known.
  const value = found?.fsync;
  if (value === 'off') throw codedError('CAEP_DATABASE_NOT_DURABLE', { setting: 'fsync', value, expected: 'on' });
  const session = { limits, schema: found?.schema ?? undefined, isPooled: found?.pooled !== false };
  sessions.set(client, session);
  ask(client, session.isPooled);
}

interface Surroundings {
  readonly pooled: boolean;
  readonly schema: string | null;
  readonly fsync: string;
}

/** Looks whether a transaction may write, once it has what it waits for: its last statement says. */
interface WriteCheck {
  readonly sql: string;
  /** Throws. */
  readonly judge: (row: unknown) => void;
}

/**
 * For each transaction behind a pooler from now on. A connection there outlives those of the server, so that whoever ends
 * those has not ended it.
 */
export function checkWrites(client: ClientBase, check: WriteCheck): void {
  const session = sessions.get(client);
  if (session?.isPooled === true) sessions.set(client, { ...session, check });
}

/** In which the tables are, or are to be made. */
export function schemaOf(client: ClientBase): string | undefined {
  return sessions.get(client)?.schema;
}

export function isPooled(client: ClientBase): boolean {
  return sessions.get(client)?.isPooled === true;
}

/** @param mode of the transaction, where it is not the usual one: for example `isolation level repeatable read read only` */
export async function beginTransaction(client: ClientBase, mode?: string): Promise<void> {
  const session = sessions.get(client);
  if (session?.isPooled !== true) {
    await client.query(mode === undefined ? 'begin' : `begin ${mode}`);
    return;
  }
  const check = mode?.includes('read only') === true ? undefined : session.check;
  const begin = `begin ${mode ?? 'isolation level read committed not deferrable'}`;
  const asked = check === undefined ? '' : `; ${check.sql}`;
  const results: unknown = await client.query(`${begin}; ${settings(session)}${asked}`);
  check?.judge((results as QueryResult[]).at(-1)?.rows[0]);
}

/** One statement by itself, under our settings. */
export async function runAlone<T>(client: PoolClient, run: () => Promise<T>): Promise<T> {
  if (!isPooled(client)) return run();
  await beginTransaction(client);
  const result = await run();
  await client.query('commit');
  return result;
}

/** For one transaction. */
function settings({ limits, schema }: Session): string {
  const path = schema === undefined ? [] : [`set local search_path = "${schema.replaceAll('"', '""')}"`];
  return [
    ...Object.entries(all(limits)).map(([name, value]) => `set local ${name} = '${value}'`),
    NO_TRANSACTION_TIMEOUT('true'),
    DURABLE_COMMITS('true'),
    ...path,
    `set local ${READS.name} = '${READS.value}'`,
  ].join('; ');
}

function all({ statementTimeoutMs }: SessionLimits): Readonly<Record<string, string>> {
  return {
    // First, as it may be shorter than what follows takes.
    statement_timeout: String(statementTimeoutMs),
    idle_in_transaction_session_timeout: String(statementTimeoutMs),
    ...SETTINGS,
  };
}

/**
 * Every statement of ours goes through here: its texts are cleaned, wherever they have come from, and behind a pooler
 * nothing is prepared, as it would lie on another of the server's connections when it is run again.
 */
function ask(client: ClientBase, isPooled: boolean): void {
  const query = client.query.bind(client) as (...parameters: unknown[]) => unknown;
  client.query = ((statement: unknown, ...rest: unknown[]) => {
    if (!isConfig(statement)) return query(statement, ...rest.map(cleaned));
    const values = statement.values?.map(cleaned);
    return query({ ...statement, values, ...(isPooled ? { name: undefined } : {}) }, ...rest);
  }) as typeof client.query;
}

function isConfig(statement: unknown): statement is { readonly text: string; readonly values?: readonly unknown[] } {
  return (
    typeof statement === 'object' &&
    statement !== null &&
    Object.getPrototypeOf(statement) === Object.prototype &&
    'text' in statement
  );
}
