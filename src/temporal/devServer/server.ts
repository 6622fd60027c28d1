/** Temporal's development server with its UI as a child process: always on a SQLite file, so that a killed server comes back with everything. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Connection } from '@temporalio/client';
import type { Escalation } from '../../process/programs/end.js';
import { identityOf, type ProcessIdentity } from '../../process/programs/identity.js';
import { assertPortFree, freePort } from '../../process/ports.js';
import { startFault } from '../../process/systemFaults.js';
import { lastLinesOf, spawnServer, type ServerProcess } from '../../process/programs/server.js';
import { OPTIONAL_SEARCH_ATTRIBUTE_NAMES, SEARCH_ATTRIBUTE_NAMES } from '../../domain/source/searchAttributes.js';
import { within } from '../../process/within.js';
import type { Upstream } from '../../process/http/passOn.js';
import { hiddenUiPlace, startUiProxy } from './uiProxy.js';

export interface TemporalServerOptions {
  /** The Temporal CLI, from `obtainTemporalServer`. */
  readonly binary: string;
  /** SQLite file; made when absent. */
  readonly dbFile: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Without it the server runs without UI. */
  readonly uiPort?: number;
  /** Where Prometheus scrapes the server. Default: a free one, which nobody is told. */
  readonly metricsPort?: number;
  readonly namespace: string;
  /** Server settings, for example `{ 'limit.historyCount.suggestContinueAsNew': 50 }`. */
  readonly dynamicConfig?: Readonly<Record<string, string | number | boolean>>;
  /** Takes the server's own output. Default: `<dbFile>.log`. */
  readonly logFile?: string;
  /** Told as soon as there is a process, seconds before it answers. */
  readonly spawned?: (identity: ProcessIdentity) => void;
}

export interface TemporalServer {
  readonly address: string;
  readonly uiUrl?: string;
  readonly pid: number;
  /** Resolves when the server has ended, for whatever reason. */
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

/** The SDK gives its own servers 5 s, which a cold start on a busy machine exceeds. */
const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 50;
const PROBE_DEADLINE_MS = 1_000;
/** Of its HTTP API, which cannot be switched off: a page that has its own name point to this machine gets nothing. */
const LOCAL_HOSTS = { 'frontend.httpAllowedHosts': ['127.0.0.1:*', 'localhost:*'] };
/** Between two checkpoints a queue goes through all its tasks again with every new one: at the default of 30 s a sixth of a busy server's time. */
const FREQUENT_CHECKPOINTS = Object.fromEntries(
  ['transfer', 'timer', 'visibility'].map((queue) => [`history.${queue}ProcessorUpdateAckInterval`, '5s']),
);
/**
 * Nothing of ours, and no profile of the CLI. With Go's own setting a busy server spends a third of its time on collecting garbage;
 * the limit keeps what that saves from being paid with memory.
 */
const SERVER_ENVIRONMENT = { TZ: 'UTC', GOGC: '400', GOMEMLIMIT: '600MiB' };
const SHUTDOWN: readonly Escalation[] = [{ signal: 'SIGINT', graceMs: 10_000 }];

/**
 * Starts the server and waits until it answers for its namespace.
 *
 * @throws CodedError `CAEP_PORT_TAKEN`; `CAEP_TEMPORAL_NOT_STARTED` with the last lines of its log
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  if (options.port !== undefined) await assertPortFree(options.port, 'Temporal', 'CHATLIO_AEP_TEMPORAL_PORT');
  if (options.uiPort !== undefined)
    await assertPortFree(options.uiPort, 'the Temporal UI', 'CHATLIO_AEP_TEMPORAL_UI_PORT');
  const port = options.port ?? (await freePort());
  const logFile = options.logFile ?? `${options.dbFile}.log`;
  mkdirSync(dirname(options.dbFile), { recursive: true });
  const ui = options.uiPort === undefined ? undefined : { port: options.uiPort, place: await hiddenUiPlace() };
  const ports = { frontend: port, http: await freePort() };
  const server = spawnServer(options.binary, serverArguments(options, ports, ui?.place), {
    env: SERVER_ENVIRONMENT,
    logFile,
  });
  const identity = identityOf(server.pid);
  if (identity !== undefined) options.spawned?.(identity);
  const address = `127.0.0.1:${port}`;
  if (!(await becomesReady(server, address, options.namespace))) {
    await server.end(SHUTDOWN);
    throw startFault('CAEP_TEMPORAL_NOT_STARTED', lastLinesOf(logFile), dirname(options.dbFile));
  }
  const proxy =
    ui === undefined
      ? undefined
      : await startUiProxy(ui.port, ui.place).catch(async (error: unknown) => {
          await server.end(SHUTDOWN);
          throw error;
        });
  void server.exited.then(() => proxy?.close());
  return { address, uiUrl: proxy?.url, pid: server.pid, exited: server.exited, stop: () => server.end(SHUTDOWN) };
}

/** Temporal CLI documentation, `temporal server start-dev`. */
function serverArguments(
  options: TemporalServerOptions,
  ports: { readonly frontend: number; readonly http: number },
  ui: Upstream | undefined,
): string[] {
  const settings = Object.entries({ ...LOCAL_HOSTS, ...FREQUENT_CHECKPOINTS, ...options.dynamicConfig });
  return [
    'server',
    'start-dev',
    '--ip=127.0.0.1',
    `--port=${ports.frontend}`,
    `--http-port=${ports.http}`,
    `--namespace=${options.namespace}`,
    `--db-filename=${options.dbFile}`,
    // As durable as SQLite's default, with one wait for the disk for each commit instead of three.
    '--sqlite-pragma=journal_mode=WAL',
    '--sqlite-pragma=synchronous=FULL',
    '--log-level=warn',
    ...(options.metricsPort === undefined ? [] : [`--metrics-port=${options.metricsPort}`]),
    ...(ui === undefined ? ['--headless'] : [`--ui-ip=${ui.host}`, `--ui-port=${ui.port}`]),
    ...[...SEARCH_ATTRIBUTE_NAMES, ...OPTIONAL_SEARCH_ATTRIBUTE_NAMES].map(
      (name) => `--search-attribute=${name}=Keyword`,
    ),
    ...settings.map(([name, value]) => `--dynamic-config-value=${name}=${JSON.stringify(value)}`),
  ];
}

async function becomesReady(server: ServerProcess, address: string, namespace: string): Promise<boolean> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  const connection = Connection.lazy({ address });
  try {
    while (!server.hasExited() && performance.now() < deadline) {
      const ready = await connection
        .withDeadline(Date.now() + PROBE_DEADLINE_MS, () => connection.workflowService.describeNamespace({ namespace }))
        .then(
          () => true,
          () => false,
        );
      if (ready) return true;
      await within(READY_POLL_MS, server.exited, () => undefined);
    }
    return false;
  } finally {
    await connection.close();
  }
}
