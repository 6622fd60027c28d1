/** A Temporal cluster as services for the supervisor: each role a process, and the UI. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOf } from '../../src/dev/environments.js';
import type { StackContext } from '../../src/dev/context.js';
import type { Service } from '../../src/dev/supervisor.js';
import { codedError } from '../../src/domain/errors.js';
import { messageOf } from '../../src/domain/messageOf.js';
import type { Escalation } from '../../src/process/programs/end.js';
import { identityOf } from '../../src/process/programs/identity.js';
import { type ServerProcess, spawnServer } from '../../src/process/programs/server.js';
import { within } from '../../src/process/within.js';
import { hiddenUiPlace, startUiProxy } from '../../src/temporal/devServer/uiProxy.js';
import { databasesBeside, writeServerConfiguration, writeUiConfiguration } from './configuration.js';
import { createProbe, ensureNamespace } from './health.js';
import { type ClusterPrograms, NEWEST_SERVER, obtainClusterPrograms, type ServerVersion } from './programs.js';
import { type ClusterPorts, clusterPorts, processOf, type Role, ROLES } from './roles.js';
import { prepareTables } from './tables.js';

interface TemporalCluster {
  readonly roles: Readonly<Record<Role, Service>>;
  readonly ui: Service;
}

interface ClusterOptions {
  /** Read when a role starts: a database beside which those of Temporal are. */
  readonly databaseUrl: () => string;
  /** Default: the newest. */
  readonly server?: ServerVersion;
  readonly dynamicConfig?: Readonly<Record<string, string | number | boolean>>;
}

interface Prepared {
  readonly programs: ClusterPrograms;
  readonly ports: ClusterPorts;
  readonly configurationArguments: readonly string[];
}

const NAMESPACE = 'default';
/** A cluster in which all begin at once: each waits until it has found the others. */
const READY_TIMEOUT_MS = 180_000;
const READY_POLL_MS = 200;
/** Nothing of ours. With Go's own setting a busy server spends a third of its time on collecting garbage. */
const SERVER_ENVIRONMENT = { TZ: 'UTC', GOGC: '400', GOMEMLIMIT: '600MiB' };
const SHUTDOWN: readonly Escalation[] = [{ signal: 'SIGTERM', graceMs: 15_000 }];

export function temporalCluster(context: StackContext, options: ClusterOptions): TemporalCluster {
  const { configuration } = context.options;
  const folder = join(configuration.home, 'temporal-cluster');
  const namespace = configuration.temporal.namespace ?? NAMESPACE;
  const ports = clusterPorts(context.ports.temporal);
  let preparing: Promise<Prepared> | undefined;

  async function prepare(signal?: AbortSignal): Promise<Prepared> {
    const programs = await obtainClusterPrograms(options.server ?? NEWEST_SERVER, {
      cacheDir: configuration.cacheDir,
      environment: environmentOf('temporal-obtainer', context.options.environment),
      log: context.options.log,
      ...(signal === undefined ? {} : { signal }),
    });
    const url = options.databaseUrl();
    const databases = databasesBeside(url);
    await prepareTables(programs.sqlTool, url, databases);
    const settings = { ports: await ports, databases, dynamicConfig: options.dynamicConfig ?? {} };
    return { programs, ports: await ports, configurationArguments: writeServerConfiguration(folder, settings) };
  }

  /** Once for all roles; where it failed, once more. */
  function prepared(signal?: AbortSignal): Promise<Prepared> {
    preparing ??= prepare(signal).catch((error: unknown) => {
      preparing = undefined;
      throw error;
    });
    return preparing;
  }

  const roleService = (role: Role): Service => ({
    name: processOf(role),
    start: async (spawned, signal) => {
      const { programs, ports: chosen, configurationArguments } = await prepared(signal);
      const logFile = logFileOf(processOf(role));
      const args = [...configurationArguments, '--allow-no-auth', 'start', '--service', role];
      const server = spawnServer(programs.server, args, { env: SERVER_ENVIRONMENT, logFile, append: true });
      const identity = identityOf(server.pid);
      if (identity !== undefined) spawned(identity);
      await orEnd(server, async () => {
        await untilServing(role, chosen, server, logFile);
        if (role === 'frontend') await insist(() => ensureNamespace(addressOf(chosen), namespace), server);
      });
      context.environment['TEMPORAL_ADDRESS'] = addressOf(chosen);
      context.environment['TEMPORAL_NAMESPACE'] = namespace;
      return { exited: server.exited, stop: () => server.end(SHUTDOWN) };
    },
  });

  const ui: Service = {
    name: 'temporal-ui',
    start: async (spawned, signal) => {
      const { programs, ports: chosen } = await prepared(signal);
      const place = await hiddenUiPlace();
      const args = [...writeUiConfiguration(folder, addressOf(chosen), place, namespace), 'start'];
      const logFile = logFileOf('temporal-ui');
      const server = spawnServer(programs.ui, args, { env: SERVER_ENVIRONMENT, logFile, append: true });
      const identity = identityOf(server.pid);
      if (identity !== undefined) spawned(identity);
      const proxy = await orEnd(server, async () => {
        await insist(() => fetch(`http://${place.host}:${place.port}/healthz`), server);
        return startUiProxy(context.ports.temporalUi, place);
      });
      context.environment['TEMPORAL_UI_URL'] = proxy.url;
      void server.exited.then(() => proxy.close());
      return { exited: server.exited, stop: () => server.end(SHUTDOWN) };
    },
  };

  function logFileOf(name: string): string {
    return join(configuration.home, 'logs', `${name}.log`);
  }

  const roles = Object.fromEntries(ROLES.map((role) => [role, roleService(role)])) as Record<Role, Service>;
  return { roles, ui };
}

function addressOf({ frontend }: ClusterPorts): string {
  return `127.0.0.1:${frontend.grpc}`;
}

async function untilServing(role: Role, ports: ClusterPorts, server: ServerProcess, logFile: string): Promise<void> {
  const probe = createProbe(role, ports);
  try {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (!(await probe.serves())) {
      if (server.hasExited() || performance.now() > deadline) throw notStarted(role, lastSaid(logFile));
      await within(READY_POLL_MS, server.exited, () => undefined);
    }
  } finally {
    await probe.close();
  }
}

/** The server's last words: it logs documents, with a stack each. */
function lastSaid(logFile: string): string {
  const line = readLastLine(logFile);
  try {
    const { msg, error } = JSON.parse(line) as { readonly msg?: string; readonly error?: string };
    return [msg, error].filter((part) => part !== undefined).join(': ');
  } catch {
    return line;
  }
}

function readLastLine(logFile: string): string {
  return readFileSync(logFile, 'utf8').trim().split('\n').at(-1) ?? '';
}

function notStarted(role: Role, said: string): Error {
  return codedError('CAEP_TEMPORAL_NOT_STARTED', { reason: `${role}: ${said}` });
}

async function orEnd<T>(server: ServerProcess, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await server.end(SHUTDOWN);
    throw error;
  }
}

/** What needs others that are still on their way. */
async function insist(call: () => Promise<unknown>, server: ServerProcess): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    try {
      await call();
      return;
    } catch (cause) {
      if (server.hasExited() || performance.now() > deadline)
        throw codedError('CAEP_TEMPORAL_NOT_STARTED', { reason: messageOf(cause) }, { cause });
      await within(READY_POLL_MS, server.exited, () => undefined);
    }
  }
}
