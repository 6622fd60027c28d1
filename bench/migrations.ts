/**
 * How long each migration takes on a log with many ids, and for how long a receiver has to wait meanwhile.
 *
 * The tables are made as they were before a migration, filled, and then upgraded while events are appended one after the other:
 * first all at once in one transaction, as worker and receiver do it, which is taken back; then one by one.
 *
 * Usage: `tsx bench/migrations.ts FOLDER [IDS] [FROM]`, for example `tsx bench/migrations.ts /tmp/migrations 10000000 0007`.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { runner } from 'node-pg-migrate';
import type { PoolClient } from 'pg';
import { type Database, inTransaction, openDatabase } from '../src/store/connection/database.js';
import { startEmbeddedPostgres } from '../src/store/connection/embedded.js';
import { schemaOf } from '../src/store/connection/session.js';
import { knownMigrations, MIGRATION_TABLE, MIGRATIONS } from '../src/store/schemaFit.js';
import { preloadIds } from './rig/preload.js';

const [folder = '/tmp/chatlio-aep-migrations', ids = '1000000', from = '0007'] = process.argv.slice(2);
/** Between two appends. */
const PAUSE_MS = 2;
const HEADROOM_MS = 1_000;

/** With the columns that there were from the first migration on. */
const APPEND = `
  with head as (
    update partition_head set last_seq = last_seq + 1, last_logged_at = clock_timestamp()
    where source_id = $1 and partition = 0 returning last_seq as seq, last_logged_at as at
  ), id as (
    insert into event_id (source_id, partition, kind, seq, logged_at, last_arrival_at, event_id, body_mac, stable_mac)
    select $1, 0, 1, seq, at, at, $2, $3, $3 from head
  )
  insert into event_body (source_id, partition, kind, seq, logged_at, occurred_at, event_id, sealed)
  select $1, 0, 1, seq, at, at, $2, $4 from head`;

/** Appends until it is stopped, and knows the longest wait since it was asked last. */
function startReceiver({ pool }: Database, sourceId: number) {
  let longestMs = 0;
  let count = 0;
  const stopping = new AbortController();
  const done = (async () => {
    while (!stopping.signal.aborted) {
      const begun = performance.now();
      await pool.query(APPEND, [sourceId, randomBytes(32), randomBytes(16), randomBytes(1_200)]);
      longestMs = Math.max(longestMs, performance.now() - begun);
      count += 1;
      await delay(PAUSE_MS);
    }
  })();
  return {
    take() {
      const taken = { longestMs, count };
      [longestMs, count] = [0, 0];
      return taken;
    },
    stop() {
      stopping.abort();
      return done;
    },
  };
}

const TAKEN_BACK = new Error('taken back');

async function up(database: Database, count: number, isTakenBack = false): Promise<void> {
  await inTransaction(database, async (client) => {
    if (isTakenBack) leaveOpen(client);
    await runner({
      dbClient: client,
      dir: MIGRATIONS,
      migrationsTable: MIGRATION_TABLE,
      migrationsSchema: schemaOf(client) ?? 'public',
      direction: 'up',
      count,
      noLock: true,
      singleTransaction: true,
      log: () => undefined,
    });
    if (isTakenBack) throw TAKEN_BACK;
  }).catch((error: unknown) => {
    if (error !== TAKEN_BACK) throw error;
  });
}

async function measured(what: string, work: () => Promise<void>): Promise<void> {
  const at = performance.now();
  await work();
  const tookMs = performance.now() - at;
  // An append that waits has to end, to be counted.
  await delay(PAUSE_MS * 10);
  console.log(`| ${what} | ${tookMs.toFixed(0)} ms | ${receiver.take().longestMs.toFixed(0)} ms |`);
}

/** The runner ends the transaction itself. */
function leaveOpen(client: PoolClient): void {
  const query = client.query.bind(client) as (...statement: unknown[]) => unknown;
  const withoutCommit = (...statement: unknown[]): unknown =>
    statement[0] === 'COMMIT' ? Promise.resolve() : query(...statement);
  client.query = withoutCommit as typeof client.query;
}

const log = { info: () => undefined, warn: () => undefined };
const server = await startEmbeddedPostgres({
  dataDir: folder,
  database: `ids_${ids}_${Date.now()}`,
  log: console.log,
  settings: { max_wal_size: '8GB', shared_buffers: '1GB' },
});
const database = openDatabase({ url: server.url, applicationName: 'bench', statementTimeoutMs: 0, log });
const names = await knownMigrations();
const before = names.filter((name) => name < from).length;
await up(database, before);
const { rows } = await database.pool.query<{ id: number }>(
  `insert into source (uid, name, partitions) values (gen_random_uuid(), 'bench', 1) returning id`,
);
const sourceId = rows[0]?.id ?? 0;
await database.pool.query('insert into partition_head (source_id, partition) values ($1, 0)', [sourceId]);
const begun = performance.now();
await preloadIds(database, sourceId, Number(ids), { rebuildIndex: true });
console.log(`${ids} ids in ${((performance.now() - begun) / 1_000).toFixed(0)} s`);

const receiver = startReceiver(database, sourceId);
await delay(HEADROOM_MS);
console.log(`| migration | takes | longest wait of an append |\n| --- | --- | --- |`);
console.log(`| none, for a second | | ${receiver.take().longestMs.toFixed(0)} ms |`);
await measured('all at once', () => up(database, names.length - before, true));
for (const name of names.slice(before)) await measured(name, () => up(database, 1));
await receiver.stop();
await database.close();
await server.stop();
