/**
 * The lake: one PostgreSQL database per sandbox, named as Query Service names it (`prod:all`).
 *
 * `public` holds a table per dataset, with every copy of every event. `sim` holds what the platform keeps to itself:
 * what was accepted and waits, batches, failed records, runs. Both are in one database so that an event leaves the
 * waiting room in the transaction that makes it a row.
 */
import { Pool, type PoolClient, escapeIdentifier } from 'pg';
import type { Logger } from 'pino';

export interface LakeDatabase {
  readonly sandboxName: string;
  readonly pool: Pool;
}

export const LAKE_DATABASE_SUFFIX = ':all';

const MAKE_TABLES = `
  CREATE SCHEMA IF NOT EXISTS sim;
  -- What the inlet answered 200 for, for ever: the truth that tests compare with.
  CREATE TABLE IF NOT EXISTS sim.acceptance (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id text NOT NULL, inlet_id text NOT NULL, flow_id text, dataset_id text,
    event_id text, xaction_id text NOT NULL, received_ms bigint NOT NULL, bytes integer NOT NULL,
    -- land, or why it never does
    fate text NOT NULL
  );
  CREATE INDEX IF NOT EXISTS acceptance_event ON sim.acceptance (event_id);
  CREATE TABLE IF NOT EXISTS sim.pending (
    sequence bigint PRIMARY KEY, due_ms bigint NOT NULL,
    org_id text NOT NULL, flow_id text, dataset_id text NOT NULL, event_id text, xaction_id text NOT NULL,
    received_ms bigint NOT NULL,
    form text NOT NULL, body text NOT NULL, mapping_id text, mapping_version integer,
    copies integer NOT NULL, invalid_reason text
  );
  CREATE INDEX IF NOT EXISTS pending_due ON sim.pending (due_ms);
  CREATE TABLE IF NOT EXISTS sim.batch (
    id text PRIMARY KEY, org_id text NOT NULL, dataset_id text NOT NULL, flow_id text, status text NOT NULL,
    created_ms bigint NOT NULL, records integer NOT NULL, bytes bigint NOT NULL, errors jsonb NOT NULL
  );
  CREATE INDEX IF NOT EXISTS batch_dataset ON sim.batch (dataset_id, created_ms);
  CREATE TABLE IF NOT EXISTS sim.failed_record (
    sequence bigint PRIMARY KEY, batch_id text NOT NULL, dataset_id text NOT NULL, event_id text, line text NOT NULL
  );
  CREATE INDEX IF NOT EXISTS failed_record_batch ON sim.failed_record (batch_id);
  CREATE INDEX IF NOT EXISTS failed_record_event ON sim.failed_record (event_id);
  CREATE TABLE IF NOT EXISTS sim.flow_run (
    id uuid NOT NULL DEFAULT gen_random_uuid(), flow_id text NOT NULL, window_start_ms bigint NOT NULL,
    first_ms bigint NOT NULL, last_ms bigint NOT NULL,
    input_records bigint NOT NULL, output_records bigint NOT NULL, failed_records bigint NOT NULL,
    warning_records bigint NOT NULL, input_bytes bigint NOT NULL, output_bytes bigint NOT NULL,
    PRIMARY KEY (flow_id, window_start_ms)
  );
  CREATE TABLE IF NOT EXISTS sim.dataset_table (dataset_id text PRIMARY KEY, table_name text NOT NULL);
  CREATE TABLE IF NOT EXISTS sim.profile_event (
    dedup_scope text NOT NULL, event_id text NOT NULL, dataset_id text NOT NULL, visible_ms bigint NOT NULL,
    PRIMARY KEY (dedup_scope, event_id)
  );`;

const CONNECTIONS_PER_LAKE = 4;

export interface Lakes {
  /** Opens the sandbox's database, making it on first use. */
  of(sandboxName: string): Promise<LakeDatabase>;
  /** Those of the named sandboxes that have been made. */
  existing(sandboxNames: readonly string[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** @param serverUrl any database of the server, with a user who may create databases and roles */
export function createLakes(serverUrl: string, log: Logger): Lakes {
  const opened = new Map<string, Promise<LakeDatabase>>();
  const admin = new Pool({ connectionString: serverUrl, max: 1 });
  const onServerEnded = (error: Error): void => log.warn({ err: error }, 'connection to the lake server ended');
  admin.on('error', onServerEnded);
  admin.on('connect', (client) => client.on('error', onServerEnded));

  async function open(sandboxName: string): Promise<LakeDatabase> {
    const name = sandboxName + LAKE_DATABASE_SUFFIX;
    const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) {
      await admin.query(`CREATE DATABASE ${escapeIdentifier(name)}`);
      await admin.query(`ALTER DATABASE ${escapeIdentifier(name)} SET timezone TO 'UTC'`);
    }
    const url = new URL(serverUrl);
    // pg decodes the path as a whole URI and leaves an escaped colon alone.
    url.pathname = `/${encodeURI(name)}`;
    const pool = new Pool({ connectionString: url.toString(), max: CONNECTIONS_PER_LAKE });
    const onEnded = (error: Error): void => log.warn({ err: error }, 'connection to the lake ended');
    pool.on('error', onEnded);
    // The pool listens to idle ones only: one that ends in the middle of a transaction would end the process.
    pool.on('connect', (client) => client.on('error', onEnded));
    await pool.query(MAKE_TABLES);
    return { sandboxName, pool };
  }

  function of(sandboxName: string): Promise<LakeDatabase> {
    const known = opened.get(sandboxName);
    if (known !== undefined) return known;
    const opening = open(sandboxName);
    opened.set(sandboxName, opening);
    // A server that was away is asked again next time.
    opening.catch(() => opened.delete(sandboxName));
    return opening;
  }

  return {
    of,
    async existing(sandboxNames) {
      const { rows } = await admin.query<{ datname: string }>(
        'SELECT datname FROM pg_database WHERE datname = ANY($1) ORDER BY datname',
        [sandboxNames.map((name) => name + LAKE_DATABASE_SUFFIX)],
      );
      return rows.map(({ datname }) => datname.slice(0, -LAKE_DATABASE_SUFFIX.length));
    },
    async close() {
      const open = await Promise.allSettled(opened.values());
      for (const one of open) if (one.status === 'fulfilled') await one.value.pool.end();
      await admin.end();
    },
  };
}

/** Commits what `work` writes, or nothing of it. */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    // The connection may be in any state: not to be used again.
    client.release(true);
    throw error;
  }
}
