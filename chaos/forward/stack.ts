/**
 * Everything that delivers, as real processes on free ports and in a folder of its own: Temporal's server, PostgreSQL, two
 * workers, two receivers, the simulator, and the PostgreSQL that is its lake. On a cluster each role of Temporal is a process, they
 * have a PostgreSQL of their own, and a balancer stands before the receivers. Each can be killed and comes back with its data.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Configuration, readConfiguration } from '../../src/configuration.js';
import type { StackContext } from '../../src/dev/context.js';
import { choosePorts } from '../../src/dev/ports.js';
import { programService } from '../../src/dev/programs.js';
import { postgresService } from '../../src/dev/services.js';
import type { Service } from '../../src/dev/supervisor.js';
import type { Command } from '../../src/process/programs/entry.js';
import { identityOf } from '../../src/process/programs/identity.js';
import { lastLinesOf } from '../../src/process/programs/server.js';
import { freePort } from '../../src/process/ports.js';
import { startEmbeddedPostgres } from '../../src/store/connection/embedded.js';
import { createKeyFile } from '../../src/store/keys/keyFileChanges.js';
import { endOnInterruption } from '../stack/interruption.js';
import { keepProcess, type KeptProcess } from '../stack/keptProcess.js';
import { isolatedEnvironment } from '../stack/environment.js';
import { meetTemporal, type On, temporalServices, type TemporalVictim } from '../stack/temporal.js';
import { balancerService } from '../../cluster/plan.js';
import { setHostileDefaults } from './faults/hostileDefaults.js';
import { canMakePidNamespaces, inPidNamespace } from './faults/pidNamespace.js';
import { makeReceiverDisk, type ReceiverDisk } from './faults/receiverDisk.js';
import { ADOBE_TIMES, LAKE_DELAY_MS, TRUE_SETTLE_WINDOW_MS } from './times.js';

type AlwaysThere = 'worker-1' | 'worker-2' | 'receiver-1' | 'receiver-2' | 'postgres' | 'simulator' | 'lake';
export type Victim = AlwaysThere | TemporalVictim | 'temporal-postgres' | 'balancer';

export interface ForwardStack {
  readonly home: string;
  readonly configuration: Configuration;
  /** What a command needs to reach this stack. */
  readonly environment: NodeJS.ProcessEnv;
  readonly processes: Readonly<Record<AlwaysThere, KeptProcess>>;
  /** @throws Error when this run has no such process */
  processOf(victim: Victim): KeptProcess;
  /** Where webhooks are posted to. */
  readonly receiverUrls: readonly string[];
  readonly receiverDisk: ReceiverDisk;
  /** The receivers, which share a home folder, do not see each other's processes. */
  readonly areReceiversApart: boolean;
  readonly simulatorUrl: string;
  readonly databaseUrl: string;
  /** Of the server that has the simulator's databases. */
  readonly lakeUrl: string;
  /** Processes that ended although nobody killed them, each with the end of its log. */
  readonly unexpectedEnds: readonly string[];
  /** @param keep leaves the folder with the logs and the data */
  stop(keep: boolean): Promise<void>;
}

export const SANDBOX = 'chaos';

/** Both receivers together stay below the size of their disk: with bodies of 3 MB the defaults do not. */
const RECEIVER_BYTES = {
  RECEIVER_SPOOL_MAX_BYTES: String(256 * 1024 * 1024),
  RECEIVER_KEEP_MAX_BYTES: String(192 * 1024 * 1024),
};

export async function startForwardStack(on: On, log: (line: string) => void): Promise<ForwardStack> {
  const home = mkdtempSync(join(tmpdir(), 'chatlio-aep-forward-'));
  const environment = isolatedEnvironment(home, ADOBE_TIMES);
  const configuration = readConfiguration(environment);
  await createKeyFile(configuration.keyFile);
  const ports = await choosePorts(configuration, ['temporal', 'temporalUi', 'postgres', 'simulator']);
  const context: StackContext = { options: { configuration, environment, log }, ports, environment: {} };
  const receiverPorts = [await freePort(), await freePort()] as const;
  const balancerPort = await freePort();
  const [lakePort, temporalPostgresPort] = [await freePort(), await freePort()];
  const isCluster = on.kind === 'cluster';
  const receiverDisk = makeReceiverDisk(join(home, 'receivers'));
  const areReceiversApart = canMakePidNamespaces();
  const unexpectedEnds: string[] = [];
  const keep = (service: Service) =>
    keepProcess(service, (line) =>
      unexpectedEnds.push(`${line}: ${lastLinesOf(join(home, 'logs', `${service.name}.log`))}`),
    );
  // As two containers on one volume; in a cluster each has a home of its own.
  const receiver = (name: string, port: number) =>
    keep(
      programOf(context, {
        name,
        entry: 'src/receiver',
        folder: isCluster ? join(receiverDisk.folder, name) : receiverDisk.folder,
        environment: { RECEIVER_PORT: String(port), ...RECEIVER_BYTES },
        ...(areReceiversApart ? { wrap: inPidNamespace } : {}),
      }),
    );
  const worker = (name: string) => keep(programOf(context, { name, entry: 'src/worker', folder: join(home, name) }));

  // The product's loses commits in a run, and Temporal's keeps them: what it does without them is not ours.
  const temporalPostgres = isCluster
    ? keep(serverOfItsOwn(context, 'temporal-postgres', temporalPostgresPort, 'TEMPORAL_DATABASE_URL'))
    : undefined;
  const databaseUrl = () => context.environment['TEMPORAL_DATABASE_URL'] ?? '';
  const temporal = temporalServices(context, on, databaseUrl).map(keep);
  const balancer = isCluster
    ? keep(balancerService({ ...context, ports: { ...ports, receiver: balancerPort } }, receiverPorts))
    : undefined;
  const processes: Record<AlwaysThere, KeptProcess> = {
    postgres: keep(postgresService(context)),
    lake: keep(lakeService(context, lakePort)),
    simulator: keep(simulatorService(context)),
    'worker-1': worker('worker-1'),
    'worker-2': worker('worker-2'),
    'receiver-1': receiver('receiver-1', receiverPorts[0]),
    'receiver-2': receiver('receiver-2', receiverPorts[1]),
  };
  const { 'worker-1': worker1, 'worker-2': worker2, postgres, simulator, lake } = processes;
  const receivers = [processes['receiver-1'], processes['receiver-2']];
  const below = temporalPostgres === undefined ? [] : [temporalPostgres];
  const before = balancer === undefined ? [] : [balancer];
  const all = [...before, worker1, worker2, ...receivers, ...temporal, postgres, simulator, lake, ...below];
  const processOf = (victim: Victim): KeptProcess => {
    const found = all.find(({ name }) => name === victim);
    if (found === undefined) throw new Error(`this run has no process ${victim}`);
    return found;
  };
  const startAll = (started: readonly KeptProcess[]) => Promise.all(started.map((process) => process.start()));
  const stop = async (keepFolder: boolean): Promise<void> => {
    forget();
    // The first process of a namespace is asked to end in vain.
    if (areReceiversApart) await Promise.all(receivers.map((process) => process.kill()));
    for (const process of all) await process.stop();
    if (!keepFolder) receiverDisk.release();
    if (!keepFolder) rmSync(home, { recursive: true, force: true });
  };
  const forget = endOnInterruption(() => stop(true));
  try {
    await startAll(below);
    await Promise.all([startAll([...temporal, postgres, lake]), meetTemporal(context, on)]);
    await setHostileDefaults(context.environment['DATABASE_URL'] ?? '');
    await simulator.start();
    // One after the other: the first one prepares the database.
    await worker1.start();
    await startAll([worker2, ...receivers]);
    await startAll(before);
  } catch (error) {
    await stop(true);
    throw error;
  }
  return {
    home,
    configuration,
    environment: { ...environment, ...context.environment },
    processes,
    processOf,
    receiverUrls: (isCluster ? [balancerPort] : receiverPorts).map((port) => `http://127.0.0.1:${port}`),
    receiverDisk,
    areReceiversApart,
    simulatorUrl: `http://127.0.0.1:${ports.simulator}`,
    databaseUrl: context.environment['DATABASE_URL'] ?? '',
    lakeUrl: context.environment['LAKE_URL'] ?? '',
    unexpectedEnds,
    stop,
  };
}

/** Of the sandbox, as Query Service names it. */
export function lakeDatabaseOf({ lakeUrl }: Pick<ForwardStack, 'lakeUrl'>): string {
  const url = new URL(lakeUrl);
  url.pathname = `/${SANDBOX}:all`;
  return url.toString();
}

export function lakeService(context: StackContext, port: number): Service {
  return serverOfItsOwn(context, 'lake', port, 'LAKE_URL');
}

function serverOfItsOwn(
  { options, environment }: StackContext,
  name: 'lake' | 'temporal-postgres',
  port: number,
  variable: string,
): Service {
  return {
    name,
    start: async (spawned) => {
      const dataDir = join(options.configuration.home, name);
      const server = await startEmbeddedPostgres({ dataDir, port, log: options.log });
      const identity = identityOf(server.pid);
      if (identity !== undefined) spawned(identity);
      environment[variable] = server.url;
      return server;
    },
  };
}

export function simulatorService({ options, ports, environment }: StackContext): Service {
  return {
    name: 'simulator',
    start: (spawned) =>
      programService({
        name: 'simulator',
        entry: 'simulator/main',
        args: [
          `--port=${ports.simulator}`,
          `--database-url=${environment['LAKE_URL']}`,
          '--output=json',
          '--policy=flowActivationDelayMs=100',
          `--policy=settleWindowMs=${TRUE_SETTLE_WINDOW_MS}`,
          `--policy=lakeDelayMs=${LAKE_DELAY_MS}`,
          `--sandbox=${SANDBOX}`,
        ],
        environment: options.environment,
        logDir: join(options.configuration.home, 'logs'),
        onReady: (line) => {
          Object.assign(environment, line['environment']);
          environment['ADOBE_INLET_URL'] = `http://127.0.0.1:${ports.simulator}`;
        },
      }).start(spawned),
  };
}

interface ProgramOfStack {
  readonly name: string;
  readonly entry: string;
  /** Its home. All share the key file. */
  readonly folder: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly wrap?: (command: Command) => Command;
}

export function programOf({ options, environment }: StackContext, program: ProgramOfStack): Service {
  const { home, keyFile } = options.configuration;
  const { name, entry, wrap } = program;
  return {
    name,
    start: (spawned) =>
      programService({
        name,
        entry,
        environment: {
          ...options.environment,
          ...environment,
          CHATLIO_AEP_HOME: program.folder,
          CHATLIO_AEP_KEY_FILE: keyFile,
          ...program.environment,
        },
        logDir: join(home, 'logs'),
        ...(wrap === undefined ? {} : { wrap }),
      }).start(spawned),
  };
}
