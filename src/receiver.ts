/** The receiver's process: takes webhooks until it is told to stop, then answers what it has and ends. */
import { pino } from 'pino';
import { type Configuration, readConfiguration } from './configuration.js';
import { CodedError, codedError, ERROR_CATALOGUE, remedyOf } from './domain/errors.js';
import { startReceiver } from './receiver/start.js';
import { openDatabase } from './store/database.js';
import { openKeyRing } from './store/keyRing.js';
import { migrate } from './store/migrate.js';

const log = pino({ base: { process: 'receiver' } });

async function run(configuration: Configuration): Promise<void> {
  log.level = configuration.logLevel;
  if (configuration.databaseUrl === undefined) {
    throw codedError('CAEP_CONFIGURATION_INVALID', { reason: 'DATABASE_URL: expected a PostgreSQL URL, got nothing' });
  }
  const keyRing = await openKeyRing(configuration.keyFile);
  const database = openDatabase({ url: configuration.databaseUrl, applicationName: 'chatlio-aep receiver', log });
  // Without PostgreSQL it starts all the same, and says 503 until the tables are there.
  await migrate(database).catch((error: Error) => log.warn({ reason: error.message }, 'the database was not migrated'));
  const receiver = await startReceiver({ database, keyRing, configuration, log });
  log.info({ url: receiver.url }, 'ready');

  const stop = async (): Promise<void> => {
    await receiver.close();
    await database.close();
    log.info({ counts: receiver.counts() }, 'stopped');
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
}

try {
  await run(readConfiguration(process.env));
} catch (error) {
  if (!(error instanceof CodedError)) throw error;
  log.fatal({ code: error.error.code, remedy: remedyOf(error.error) }, error.message);
  process.exit(ERROR_CATALOGUE[error.error.code].exitCode);
}
