/** A fresh, migrated database for a test file, on a PostgreSQL that the run's test files share. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { openDatabase } from '../../src/store/connection/database.js';
import { startEmbeddedPostgres } from '../../src/store/connection/embedded.js';
import { migrate } from '../../src/store/migrate.js';
import { WAIT_AFTER_SERVER_START_MS } from '../../src/store/delivery/claim.js';
import { sharedServer } from './shared.js';

export interface TestDatabase {
  readonly url: string;
  /** Closed and dropped with the test file. */
  readonly pool: Pool;
}

const TEMPLATE = 'migrated';

/**
 * Call it at the top of a test file or of a `describe`.
 *
 * @param defaults of the database's sessions
 * @returns gives the database, from `beforeAll` on
 */
export function withPostgres(defaults: Readonly<Record<string, string>> = {}): () => TestDatabase {
  let database: TestDatabase | undefined;
  const name = `test_${randomUUID().replaceAll('-', '')}`;

  beforeAll(async () => {
    const server = await sharedPostgres();
    await administer(server, `create database ${name} template ${TEMPLATE}`);
    for (const [setting, value] of Object.entries(defaults)) {
      await administer(server, `alter database ${name} set ${setting} = '${value}'`);
    }
    const url = databaseUrl(server, name);
    const pool = new Pool({ connectionString: url, max: 20 });
    pool.on('error', () => undefined);
    database = { url, pool };
  });
  afterAll(async () => {
    await database?.pool.end();
    await administer(await sharedPostgres(), `drop database if exists ${name} with (force)`);
  });

  return () => {
    if (database === undefined) throw new Error('the database exists from beforeAll on');
    return database;
  };
}

/** The URL of the shared server's maintenance database. */
function sharedPostgres(): Promise<string> {
  const runDir = inject('runDir');
  return sharedServer(runDir, 'postgres', async () => {
    const dataDir = join(runDir, 'postgres');
    const server = await startEmbeddedPostgres({
      dataDir,
      database: TEMPLATE,
      log: () => undefined,
      settings: { max_connections: '300', wal_level: 'minimal', max_wal_senders: '0', checkpoint_timeout: '1h' },
    });
    await migrateTemplate(server.url);
    await untilClaimable(server.url);
    return { pid: server.pid, connect: databaseUrl(server.url, 'postgres') };
  });
}

async function migrateTemplate(url: string): Promise<void> {
  const log = { info: () => undefined, warn: () => undefined };
  const database = openDatabase({ url, applicationName: 'test', log });
  await migrate(database);
  // A template may have no connections.
  await database.close();
}

/** Nobody claims a partition of a server that was just started. */
async function untilClaimable(url: string): Promise<void> {
  const since = 'extract(epoch from clock_timestamp() - pg_postmaster_start_time())';
  await administer(url, `select pg_sleep(greatest(0, ${WAIT_AFTER_SERVER_START_MS / 1_000} - ${since}))`);
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function databaseUrl(serverUrl: string, database: string): string {
  return Object.assign(new URL(serverUrl), { pathname: `/${database}` }).href;
}
