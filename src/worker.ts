#!/usr/bin/env node
/** The worker: runs the workflows and their activities. The only process with Adobe's credentials. */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { createForwarderActivities } from './activities/forwarding/forwarder.js';
import { createForwarders } from './activities/forwarding/forwarders.js';
import { createInquiryActivities } from './activities/inquiry/inquiry.js';
import { startMaintenance } from './activities/maintenance.js';
import { createSourceActivities } from './activities/source.js';
import { startWaker } from './activities/forwarding/waker.js';
import { createAdobe } from './adobe/clients.js';
import { minimumLakeLatencyMs, minimumSettleWindowMs } from './adobe/http/hosts.js';
import { runEntry } from './cli/runEntry.js';
import { type AdobeConfiguration, type Configuration, readConfiguration } from './configuration.js';
import { CodedError, codedError, remedyOf, sentenceOf } from './domain/errors.js';
import { concernOf } from './metrics/healthDocument.js';
import { missingAttributes, SOURCE_DRIFT } from './domain/source/searchAttributes.js';
import { TASK_QUEUES } from './domain/source/source.js';
import { type Figures, NO_FIGURES } from './metrics/figures.js';
import { createHealth, type Look } from './metrics/health.js';
import { startMetricsServer } from './metrics/server.js';
import { createWorkerMetrics } from './metrics/worker.js';
import { closeAll } from './process/closing.js';
import { type Ending, untilEnd } from './process/ending.js';
import { createProcessLog } from './process/log.js';
import { freePort } from './process/ports.js';
import { tellReady } from './process/programs/readiness.js';
import { createLateAnswers } from './activities/drain/lateAnswers.js';
import { createOrganisationRate } from './activities/drain/organisationRate.js';
import { createPositions, watchForSetBack } from './activities/drain/positions.js';
import { createWakeListener } from './store/delivery/wakeListener.js';
import {
  clockSkewMs,
  type Database,
  databaseVersion,
  localDataFolder,
  openDatabase,
} from './store/connection/database.js';
import { readFigures } from './store/views/figures.js';
import { checkKeys, confirmKeys } from './store/keys/keyCheck.js';
import { readPublicUrl } from './store/receivers/receiverReports.js';
import { type Duty, startDuty } from './store/sharing/duty.js';
import { createRequestBudget } from './store/sharing/requestBudget.js';
import { openKeyRing, readHeldKeys } from './store/keys/keyRing.js';
import { readProcessKeys, startKeyReports } from './store/keys/processKeys.js';
import { readDurability } from './store/connection/durability.js';
import { prepareDatabase } from './store/prepare.js';
import { requireFittingSchema } from './store/schemaFit.js';
import { createProvisioningStore } from './store/sources/provisioning.js';
import { followApiKey } from './temporal/access/apiKeyFile.js';
import { connectClient, type TemporalClient } from './temporal/connection.js';
import { installRuntime } from './temporal/runtime.js';
import { makeWorkers, notPolled, type RunnableWorker, runWorkers, SHUTDOWN } from './temporal/runWorkers.js';
import { SURVIVES_STANDSTILL } from './temporal/standstill.js';
import { versioning } from './temporal/deploys/versioning.js';
import { awaitSearchAttributes } from './temporal/searchAttributes.js';
import { connectWorker } from './temporal/workerConnection.js';
import { bundleWorkflows } from './temporal/workflowBundle.js';

const HEARTBEAT_EVERY_MS = 1_000;
/** A worker that has died leaves its workflows to the others after this long; one that lives takes its tasks in milliseconds. */
const STICKY_FOR = '2 seconds';
/** A source's workflow has something to do some times a day: one that is read again for it costs less than the memory of all. */
const CACHED_SOURCES = 200;
const LONGEST_RETRY_DELAY_MS = 30_000;
const UNSEARCHABLE =
  'the namespace lacks search attributes, and this worker may not create them: sources are not found by them until it has them and the worker is started again';

async function main(ending: Ending): Promise<void> {
  const configuration = readConfiguration(process.env);
  const { log, lostLines } = createProcessLog({ level: configuration.logLevel, process: 'worker' });
  const sdkMetricsPort = configuration.workerMetrics === undefined ? undefined : await freePort();
  const sdkLog = installRuntime(log, sdkMetricsPort);
  const { adobe: adobeConfiguration, databaseUrl } = required(configuration);
  const { namedUrl, publicUrl } = configuration.receiver;
  const holder = `${hostname()}/${process.pid}`;

  const keyRing = await openKeyRing(configuration.keyFile);
  const database = openDatabase({
    url: databaseUrl,
    directUrl: configuration.databaseDirectUrl,
    maxConnections: configuration.databaseMaxConnections,
    applicationName: 'chatlio-aep worker',
    log,
    async admit(client) {
      await requireFittingSchema(client).catch((error: unknown) => {
        // Others do its work: a worker that fails each activity would only keep it from them.
        if (error instanceof CodedError && error.error.code === 'CAEP_SCHEMA_NEWER') ending.fail(error);
        throw error;
      });
    },
  });
  const started: Started = { workers: [], unsearchable: [] };
  const metrics = createWorkerMetrics(() => figuresOf(database, started), {
    lostLines,
    isOnDuty: () => isOnDuty(started),
  });
  // First of all: an upgrade of the tables may take minutes, and who watches is not to take it for dead.
  const metricsServer =
    configuration.workerMetrics === undefined
      ? undefined
      : await startMetricsServer({
          ...configuration.workerMetrics,
          registry: metrics.registry,
          option: 'WORKER_METRICS_PORT',
          sdkUrl: `http://127.0.0.1:${sdkMetricsPort}/metrics`,
          health: healthOf(() => checkKeys(database, keyRing), started, ending),
        });
  await prepareDatabase(database, log, configuration.databaseMigratorUrl);
  await confirmKeys(database, keyRing);
  const temporal = await connectClient(configuration);
  started.temporal = temporal;
  const unsearchable = await awaitSearchAttributes(temporal.connection, temporal.namespace, {
    onMissing(error) {
      started.waitsFor = error;
      const { code, fields } = error.error;
      const told = `${sentenceOf(error.error)} This worker waits for them. ${remedyOf(error.error)}`;
      log.error({ code, missing: fields['missing'] }, told);
    },
  });
  started.waitsFor = undefined;
  started.unsearchable = unsearchable;
  if (unsearchable.length > 0) log.warn({ missing: unsearchable }, UNSEARCHABLE);
  const { connection, namespace } = await connectWorker(configuration);

  const { apiKeyFile: file, sdkVariables } = configuration.temporal;
  const apiKey = followApiKey({
    file,
    key: sdkVariables['TEMPORAL_API_KEY'],
    connections: [temporal.connection, connection],
    log,
  });

  const budget = createRequestBudget(database, {
    organisation: adobeConfiguration.orgId,
    perSecond: adobeConfiguration.maxRequestsPerSecond,
    meters: metrics.budget,
  });
  const adobe = createAdobe({ configuration: adobeConfiguration, budget, log });
  const store = createProvisioningStore(database, keyRing);
  const forwarders = createForwarders(temporal.client, store);
  const settleWindow = {
    minimumSettleWindowMs: minimumSettleWindowMs(adobeConfiguration),
    minimumLakeLatencyMs: minimumLakeLatencyMs(adobeConfiguration),
  };
  const wakeListener = createWakeListener(database, log);
  const positions = createPositions();
  const lateAnswers = createLateAnswers();
  const maxEvents = adobeConfiguration.maxEventsPerSecond;

  const options: WorkerOptions = {
    ...SURVIVES_STANDSTILL,
    connection,
    namespace,
    taskQueue: '',
    workflowBundle: await workflowBundle(),
    stickyQueueScheduleToStartTimeout: STICKY_FOR,
    shutdownGraceTime: SHUTDOWN.graceMs,
    ...versioning(configuration.temporal),
  };
  const make = () =>
    Promise.all([
      Worker.create({
        ...options,
        taskQueue: TASK_QUEUES.source,
        maxCachedWorkflows: CACHED_SOURCES,
        activities: {
          ...createSourceActivities({
            adobe: (sandbox, options) => adobe.forSandbox(sandbox, options),
            store,
            forwarders,
            window: adobeConfiguration,
            bounds: {
              maxAttempts: adobeConfiguration.maxAttempts,
              firstDelayMs: adobeConfiguration.firstRetryDelayMs,
              longestDelayMs: LONGEST_RETRY_DELAY_MS,
            },
            heartbeatEveryMs: HEARTBEAT_EVERY_MS,
            isDriftSearchable: !unsearchable.includes(SOURCE_DRIFT.name),
            ...settleWindow,
          }),
          ...createInquiryActivities({
            adobe,
            database,
            keyRing,
            queryServiceUrl: adobeConfiguration.queryServiceUrl,
            store,
            organisation: adobeConfiguration.orgId,
            receiverUrl: async () => namedUrl ?? (await readPublicUrl(database)) ?? publicUrl,
            databaseVersion: () => databaseVersion(database),
            processKeys: () => readProcessKeys(database),
            durability: () => readDurability(database),
            clockSkewMs: () => clockSkewMs(database),
            disks: { home: configuration.home, dataFolder: () => localDataFolder(database) },
            ...settleWindow,
          }),
        },
      }),
      Worker.create({
        ...options,
        taskQueue: TASK_QUEUES.forwarder,
        maxConcurrentActivityTaskExecutions: configuration.deliverySlots,
        activities: createForwarderActivities({
          database,
          keyRing,
          wakeListener,
          adobe,
          configuration: adobeConfiguration,
          minimumLakeLatencyMs: minimumLakeLatencyMs(adobeConfiguration),
          holder,
          log,
          shutdown: ending.begun,
          lateAnswers,
          organisationRate: maxEvents === undefined ? undefined : createOrganisationRate(database, maxEvents),
          slots: configuration.deliverySlots,
          positions,
          metrics: metrics.delivery,
        }),
      }),
    ]);
  const workers = await makeWorkers(make, temporal.address);
  started.workers = workers;
  const duty = startDuty({ database, holder, log });
  started.duty = duty;
  const maintenance = startMaintenance({ database, duty, log });
  const keyReports = startKeyReports(database, `worker ${holder}`, () => readHeldKeys(keyRing), log);
  const waker = startWaker({
    database,
    wakeListener,
    duty,
    log,
    forwarders,
    settingsOf: (sourceIds) => store.forwarderSettings(sourceIds),
    metrics: metrics.wakes,
  });
  const setBackWatch = watchForSetBack({ database, positions, log });
  const { buildId: build } = configuration.temporal;
  log.info({ temporal: temporal.address, namespace, queues: TASK_QUEUES, build, metrics: metricsServer?.url }, 'ready');
  tellReady();
  ending.serves();
  await runWorkers(workers, {
    address: temporal.address,
    ending,
    said: () => sdkLog.failure(),
    check: () => temporal.check(),
  });
  const unanswered = () => `answers of the inlet (${lateAnswers.count()})`;
  await ending.bring(unanswered, lateAnswers.recorded(), SHUTDOWN.withinMs);
  await closeAll(
    {
      waker: () => waker.close(),
      'set-back watch': () => setBackWatch.close(),
      maintenance: () => maintenance.close(),
      duty: () => duty.close(),
      'key reports': () => keyReports.close(),
      'wake listener': () => wakeListener.close(),
      'connections to Temporal': () => {
        apiKey.close();
        return Promise.all([connection.close(), temporal.close()]);
      },
      'requests to Adobe': () => adobe.close(),
      metrics: () => metricsServer?.close(),
      database: () => database.close(),
      log: async () => sdkLog.close(),
    },
    ending,
    log,
  );
}

/** Read by one worker for all: each would show the same. */
async function figuresOf(database: Database, started: Started): Promise<Figures> {
  if (isOnDuty(started)) return readFigures(database);
  await database.pool.query('select 1');
  return NO_FIGURES;
}

function isOnDuty({ duty }: Started): boolean {
  return duty?.isMine() === true;
}

/** As far as the worker has come. */
interface Started {
  duty?: Duty;
  temporal?: TemporalClient;
  /** Somebody has to do it first. */
  waitsFor?: CodedError;
  unsearchable: readonly string[];
  workers: readonly RunnableWorker[];
}

/** What `/readyz` says. */
function healthOf(database: () => Promise<void>, started: Started, { begun }: Ending) {
  const asked = async (): Promise<void> => started.temporal?.check();
  const looks: readonly Look[] = [
    { look: database, late: () => codedError('CAEP_DATABASE_UNREACHABLE', { reason: 'it takes too long' }) },
    {
      look: asked,
      late: () => codedError('CAEP_TEMPORAL_UNREACHABLE', { address: started.temporal?.address ?? '' }),
    },
  ];
  return createHealth(looks, () => ({
    reasons: [
      ...(begun.aborted ? [concernOf('ending', codedError('CAEP_PROCESS_ENDING', { process: 'worker' }))] : []),
      ...(started.waitsFor === undefined ? [] : [concernOf('search-attributes', started.waitsFor)]),
      ...notPolled(Object.values(TASK_QUEUES), started.workers).map((taskQueue) =>
        concernOf('polls', codedError('CAEP_NO_WORKER', { taskQueue })),
      ),
    ],
    warnings: started.unsearchable.map((missing) =>
      concernOf(
        'search-attributes',
        codedError('CAEP_SEARCH_ATTRIBUTES_MISSING', missingAttributes(started.temporal?.namespace ?? '', [missing])),
      ),
    ),
  }));
}

/** What only the worker cannot do without. */
function required({ adobe, databaseUrl }: Configuration): { adobe: AdobeConfiguration; databaseUrl: string } {
  const missing = [
    ...(adobe === undefined ? ['ADOBE_CLIENT_ID, ADOBE_CLIENT_SECRET, ADOBE_ORG_ID'] : []),
    ...(databaseUrl === undefined ? ['DATABASE_URL'] : []),
  ];
  if (adobe === undefined || databaseUrl === undefined) {
    throw codedError('CAEP_CONFIGURATION_INVALID', { reason: `not set: ${missing.join(', ')}` });
  }
  return { adobe, databaseUrl };
}

/** From a build the bundle that was made with it; from source it is made now, which takes a second or two. */
async function workflowBundle(): Promise<WorkerOptions['workflowBundle']> {
  const codePath = fileURLToPath(new URL('./workflows/bundle.js', import.meta.url));
  return existsSync(codePath) ? { codePath } : bundleWorkflows();
}

await runEntry(() => untilEnd('worker', main));
