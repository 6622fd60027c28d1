/**
 * The product as real processes on free ports and in a folder of its own: Temporal's server, or a cluster of its roles, PostgreSQL,
 * the simulator with a PostgreSQL of its own, the worker and, where it is asked for, a receiver. Each can be killed and comes
 * back with its data and its port.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Sources } from '../../../src/temporal/sources/port.js';
import { createTemporalSources } from '../../../src/temporal/sources/temporalSources.js';
import { type Configuration, readConfiguration } from '../../../src/configuration.js';
import type { StackContext } from '../../../src/dev/context.js';
import { choosePorts, type StackPorts } from '../../../src/dev/ports.js';
import { programService } from '../../../src/dev/programs.js';
import { postgresService, receiverService, workerService } from '../../../src/dev/services.js';
import type { Service } from '../../../src/dev/supervisor.js';
import { POSTGRES_SETTINGS } from '../../../cluster/plan.js';
import { readJsonFile } from '../../../src/process/files/jsonFile.js';
import { createKeyFile } from '../../../src/store/keys/keyFileChanges.js';
import { connectClient } from '../../../src/temporal/connection.js';
import { isolatedEnvironment, type Times } from '../environment.js';
import { endOnInterruption } from '../interruption.js';
import { keepProcess, type KeptProcess } from '../keptProcess.js';
import type { CellResult } from '../result.js';
import { createSimulatorAdmin, type SimulatorAdmin } from '../simulatorAdmin.js';
import {
  DEV_SERVER,
  meetTemporal,
  type On,
  temporalServices,
  type TemporalVictim,
  temporalVictims,
} from '../temporal.js';

export type Victim = 'worker' | TemporalVictim | 'postgres';

export function victimsOn(on: On): readonly Victim[] {
  return ['worker', ...temporalVictims(on), 'postgres'];
}

export interface ChaosStack {
  readonly simulator: SimulatorAdmin;
  readonly sources: Sources;
  readonly client: Client;
  /** What a client command needs to reach this stack. */
  readonly environment: NodeJS.ProcessEnv;
  readonly databaseUrl: string;
  readonly receiverUrl: string;
  readonly times: Times;
  readonly victims: readonly Victim[];
  /** Sandboxes of the simulated organisation, one per source that is tried at the same time. */
  readonly sandboxes: readonly string[];
  /** Processes that ended although nobody killed them. */
  readonly unexpectedEnds: readonly string[];
  /** Objects that came to light in a sandbox after the cell had been counted that made them. */
  readonly lateObjects: string[];
  /** Ids that stood in a sandbox when it was last counted. */
  readonly counted: Map<string, ReadonlySet<string>>;
  kill(victim: Victim): Promise<void>;
  restart(victim: Victim): Promise<void>;
  /** Of the processes that run, in bytes. */
  memory(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** A flow needs a moment to become enabled, so that its inlet can be waited for and be killed while it is. */
const FLOW_ACTIVATION_DELAY_MS = 100;

export interface ChaosStackOptions {
  readonly times: Times;
  readonly sandboxCount: number;
  readonly log: (line: string) => void;
  /** Default: the development server. */
  readonly on?: On;
  readonly withReceiver?: boolean;
  /** Stays, and a later start goes on with what is in it. Without: a new one, which goes with the stack. */
  readonly home?: string;
  /** Variables of the product beside those of the times. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Of the simulator: `name=value`. */
  readonly policy?: readonly string[];
}

export async function startChaosStack(options: ChaosStackOptions): Promise<ChaosStack> {
  const { times, log, on = DEV_SERVER } = options;
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'chatlio-aep-chaos-'));
  const sandboxes = Array.from({ length: options.sandboxCount }, (_, index) => `chaos-${index + 1}`);
  const environment = { ...isolatedEnvironment(home, times), ...options.settings };
  const configuration = readConfiguration(environment);
  if (!existsSync(configuration.keyFile)) await createKeyFile(configuration.keyFile);
  const ports = await portsOf(home, configuration);
  const context: StackContext = { options: { configuration, environment, log }, ports, environment: {} };
  const unexpectedEnds: string[] = [];
  const keep = (service: Service) => keepProcess(service, (line) => unexpectedEnds.push(line));

  const postgres = keep(postgresService(context, on.kind === 'cluster' ? POSTGRES_SETTINGS : {}));
  const temporal = temporalServices(context, on, () => context.environment['DATABASE_URL'] ?? '').map(keep);
  const simulator = keep(simulatorService(context, sandboxes, options.policy ?? []));
  const worker = keep(workerService(context));
  const receiver = options.withReceiver === true ? [keep(receiverService(context))] : [];
  const inOrder: readonly KeptProcess[] = [...receiver, worker, ...temporal, simulator, postgres];
  const processOf = (victim: Victim): KeptProcess => {
    const found = inOrder.find(({ name }) => name === victim);
    if (found === undefined) throw new Error(`this run has no process ${victim}`);
    return found;
  };
  const stopAll = async () => {
    ended();
    for (const process of inOrder) await process.stop();
    if (options.home === undefined) rmSync(home, { recursive: true, force: true });
  };
  const ended = endOnInterruption(stopAll);
  try {
    // A cluster's tables are in there.
    await postgres.start();
    await Promise.all([meetTemporal(context, on), ...[...temporal, simulator].map((process) => process.start())]);
    await worker.start();
    for (const process of receiver) await process.start();
    const complete = { ...environment, ...context.environment };
    const connected = await connectClient(readConfiguration(complete));
    return {
      simulator: createSimulatorAdmin(`http://127.0.0.1:${ports.simulator}`, complete),
      sources: createTemporalSources(connected),
      client: connected.client,
      environment: complete,
      databaseUrl: context.environment['DATABASE_URL'] ?? '',
      receiverUrl: `http://127.0.0.1:${ports.receiver}`,
      times,
      sandboxes,
      unexpectedEnds,
      lateObjects: [],
      counted: new Map(),
      victims: victimsOn(on),
      kill: (victim) => processOf(victim).kill(),
      restart: (victim) => processOf(victim).start(),
      memory: () => Object.fromEntries(inOrder.map((process) => [process.name, process.memoryBytes()])),
      stop: async () => {
        await connected.close();
        await stopAll();
      },
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/** Those of an earlier start in the same folder: inlets and webhook URLs are stored with theirs. */
async function portsOf(home: string, configuration: Configuration): Promise<StackPorts> {
  const file = join(home, 'chaos-ports.json');
  const known = readJsonFile(file) as StackPorts | undefined;
  if (known !== undefined) return known;
  const ports = await choosePorts(configuration, ['temporal', 'temporalUi', 'postgres', 'simulator', 'receiver']);
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}

function simulatorService(
  { options, ports, environment }: StackContext,
  sandboxes: readonly string[],
  policy: readonly string[],
): Service {
  const { home } = options.configuration;
  return programService({
    name: 'simulator',
    entry: 'simulator/main',
    args: [
      `--port=${ports.simulator}`,
      `--data-dir=${join(home, 'simulator')}`,
      '--output=json',
      `--policy=flowActivationDelayMs=${FLOW_ACTIVATION_DELAY_MS}`,
      ...policy.map((entry) => `--policy=${entry}`),
      ...sandboxes.map((name) => `--sandbox=${name}`),
    ],
    environment: options.environment,
    logDir: join(home, 'logs'),
    onReady: (line) => Object.assign(environment, line['environment']),
  });
}

export function resultOfProcesses({ unexpectedEnds, lateObjects }: ChaosStack, startedAt: number): CellResult {
  return {
    what: 'no process ends by itself, no object comes to light later',
    operation: 'all',
    name: 'stack',
    faults: [...unexpectedEnds.map((name) => `${name} ended by itself`), ...lateObjects],
    durationMs: performance.now() - startedAt,
  };
}
