/** What worker and receiver do with the database before they use it. */
import type { Logger } from 'pino';
import { describeDurability, flawsOf } from '../domain/durability.js';
import { sentenceOf } from '../domain/errors.js';
import type { Database } from './connection/database.js';
import { readDurability } from './connection/durability.js';
import { migrate } from './migrate.js';
import { requireRights } from './rights.js';

/**
 * Brings the tables to this release, and looks whether what is committed is kept: a server that forgets by a mere crash is
 * refused by `beginSession` already, the rest is said.
 *
 * @throws CodedError as `migrate` and `requireRights` do
 */
export async function prepareDatabase(
  database: Database,
  log: Pick<Logger, 'info' | 'warn'>,
  migratorUrl?: string,
): Promise<void> {
  await migrate(database, { log, migratorUrl });
  await requireRights(database);
  const durability = await readDurability(database);
  for (const flaw of flawsOf(durability.facts)) log.warn({ code: flaw.code }, sentenceOf(flaw));
  const said = { durability: describeDurability(durability) };
  if (durability.failover === 'none' || durability.failover === 'keeps') log.info(said, 'database ready');
  else log.warn(said, 'database ready, but a failover may lose the last commits');
}
