#!/usr/bin/env node
/** The receiver's process: takes webhooks until it is told to stop, then answers what it has and ends. */
import { once } from 'node:events';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { runEntry } from './cli/runEntry.js';
import { readConfiguration } from './configuration.js';
import { codedError } from './domain/errors.js';
import type { Concern } from './metrics/healthDocument.js';
import { createIntakeMetrics, type IntakeMetrics } from './metrics/intake.js';
import { createReceiverMetrics, type ReceiverReadings } from './metrics/receiver.js';
import { type MetricsServer, startMetricsServer } from './metrics/server.js';
import { closeAll } from './process/closing.js';
import { type Ending, untilEnd } from './process/ending.js';
import { createProcessLog } from './process/log.js';
import { tellReady } from './process/programs/readiness.js';
import { meetDatabase } from './receiver/meeting.js';
import { startReceiver } from './receiver/start.js';
import { openDatabase } from './store/connection/database.js';
import { openKeyRing, readHeldKeys } from './store/keys/keyRing.js';
import { startKeyReports } from './store/keys/processKeys.js';
import { watchSchemaFit } from './store/schemaFit.js';

async function main(ending: Ending): Promise<void> {
  const configuration = readConfiguration(process.env);
  const { log, lostLines } = createProcessLog({ level: configuration.logLevel, process: 'receiver' });
  if (configuration.databaseUrl === undefined) {
    throw codedError('CAEP_CONFIGURATION_INVALID', { reason: 'DATABASE_URL: expected a PostgreSQL URL, got nothing' });
  }
  const keyRing = await openKeyRing(configuration.keyFile);
  const fit = watchSchemaFit();
  const database = openDatabase({
    url: configuration.databaseUrl,
    directUrl: configuration.databaseDirectUrl,
    maxConnections: configuration.databaseMaxConnections,
    applicationName: 'chatlio-aep receiver',
    log,
    admit: fit.admit,
  });
  const cacheFile = join(configuration.home, 'key-check.json');
  const meeting = await meetDatabase({
    database,
    migratorUrl: configuration.databaseMigratorUrl,
    keyRing,
    cacheFile,
    log,
  });
  const intake = createIntakeMetrics();
  const concerns = (): Concern[] => [
    ...fit.codes().map((code) => ({ check: 'schema', code }) as const),
    ...(meeting.hasMet() ? [] : [{ check: 'keys', code: 'CAEP_DATABASE_UNREACHABLE' } as const]),
  ];
  const receiver = await startReceiver({ database, keyRing, configuration, log, metrics: intake, concerns });
  const readings = {
    counts: () => receiver.counts(),
    nearMisses: () => receiver.nearMisses(),
    refusedConnections: () => receiver.refusedConnections(),
    spoolDepth: () => receiver.spoolDepth(),
    spoolDamage: () => receiver.spoolDamage(),
    putBack: () => receiver.putBackCount(),
    lostLines,
  };
  const metrics = await serveMetrics(readings, intake, configuration.receiver.metricsPort);
  log.info({ url: receiver.url, metrics: metrics?.url }, 'ready');
  tellReady();

  const keyReports = startKeyReports(
    database,
    `receiver ${hostname()}/${process.pid}`,
    () => readHeldKeys(keyRing),
    log,
  );
  ending.serves();
  meeting.refused.catch((error: unknown) => ending.fail(error));
  // Another receiver has taken over the place of this one.
  void receiver.displaced.then(() => ending.fail(codedError('CAEP_PLACE_LOST', { home: configuration.home })));
  if (!ending.begun.aborted) await once(ending.begun, 'abort');
  await closeAll(
    {
      meeting: async () => meeting.close(),
      'requests and spool': () => receiver.close(),
      'key reports': () => keyReports.close(),
      metrics: () => metrics?.close(),
      database: () => database.close(),
    },
    ending,
    log,
  );
  log.info({ counts: receiver.counts(), spooled: receiver.spoolDepth().records }, 'stopped');
}

/** On loopback only: the other port is the one that the internet reaches. */
async function serveMetrics(
  readings: ReceiverReadings,
  intake: IntakeMetrics,
  port: number | undefined,
): Promise<MetricsServer | undefined> {
  if (port === undefined) return undefined;
  const registry = createReceiverMetrics(readings, intake);
  return startMetricsServer({ registry, host: '127.0.0.1', port, option: 'RECEIVER_METRICS_PORT' });
}

await runEntry(() => untilEnd('receiver', main));
