/** What stands between us and PostgreSQL, and whether it leaves a session of the server's to us. */
import { Client, type PoolClient } from 'pg';
import { type Database, inTransaction, openBeside } from './database.js';
import { isPooled } from './session.js';
import { sqlState } from './transient.js';

export interface Pooler {
  readonly name: string;
  /** Whether a connection of ours stays with one of the server's, or gets another one for each transaction. */
  readonly mode: 'session' | 'transaction';
}

/** Hosts by which providers tell theirs from the database's own. */
const BY_HOST: readonly (readonly [host: RegExp, name: string])[] = [
  [/\.pooler\.supabase\.com$/, 'Supavisor'],
  [/-pooler\..+\.neon\.tech$/, 'PgBouncer of Neon'],
  [/\.proxy-[^.]+\.[^.]+\.rds\.amazonaws\.com(\.cn)?$/, 'RDS Proxy'],
];
/** PgBouncer's own, which it keeps to its administrators. */
const ADMINISTRATION = 'pgbouncer';
const CONNECT_TIMEOUT_MS = 5_000;
const LOOKS = 5;

/** @returns undefined where there is none */
export async function findPooler(database: Database): Promise<Pooler | undefined> {
  if (!(await inTransaction(database, async (client) => isPooled(client)))) return undefined;
  const url = database.pool.options.connectionString ?? '';
  return { name: await poolerName(url), mode: (await keepsSessions(database)) ? 'session' : 'transaction' };
}

export async function poolerName(url: string): Promise<string> {
  const { hostname } = new URL(url);
  const [, known] = BY_HOST.find(([host]) => host.test(hostname)) ?? [];
  return known ?? ((await isPgBouncer(url)) ? 'PgBouncer' : 'a pooler');
}

async function isPgBouncer(url: string): Promise<boolean> {
  const connectionString = Object.assign(new URL(url), { pathname: `/${ADMINISTRATION}` }).href;
  const client = new Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string }>('show version');
    return /pgbouncer/i.test(rows[0]?.version ?? '');
  } catch (error) {
    return error instanceof Error && sqlState(error) === '08P01' && error.message === 'not allowed';
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Shown by two connections of ours: one that finds itself elsewhere, or where the other has been, does not keep its own. */
export async function keepsSessions(database: Database): Promise<boolean> {
  const pair = openBeside(database, { url: database.pool.options.connectionString ?? '', maxConnections: 2 });
  try {
    const clients = await Promise.all([pair.pool.connect(), pair.pool.connect()]);
    const seen = new Map<number, PoolClient>();
    let places = 0;
    for (let look = 0; look < LOOKS; look += 1) {
      for (const client of clients) {
        const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
        const pid = rows[0]?.pid ?? 0;
        if (seen.get(pid) !== client) places += 1;
        seen.set(pid, client);
      }
    }
    for (const client of clients) client.release();
    return places === clients.length;
  } finally {
    await pair.close();
  }
}
