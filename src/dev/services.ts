/** The parts of the stack, each as a service that tells the later ones how it is reached. */
import { join } from 'node:path';
import { identityOf } from '../process/programs/identity.js';
import { startEmbeddedPostgres } from '../store/connection/embedded.js';
import { obtainTemporalServer } from '../temporal/devServer/obtainServer.js';
import { startTemporalServer } from '../temporal/devServer/server.js';
import { environmentOf } from './environments.js';
import { programService } from './programs.js';
import type { StackContext } from './context.js';
import type { Service } from './supervisor.js';
import { SHORT_WINDOWS_ON } from './windows.js';

const NAMESPACE = 'default';

/** @param settings of the server, by name */
export function postgresService(
  { options, ports, environment }: StackContext,
  settings: Readonly<Record<string, string>> = {},
): Service {
  return {
    name: 'postgres',
    start: async (spawned) => {
      const server = await startEmbeddedPostgres({
        dataDir: join(options.configuration.home, 'postgres'),
        port: ports.postgres,
        log: options.log,
        settings,
      });
      const identity = identityOf(server.pid);
      if (identity !== undefined) spawned(identity);
      environment['DATABASE_URL'] = server.url;
      return server;
    },
  };
}

export function temporalService({ options, ports, environment }: StackContext): Service {
  const { home, cacheDir, temporal } = options.configuration;
  return {
    name: 'temporal',
    start: async (spawned, signal) => {
      const binary = await obtainTemporalServer({
        cacheDir,
        signal,
        environment: environmentOf('temporal-obtainer', options.environment),
        log: options.log,
      });
      const server = await startTemporalServer({
        binary,
        dbFile: join(home, 'temporal', 'temporal.db'),
        logFile: join(home, 'logs', 'temporal.log'),
        port: ports.temporal,
        uiPort: ports.temporalUi,
        namespace: temporal.namespace ?? NAMESPACE,
        spawned,
      });
      environment['TEMPORAL_ADDRESS'] = server.address;
      environment['TEMPORAL_NAMESPACE'] = temporal.namespace ?? NAMESPACE;
      if (server.uiUrl !== undefined) environment['TEMPORAL_UI_URL'] = server.uiUrl;
      return server;
    },
  };
}

export function simulatorService({ options, ports, environment }: StackContext): Service {
  const { home } = options.configuration;
  const baseUrl = `http://127.0.0.1:${ports.simulator}`;
  return programService({
    name: 'simulator',
    entry: 'simulator/main',
    args: [
      `--port=${ports.simulator}`,
      '--host=127.0.0.1',
      `--data-dir=${join(home, 'simulator')}`,
      '--output=json',
      ...Object.entries(options.shortWindows === true ? SHORT_WINDOWS_ON.policy : {}).map(
        ([name, value]) => `--policy=${name}=${value}`,
      ),
      ...options.configuration.simulatorPolicy.map((entry) => `--policy=${entry}`),
    ],
    environment: environmentOf('simulator', options.environment),
    logDir: join(home, 'logs'),
    onReady: (line) => {
      // The credentials and base URLs by which a worker takes the simulator for Adobe.
      Object.assign(environment, line['environment']);
      // Inlet URLs keep the port under which they were made; the simulator may have got another one since.
      environment['ADOBE_INLET_URL'] = baseUrl;
      environment['SIMULATOR_ADMIN_URL'] = `${baseUrl}/__sim`;
      if (options.shortWindows === true) Object.assign(environment, SHORT_WINDOWS_ON.environment);
    },
  });
}

export function workerService(context: StackContext): Service {
  return productService(context, 'worker');
}

export function receiverService(context: StackContext): Service {
  announceReceiver(context);
  return productService(context, 'receiver');
}

/** Where webhooks are posted to: in the URLs that are printed. */
export function announceReceiver({ options, ports, environment }: StackContext): void {
  environment['RECEIVER_PORT'] = String(ports.receiver);
  environment['RECEIVER_PUBLIC_URL'] =
    options.environment['RECEIVER_PUBLIC_URL'] ?? `http://localhost:${ports.receiver}`;
}

/** One of several, which has a home and variables of its own. */
interface OneOf {
  readonly name: string;
  readonly home: string;
  readonly environment?: NodeJS.ProcessEnv;
}

export function productService(
  { options, environment }: StackContext,
  program: 'worker' | 'receiver',
  oneOf?: OneOf,
): Service {
  const { home, keyFile } = options.configuration;
  const name = oneOf?.name ?? program;
  return {
    name,
    // Put together anew at each start: a restarted PostgreSQL or simulator may be reached differently.
    start: (spawned, signal) =>
      programService({
        name,
        entry: `src/${program}`,
        environment: environmentOf(program, {
          ...options.environment,
          ...environment,
          CHATLIO_AEP_HOME: oneOf?.home ?? home,
          CHATLIO_AEP_KEY_FILE: keyFile,
          ...oneOf?.environment,
        }),
        logDir: join(home, 'logs'),
      }).start(spawned, signal),
  };
}
