/** The simulator's own PostgreSQL database, and the table in which its objects survive a kill. */
import { Client, escapeIdentifier, Pool } from 'pg';
import type { Logger } from 'pino';
import type { Change, Sink } from './state.js';

const MAKE_TABLE = `
  CREATE TABLE IF NOT EXISTS sim_objects (
    kind text NOT NULL, org_id text NOT NULL, sandbox_name text NOT NULL, id text NOT NULL,
    sequence bigint NOT NULL,
    -- json and not jsonb: keeps the order of keys and takes U+0000.
    value json NOT NULL,
    PRIMARY KEY (kind, org_id, sandbox_name, id)
  )`;

/** One statement for a whole batch; the last change of an object wins. */
const UPSERT = `
  INSERT INTO sim_objects (kind, org_id, sandbox_name, id, sequence, value)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::json[])
  ON CONFLICT (kind, org_id, sandbox_name, id) DO UPDATE SET sequence = excluded.sequence, value = excluded.value`;

const DELETE = `
  DELETE FROM sim_objects WHERE (kind, org_id, sandbox_name, id) IN
  (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]))`;

/** Between two tries of a write while the database does not answer. */
const RETRY_MS = 200;

export interface SimulatorDatabase {
  readonly url: string;
  readonly pool: Pool;
  readonly sink: Sink;
  /** What earlier runs left, oldest first. */
  load(): Promise<readonly Change[]>;
  close(): Promise<void>;
}

/**
 * Opens the database, making it when it is not there.
 *
 * @param serverUrl of a PostgreSQL server, with a user who may create databases
 */
export async function openDatabase(serverUrl: string, name: string, log: Logger): Promise<SimulatorDatabase> {
  await createIfAbsent(serverUrl, name);
  const url = withDatabase(serverUrl, name);
  const pool = new Pool({ connectionString: url, max: 8 });
  // A killed server ends idle connections; the pool makes new ones.
  const onEnded = (error: Error): void => log.warn({ err: error }, 'connection to the simulator database ended');
  pool.on('error', onEnded);
  // The pool listens to idle ones only.
  pool.on('connect', (client) => client.on('error', onEnded));
  await pool.query(MAKE_TABLE);
  let closed = false;

  async function write(changes: readonly Change[]): Promise<void> {
    const last = [...new Map(changes.map((change) => [keyOf(change), change])).values()];
    // Repeating is harmless: the batch sets objects to a state and does not depend on the one before.
    for (;;) {
      try {
        await writeOnce(pool, last);
        return;
      } catch (error) {
        if (closed) return;
        log.warn({ err: error }, 'simulator database does not take a write; trying again');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  return {
    url,
    pool,
    sink: { write },
    async load() {
      const { rows } = await pool.query<{
        kind: string;
        org_id: string;
        sandbox_name: string;
        id: string;
        sequence: string;
        value: string;
      }>('SELECT kind, org_id, sandbox_name, id, sequence, value::text AS value FROM sim_objects ORDER BY sequence');
      return rows.map((row) => ({
        kind: row.kind,
        scope: { orgId: row.org_id, sandboxName: row.sandbox_name },
        id: row.id,
        sequence: Number(row.sequence),
        json: row.value,
      }));
    },
    async close() {
      closed = true;
      await pool.end();
    },
  };
}

async function writeOnce(pool: Pool, changes: readonly Change[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const kept = changes.filter((change) => change.json !== undefined);
    const gone = changes.filter((change) => change.json === undefined);
    if (kept.length > 0) {
      await client.query(UPSERT, [...keyColumns(kept), kept.map((c) => c.sequence), kept.map((c) => c.json)]);
    }
    if (gone.length > 0) await client.query(DELETE, keyColumns(gone));
    await client.query('COMMIT');
    client.release();
  } catch (error) {
    // The connection may be in any state: not to be used again.
    client.release(true);
    throw error;
  }
}

const keyOf = ({ kind, scope, id }: Change) => JSON.stringify([kind, scope.orgId, scope.sandboxName, id]);

function keyColumns(changes: readonly Change[]): string[][] {
  return [
    changes.map((change) => change.kind),
    changes.map((change) => change.scope.orgId),
    changes.map((change) => change.scope.sandboxName),
    changes.map((change) => change.id),
  ];
}

async function createIfAbsent(serverUrl: string, name: string): Promise<void> {
  const client = await connectWhenStarted(withDatabase(serverUrl, 'postgres'));
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

/** SQLSTATE `cannot_connect_now`: a server that was killed recovers, which takes seconds. */
const STARTING_UP = '57P03';
const START_TIMEOUT_MS = 30_000;

async function connectWhenStarted(connectionString: string): Promise<Client> {
  const untilMs = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const client = new Client({ connectionString });
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      if ((error as { code?: unknown }).code !== STARTING_UP || performance.now() > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function withDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.toString();
}
