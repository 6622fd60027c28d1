import { counted } from '../../../domain/counted.js';
import { codedError, EXIT_CODES } from '../../../domain/errors.js';
import type { CommandFamily } from '../../grammar/commandLine.js';
import type { Command } from '../../ports.js';

/** Brings the tables to this release, as a role that may: workers and receivers need not, then. */
export const migrateDatabase: Command<object> = async (context) => {
  const { databaseUrl, databaseDirectUrl, databaseMigratorUrl } = context.configuration();
  const url = databaseMigratorUrl ?? databaseDirectUrl ?? databaseUrl;
  if (url === undefined) {
    const expected = 'the PostgreSQL URL of the role that the tables belong to';
    const problem = { path: 'DATABASE_MIGRATOR_URL', expected, got: 'nothing' };
    throw codedError('CAEP_CONFIGURATION_INVALID', { reason: 'no database is named' }, { problems: [problem] });
  }
  // Loaded when needed: no other command changes tables.
  const { openDatabase } = await import('../../../store/connection/database.js');
  const { migrate } = await import('../../../store/migrate.js');
  const log = { info: () => undefined, warn: () => undefined };
  const database = openDatabase({ url, applicationName: 'chatlio-aep migrate', maxConnections: 1, log });
  try {
    const migrations = await migrate(database);
    const said =
      migrations.length === 0
        ? 'The tables are those of this release: nothing to do.'
        : `The tables are those of this release: ${counted(migrations.length, 'migration')}, ${migrations.at(-1)} last.`;
    context.output.result({ migrations }, () => context.output.paint.good(said));
    return EXIT_CODES.done;
  } finally {
    await database.close();
  }
};

export const databaseCommands: CommandFamily = {
  name: 'database',
  description: 'prepare the database for this release',
  examples: ['database migrate'],
  commands: [
    {
      name: 'migrate',
      description: 'bring the tables to this release, as the role of DATABASE_MIGRATOR_URL, else of DATABASE_URL',
      examples: ['database migrate', 'database migrate --output json'],
      grammar: (command, does) => command.action(() => does(migrateDatabase, {})),
    },
  ],
};
