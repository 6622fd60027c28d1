/** The connection to PostgreSQL: a pool, transactions, and whether it answers. */
import pLimit, { type LimitFunction } from 'p-limit';
import { type ClientBase, Pool, type PoolClient, type PoolConfig, TypeOverrides, types } from 'pg';
import type { Logger } from 'pino';
import { beginSession, beginTransaction, runAlone } from './session.js';
import { encryptionOf, verified } from './tls.js';

export interface Database {
  /** bigint columns arrive as numbers: none of ours comes near 2^53. */
  readonly pool: Pool;
  /** Past the pooler that the pool goes through, for what needs a session of the server's or takes long. Holds a password. */
  readonly directUrl?: string;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  readonly directUrl?: string;
  /** Seen in pg_stat_activity. */
  readonly applicationName: string;
  readonly maxConnections?: number;
  /**
   * A statement that is not answered in this time fails, and its connection is closed. A transaction in which nothing is
   * asked for as long is ended by the server: a process that stands still keeps no locks. 0: no limits.
   */
  readonly statementTimeoutMs?: number;
  /** Looks at each new connection before anybody gets it; one that it throws for is closed. */
  readonly admit?: (client: ClientBase) => Promise<void>;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;
/** The client's own limit is for a server that has stopped answering at all; the server's is told apart in the error. */
const SILENT_SERVER_MARGIN_MS = 1_000;

/** The pool waits for `onConnect`. Not `verify`: a connection whose caller gives up while it is verified is given back by nobody. */
type PoolSettings = Omit<PoolConfig, 'onConnect'> & { readonly onConnect: (client: ClientBase) => Promise<void> };

export function openDatabase(options: DatabaseOptions): Database {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const settings: PoolSettings = {
    connectionString: verified(options.url),
    application_name: options.applicationName,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: statementTimeoutMs === 0 ? 0 : statementTimeoutMs + SILENT_SERVER_MARGIN_MS,
    keepAlive: true,
    types: numericBigints(),
    onConnect: (client) => begin(client, options),
  };
  const pool = new Pool(settings);
  pool.query = ((...statement: Parameters<PoolClient['query']>) =>
    queryAlone(pool, statement)) as unknown as Pool['query'];
  // An idle connection that breaks is replaced at the next use; without a listener Node would end the process.
  pool.on('error', (error) => options.log.warn({ reason: error.message }, 'an idle PostgreSQL connection broke'));
  // One that is in use tells it by the query that fails; between two queries of a transaction, only by this event.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return { pool, directUrl: options.directUrl, close: () => pool.end() };
}

async function begin(client: ClientBase, options: DatabaseOptions): Promise<void> {
  await beginSession(client, { statementTimeoutMs: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS });
  await options.admit?.(client);
}

/** The pool's own `query`, but for what a pooler needs. */
async function queryAlone(pool: Pool, statement: Parameters<PoolClient['query']>): Promise<unknown> {
  const client = await pool.connect();
  try {
    const result: unknown = await runAlone(client, async () => client.query(...statement));
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** For work that takes longer than a process waits for a statement: a connection of its own without time limits, past a pooler. */
export function withoutTimeLimits<T>(
  database: Database,
  work: (patient: Database) => Promise<T>,
  url?: string,
): Promise<T> {
  const limit = patience.get(database.pool) ?? pLimit(PATIENT_CONNECTIONS);
  patience.set(database.pool, limit);
  return limit(async () => {
    const patient = openBeside(database, { statementTimeoutMs: 0, ...(url === undefined ? {} : { url }) });
    try {
      return await work(patient);
    } finally {
      await patient.close();
    }
  });
}

const PATIENT_CONNECTIONS = 2;
/** Of each pool: how many more connections it may have, and who waits for one. */
const patience = new WeakMap<Pool, LimitFunction>();

/** A pool of one connection of its own, by default past a pooler. */
export function openBeside(
  { pool, directUrl }: Database,
  changes: Partial<Pick<DatabaseOptions, 'url' | 'maxConnections' | 'statementTimeoutMs'>> = {},
): Database {
  return openDatabase({
    url: directUrl ?? pool.options.connectionString ?? '',
    applicationName: pool.options.application_name ?? '',
    maxConnections: 1,
    log: { info: () => undefined, warn: () => undefined },
    ...changes,
  });
}

function numericBigints(): TypeOverrides {
  const parsers = new TypeOverrides();
  parsers.setTypeParser(types.builtins.INT8, Number);
  return parsers;
}

/**
 * Runs `work` in one transaction; a failure rolls back, and closes the connection, whose state nobody knows.
 *
 * @param mode of the transaction, where it is not the usual one: for example `isolation level repeatable read read only`
 */
export async function inTransaction<T>(
  database: Database,
  work: (client: PoolClient) => Promise<T>,
  mode?: string,
): Promise<T> {
  const client = await database.pool.connect();
  try {
    await beginTransaction(client, mode);
    const result = await work(client);
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** Whether PostgreSQL answers; never throws. */
export async function isReachable(database: Database): Promise<boolean> {
  return database.pool.query('select 1').then(
    () => true,
    () => false,
  );
}

/** For example `18.4, TLSv1.3`. */
export async function databaseVersion(database: Database): Promise<string> {
  return inTransaction(database, async (client) => {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return `${rows[0]?.server_version ?? 'unknown'}, ${encryptionOf(client) ?? 'without TLS'}`;
  });
}

/** The database's clock minus this process's, in milliseconds; the way there and back is halved. */
export async function clockSkewMs(database: Database): Promise<number> {
  const before = Date.now();
  const { rows } = await database.pool.query<{ now_ms: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms',
  );
  return (rows[0]?.now_ms ?? Number.NaN) - (before + Date.now()) / 2;
}

/** Where PostgreSQL keeps its data, if that is on this machine and the role may know it. */
export async function localDataFolder(database: Database): Promise<string | undefined> {
  const { rows } = await database.pool.query<{ folder: string }>(
    `select setting as folder from pg_settings
     where name = 'data_directory' and inet_server_addr() is not distinct from inet_client_addr()`,
  );
  return rows[0]?.folder;
}
