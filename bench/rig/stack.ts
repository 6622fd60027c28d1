/** Everything that the product consists of, as processes on this machine, with the counting inlet in Adobe's place. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { readConfiguration } from '../../src/configuration.js';
import type { Delivery, Manifest } from '../../src/domain/source/manifest.js';
import { webhookPath } from '../../src/domain/events/webhookPath.js';
import { type Contents, NO_PRIVACY, type Projection, RECIPE } from '../../src/domain/projection/projection.js';
import { parseManifest } from '../../src/manifest/read.js';
import { freePort } from '../../src/process/ports.js';
import { type Database, openDatabase } from '../../src/store/connection/database.js';
import { startEmbeddedPostgres } from '../../src/store/connection/embedded.js';
import { openKeyRing } from '../../src/store/keys/keyRing.js';
import { migrate } from '../../src/store/migrate.js';
import { createProvisioningStore } from '../../src/store/sources/provisioning.js';
import { listRoutes } from '../../src/store/sources/routes.js';
import { findSourceId } from '../../src/store/sources/sources.js';
import { obtainTemporalServer } from '../../src/temporal/devServer/obtainServer.js';
import { startTemporalServer } from '../../src/temporal/devServer/server.js';
import type { Programs } from '../../scripts/buildPrograms.js';
import { type CountingInlet, startCountingInlet } from './inlet.js';
import type { LoadTarget } from './load.js';
import { preloadIds } from './preload.js';
import { logFileIn, type Program, startProgram } from './processes.js';
import type { ProcessGroup } from './usage.js';

const WIDGET = 'bench';
const CREDENTIALS = { ADOBE_CLIENT_ID: 'bench', ADOBE_CLIENT_SECRET: 'bench', ADOBE_ORG_ID: 'bench@AdobeOrg' };

export interface StackOptions {
  readonly programs: Programs;
  readonly workers?: number;
  readonly receivers?: number;
  /** Takes CPU profiles of receivers and workers. */
  readonly profileDir?: string;
  readonly postgresSettings?: Readonly<Record<string, string>>;
}

interface SourceOptions {
  /** Left out: events are cut when they are taken, as those of a source of 0.1.x. */
  readonly contents?: Contents;
  readonly delivery?: Partial<Delivery>;
  /** Ids that the source has in the log before its first event. */
  readonly preloadedIds?: number;
  /** Makes the index anew after loading. */
  readonly rebuildIndex?: boolean;
}

export interface BenchSource {
  readonly name: string;
  readonly uid: string;
  readonly manifest: Manifest;
  readonly sourceId: number;
  /** One for each receiver. */
  readonly targets: readonly LoadTarget[];
}

export interface Stack {
  readonly programs: Programs;
  readonly dir: string;
  /** Of the product's processes. */
  readonly environment: NodeJS.ProcessEnv;
  /** The command line's program, as it is shipped. */
  readonly clientPath: string;
  readonly database: Database;
  readonly inlet: CountingInlet;
  readonly temporal: {
    readonly address: string;
    readonly namespace: string;
    readonly dbFile: string;
    readonly metricsPort: number;
  };
  readonly workerMetricsPorts: readonly number[];
  /** Those that it was started with. */
  readonly workers: readonly Program[];
  readonly groups: readonly ProcessGroup[];
  /** One more. Its metrics and its processor time are not counted. */
  startWorker(): Promise<Program>;
  /** A source whose gate is open and whose routes stand. */
  addSource(options?: SourceOptions): Promise<BenchSource>;
  stop(): Promise<void>;
}

const running = new Set<() => Promise<void>>();

/** For a run that is interrupted: no process of ours stays behind. */
export async function stopAllStacks(): Promise<void> {
  await Promise.all([...running].map((stop) => stop()));
}

export async function startStack(options: StackOptions): Promise<Stack> {
  const dir = mkdtempSync(join(tmpdir(), 'chatlio-aep-bench-'));
  mkdirSync(join(dir, 'logs'));
  const quiet = () => undefined;
  const stops: (() => Promise<void>)[] = [];
  const started = <T extends { stop(): Promise<void> }>(part: T): T => {
    stops.unshift(() => part.stop());
    return part;
  };
  let stopping: Promise<void> | undefined;
  const stopOnce = async (): Promise<void> => {
    running.delete(stop);
    // One part that ends badly must not keep the others running.
    for (const end of stops) await end().catch((error: unknown) => console.error(error));
    rmSync(dir, { recursive: true, force: true });
  };
  // An interrupted run asks twice: by the signal, and by the measure that fails of it.
  const stop = (): Promise<void> => (stopping ??= stopOnce());
  running.add(stop);

  try {
    const configuration = readConfiguration(process.env);
    const log = pino({ level: 'warn' });
    const postgres = started(
      await startEmbeddedPostgres({ dataDir: join(dir, 'postgres'), log: quiet, settings: options.postgresSettings }),
    );
    const binary = await obtainTemporalServer({
      cacheDir: configuration.cacheDir,
      environment: process.env,
      log: quiet,
    });
    const dbFile = join(dir, 'temporal.db');
    const metricsPort = await freePort();
    const temporalServer = started(await startTemporalServer({ binary, dbFile, metricsPort, namespace: 'default' }));
    const inlet = started(await startCountingInlet(options.programs, logFileIn(dir, 'inlet')));

    const keyFile = join(dir, 'keys.json');
    const keyRing = await openKeyRing(keyFile, { create: true });
    const database = openDatabase({ url: postgres.url, applicationName: 'bench', statementTimeoutMs: 3_600_000, log });
    stops.unshift(() => database.close());
    await migrate(database);

    const environment = {
      ...CREDENTIALS,
      ADOBE_IMS_URL: inlet.adobeUrl,
      ADOBE_PLATFORM_URL: inlet.adobeUrl,
      CHATLIO_AEP_HOME: dir,
      CHATLIO_AEP_KEY_FILE: keyFile,
      DATABASE_URL: postgres.url,
      TEMPORAL_ADDRESS: temporalServer.address,
      TEMPORAL_NAMESPACE: 'default',
      LOG_LEVEL: 'info',
      RECEIVER_PORT: '0',
    };
    const { programs, profileDir } = options;
    const receivers: Program[] = [];
    for (let index = 0; index < (options.receivers ?? 1); index += 1) {
      const logFile = logFileIn(dir, `receiver-${index}`);
      const ready = /"url":"http:\/\/127\.0\.0\.1:(\d+)"/;
      // Each receiver has a home of its own, as on machines of their own.
      const home = join(dir, `receiver-${index}`);
      receivers.push(
        started(
          await startProgram({
            programs,
            entry: 'src/receiver',
            environment: { ...environment, CHATLIO_AEP_HOME: home },
            logFile,
            profileDir,
            ready,
          }),
        ),
      );
    }
    let workersStarted = 0;
    const startWorker = async (metricsPort: number): Promise<Program> => {
      const logFile = logFileIn(dir, `worker-${workersStarted}`);
      workersStarted += 1;
      return started(
        await startProgram({
          programs,
          entry: 'src/worker',
          environment: { ...environment, WORKER_METRICS_PORT: String(metricsPort) },
          logFile,
          profileDir,
          ready: /"msg":"(ready)"/,
        }),
      );
    };
    const workers: Program[] = [];
    const workerMetricsPorts: number[] = [];
    for (let index = 0; index < (options.workers ?? 1); index += 1) {
      const port = await freePort();
      workerMetricsPorts.push(port);
      workers.push(await startWorker(port));
    }

    const store = createProvisioningStore(database, keyRing);
    return {
      programs,
      dir,
      environment,
      clientPath: programs.pathOf('src/bundled/client'),
      database,
      inlet,
      temporal: { address: temporalServer.address, namespace: 'default', dbFile, metricsPort },
      workerMetricsPorts,
      workers,
      startWorker: async () => startWorker(await freePort()),
      groups: [
        { name: 'receiver', pids: receivers.map(({ pid }) => pid) },
        { name: 'PostgreSQL', pids: [postgres.pid] },
        { name: 'worker', pids: workers.map(({ pid }) => pid) },
        { name: 'Temporal', pids: [temporalServer.pid] },
        { name: 'inlet', pids: [inlet.pid] },
      ],
      async addSource({ contents, delivery = {}, preloadedIds = 0, rebuildIndex } = {}) {
        const name = `bench-${randomUUID().slice(0, 8)}`;
        const manifest = manifestOf(name, { delivery, contents });
        const uid = randomUUID();
        const owner = { marker: { name, uid }, manifest };
        const projection = projectionOf(manifest);
        await store.saveInlet(owner, { flowId: 'bench-flow', url: inlet.url, projection, opensAt: new Date() });
        await store.makeRoutes(owner);
        const sourceId = await findSourceId(database, uid);
        if (sourceId === undefined) throw new Error('the source was not registered');
        if (preloadedIds > 0) await preloadIds(database, sourceId, preloadedIds, { rebuildIndex });
        const paths = Object.fromEntries(
          (await listRoutes(database, keyRing, sourceId)).map((route) => [route.kind, webhookPath(route)]),
        );
        const targets = receivers.map(({ said }) => ({ host: '127.0.0.1', port: Number(said), paths }));
        return { name, uid, manifest, sourceId, targets };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The lake that would prove the first event of each kind is not there. */
function manifestOf(name: string, { delivery, contents }: Pick<SourceOptions, 'delivery' | 'contents'>): Manifest {
  const parsed = parseManifest({
    version: 1,
    name,
    sandbox: 'bench',
    ...(contents === undefined ? {} : { contents }),
    chatlio: { widgets: [{ key: WIDGET }] },
    dataset: { name },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { manifest } = parsed;
  const ofBench = { canary: 'off', maxRequestsPerSecond: 20_000 } as const;
  return { ...manifest, delivery: { ...manifest.delivery, ...ofBench, ...delivery } };
}

/** Of the default mapping, which reads attributes and has no expressions. */
function projectionOf({ contents, mapping }: Manifest): Projection | undefined {
  if (contents === undefined) return undefined;
  return {
    v: 1,
    recipe: RECIPE,
    mappingSet: { id: 'bench-mapping', version: 0 },
    reads: mapping.map(({ source }) => source).sort(),
    contents,
    privacy: NO_PRIVACY,
    absent: 'omitted',
  };
}
