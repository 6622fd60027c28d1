/** Brings the tables to this release. */
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import { Client } from 'pg';
import { codedError } from '../domain/errors.js';
import { ensureBodyPartitions } from './bodyPartitions.js';
import type { Database } from './database.js';

/**
 * Brings the tables to this release and makes the body partitions of the coming days. Several processes may call it at
 * once: the others wait.
 *
 * @throws CodedError `CAEP_DATABASE_UNREACHABLE`
 */
export async function migrate(database: Database): Promise<void> {
  // Without the pool's time limits: a large table, or another process that migrates, may take longer.
  const client = new Client({ ...database.pool.options, statement_timeout: false, query_timeout: 0 });
  client.on('error', () => undefined);
  await client.connect().catch((cause: unknown) => {
    throw codedError('CAEP_DATABASE_UNREACHABLE', { reason: reasonOf(cause) }, { cause });
  });
  try {
    await runner({
      dbClient: client,
      dir: fileURLToPath(new URL('migrations', import.meta.url)),
      migrationsTable: 'migration',
      direction: 'up',
      advisoryLockMode: 'wait',
      log: () => undefined,
    });
  } finally {
    await client.end();
  }
  await ensureBodyPartitions(database);
}

/** An AggregateError of several refused addresses has an empty message of its own. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
