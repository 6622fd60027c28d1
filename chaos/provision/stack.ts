/**
 * The product as real processes on free ports and in a folder of its own: Temporal's server on a SQLite file, PostgreSQL,
 * the simulator with a PostgreSQL of its own, and the worker. Each can be killed and comes back with its data and its port.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Sources } from '../../src/temporal/sources/port.js';
import { createTemporalSources } from '../../src/temporal/sources/temporalSources.js';
import { readConfiguration } from '../../src/configuration.js';
import type { StackContext } from '../../src/dev/context.js';
import { choosePorts } from '../../src/dev/ports.js';
import { programService } from '../../src/dev/programs.js';
import { postgresService, temporalService, workerService } from '../../src/dev/services.js';
import type { Service } from '../../src/dev/supervisor.js';
import { createKeyFile } from '../../src/store/keys/keyFileChanges.js';
import { connectClient } from '../../src/temporal/connection.js';
import { isolatedEnvironment, type Times } from '../stack/environment.js';
import { endOnInterruption } from '../stack/interruption.js';
import { keepProcess } from '../stack/keptProcess.js';
import { createSimulatorAdmin, type SimulatorAdmin } from '../stack/simulatorAdmin.js';

export const VICTIMS = ['worker', 'temporal', 'postgres'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface ChaosStack {
  readonly simulator: SimulatorAdmin;
  readonly sources: Sources;
  readonly client: Client;
  /** What a client command needs to reach this stack. */
  readonly environment: NodeJS.ProcessEnv;
  readonly databaseUrl: string;
  readonly times: Times;
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
  stop(): Promise<void>;
}

/** A flow needs a moment to become enabled, so that its inlet can be waited for and be killed while it is. */
const FLOW_ACTIVATION_DELAY_MS = 100;

export async function startChaosStack(options: {
  readonly times: Times;
  readonly sandboxCount: number;
  readonly log: (line: string) => void;
}): Promise<ChaosStack> {
  const { times, log } = options;
  const home = mkdtempSync(join(tmpdir(), 'chatlio-aep-chaos-'));
  const sandboxes = Array.from({ length: options.sandboxCount }, (_, index) => `chaos-${index + 1}`);
  const environment = isolatedEnvironment(home, times);
  const configuration = readConfiguration(environment);
  await createKeyFile(configuration.keyFile);
  const ports = await choosePorts(configuration, ['temporal', 'temporalUi', 'postgres', 'simulator', 'receiver']);
  const context: StackContext = { options: { configuration, environment, log }, ports, environment: {} };
  const unexpectedEnds: string[] = [];
  const keep = (service: Service) => keepProcess(service, (line) => unexpectedEnds.push(line));

  const postgres = keep(postgresService(context));
  const temporal = keep(temporalService(context));
  const simulator = keep(simulatorService(context, sandboxes));
  const worker = keep(workerService(context));
  const all = { postgres, temporal, simulator, worker };
  const stopAll = async () => {
    ended();
    for (const process of [worker, temporal, simulator, postgres]) await process.stop();
    rmSync(home, { recursive: true, force: true });
  };
  const ended = endOnInterruption(stopAll);
  try {
    await Promise.all([postgres.start(), temporal.start(), simulator.start()]);
    await worker.start();
    const complete = { ...environment, ...context.environment };
    const connected = await connectClient(readConfiguration(complete));
    return {
      simulator: createSimulatorAdmin(`http://127.0.0.1:${ports.simulator}`, complete),
      sources: createTemporalSources(connected),
      client: connected.client,
      environment: complete,
      databaseUrl: context.environment['DATABASE_URL'] ?? '',
      times,
      sandboxes,
      unexpectedEnds,
      lateObjects: [],
      counted: new Map(),
      kill: (victim) => all[victim].kill(),
      restart: (victim) => all[victim].start(),
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

function simulatorService({ options, ports, environment }: StackContext, sandboxes: readonly string[]): Service {
  const { home } = options.configuration;
  return programService({
    name: 'simulator',
    entry: 'simulator/main',
    args: [
      `--port=${ports.simulator}`,
      `--data-dir=${join(home, 'simulator')}`,
      '--output=json',
      `--policy=flowActivationDelayMs=${FLOW_ACTIVATION_DELAY_MS}`,
      ...sandboxes.map((name) => `--sandbox=${name}`),
    ],
    environment: options.environment,
    logDir: join(home, 'logs'),
    onReady: (line) => Object.assign(environment, line['environment']),
  });
}
