/** Brings the tables to this release. */
import { setTimeout as delay } from 'node:timers/promises';
import { PG_MIGRATE_LOCK_ID, runner } from 'node-pg-migrate';
import type { PoolClient } from 'pg';
import type { Logger } from 'pino';
import { codedError } from '../domain/errors.js';
import { ensureBodyPartitions } from './bodies/bodyPartitions.js';
import { type Database, inTransaction, withoutTimeLimits } from './connection/database.js';
import { databaseFault } from './connection/databaseFault.js';
import { schemaOf } from './connection/session.js';
import { sqlState } from './connection/transient.js';
import { knownMigrations, MIGRATION_TABLE, MIGRATIONS, readApplied, readTooNew } from './schemaFit.js';

const LOCK_POLL_MS = 250;
/** So long may receivers be held up by one try, and so long they have before the next. */
const TABLE_LOCK_TIMEOUT_MS = 2_000;
const TABLE_LOCK_PAUSE_MS = 3_000;
/** PostgreSQL, appendix A. */
const LOCK_NOT_AVAILABLE = '55P03';
/** Counting a long log once takes minutes. */
const LONGEST_WAIT_MS = 15 * 60_000;

export interface MigrateOptions {
  readonly log?: Pick<Logger, 'warn'>;
  readonly longestWaitMs?: number;
  /** Of the role that the tables belong to; by default the database's own. */
  readonly migratorUrl?: string;
}

/**
 * Brings the tables to this release and makes the body partitions of the coming days. Several processes may call it at
 * once: the others wait.
 *
 * @returns the names of the migrations that were made
 * @throws CodedError `CAEP_DATABASE_UNREACHABLE`, `CAEP_DATABASE_REFUSED`, `CAEP_DATABASE_FULL`, `CAEP_DATABASE_NOT_DURABLE`,
 *   `CAEP_SCHEMA_NEWER`, and `CAEP_SCHEMA_OLDER` where another role has to upgrade them
 */
export async function migrate(database: Database, options: MigrateOptions = {}): Promise<readonly string[]> {
  try {
    const made = await untilNothingIsInTheWay(options, () =>
      withoutTimeLimits(
        database,
        (patient) => inTransaction(patient, (client) => runPending(client, options)),
        options.migratorUrl,
      ),
    );
    await ensureBodyPartitions(database);
    return made;
  } catch (failure) {
    throw databaseFault(failure) ?? failure;
  }
}

/**
 * Whoever waits for a lock on a table holds up all that come after it: receivers would wait for as long as an audit reads. So it
 * gives up soon, is taken back, and comes again.
 */
async function untilNothingIsInTheWay<T>(
  { log, longestWaitMs = LONGEST_WAIT_MS }: MigrateOptions,
  work: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + longestWaitMs;
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (sqlState(error) !== LOCK_NOT_AVAILABLE || performance.now() > deadline) throw error;
      if (tries === 0)
        log?.warn('the tables are in use for long, by an audit for example; their upgrade is tried again');
    }
    await delay(TABLE_LOCK_PAUSE_MS);
  }
}

/**
 * In one transaction, which the lock ends with: behind a pooler a lock of the session would stay with a connection of the
 * server's that is somebody else's by then.
 */
async function runPending(client: PoolClient, options: MigrateOptions): Promise<readonly string[]> {
  const schema = schemaOf(client);
  if (schema === undefined) throw refused('the role has no schema to make tables in: its search_path names none');
  const { schema: migrationsSchema, names: applied } = await readApplied(client, schema);
  const missing = (await knownMigrations()).find((name) => !applied.has(name));
  if (missing === undefined) return [];
  if (!(await ownsTables(client, schema))) throw codedError('CAEP_SCHEMA_OLDER', { migration: missing });
  await waitForTurn(client, options);
  const tooNew = await readTooNew(client, schema);
  if (tooNew !== undefined) throw tooNew;
  await requireCreate(client, schema);
  await requireUtf8(client);
  await client.query(`set local lock_timeout = ${TABLE_LOCK_TIMEOUT_MS}`);
  const made = await runner({
    dbClient: client,
    dir: MIGRATIONS,
    migrationsTable: MIGRATION_TABLE,
    migrationsSchema,
    direction: 'up',
    noLock: true,
    singleTransaction: true,
    log: () => undefined,
  });
  return made.map(({ name }) => name);
}

async function waitForTurn(client: PoolClient, { log, longestWaitMs = LONGEST_WAIT_MS }: MigrateOptions) {
  const deadline = performance.now() + longestWaitMs;
  for (let waits = 0; ; waits += 1) {
    const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_xact_lock($1) as mine', [
      PG_MIGRATE_LOCK_ID,
    ]);
    if (rows[0]?.mine === true) return;
    const holder = await lockHolder(client);
    if (waits === 0) log?.warn({ holder }, 'another connection is upgrading the tables; waiting for it');
    if (performance.now() > deadline) {
      throw refused(`another connection (${holder}) holds the migration lock and does not finish`);
    }
    await delay(LOCK_POLL_MS);
  }
}

async function lockHolder(client: PoolClient): Promise<string> {
  const { rows } = await client.query<{ holder: string }>(
    `select format('pid %s, %s', pid, coalesce(nullif(application_name, ''), usename, 'unknown')) as holder
     from pg_locks join pg_stat_activity using (pid)
     where locktype = 'advisory' and granted and ((classid::bigint << 32) | objid::bigint) = $1 limit 1`,
    [PG_MIGRATE_LOCK_ID],
  );
  return rows[0]?.holder ?? 'unknown';
}

/** What is not there yet belongs to nobody else. */
async function ownsTables(client: PoolClient, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ owns: boolean }>(
    `select pg_has_role(relowner, 'usage') as owns from pg_class where oid = to_regclass(format('%I.partition_head', $1::text))`,
    [schema],
  );
  return rows[0]?.owns ?? true;
}

async function requireCreate(client: PoolClient, schema: string): Promise<void> {
  const { rows } = await client.query<{ may: boolean; role: string }>(
    `select has_schema_privilege($1, 'create') as may, current_user as role`,
    [schema],
  );
  if (rows[0]?.may === true) return;
  throw refused(`the role ${rows[0]?.role} may not create tables in the schema ${schema}`);
}

/** The second keeps the bytes as they come. */
const ANY_TEXT: ReadonlySet<string> = new Set(['UTF8', 'SQL_ASCII']);

/** Of a new database alone: one that has our tables has gone well until now, with the names and reasons that it was given. */
async function requireUtf8(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ encoding: string; is_new: boolean }>(
    `select current_setting('server_encoding') as encoding, to_regclass('partition_head') is null as is_new`,
  );
  const { encoding = 'unknown', is_new: isNew = true } = rows[0] ?? {};
  if (ANY_TEXT.has(encoding) || !isNew) return;
  throw refused(
    `its encoding is ${encoding}, which cannot hold every text: make it by "create database … encoding 'UTF8' template template0"`,
  );
}

function refused(reason: string) {
  return codedError('CAEP_DATABASE_REFUSED', { reason });
}
