/** Tables as an earlier release has left them. */
import { runner } from 'node-pg-migrate';
import { type Database, inTransaction } from '../../src/store/connection/database.js';
import { schemaOf } from '../../src/store/connection/session.js';
import { MIGRATION_TABLE, MIGRATIONS } from '../../src/store/schemaFit.js';

/** @param count of migrations, the newest first */
export async function takeBack(database: Database, count: number): Promise<void> {
  await inTransaction(database, async (client) => {
    await runner({
      dbClient: client,
      dir: MIGRATIONS,
      migrationsTable: MIGRATION_TABLE,
      migrationsSchema: schemaOf(client) ?? '',
      direction: 'down',
      count,
      noLock: true,
      singleTransaction: true,
      log: () => undefined,
    });
  });
}
