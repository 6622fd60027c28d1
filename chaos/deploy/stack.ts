/** Everything that delivers, as real processes, with workers of builds that come and go. Nothing is killed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Configuration, readConfiguration } from '../../src/configuration.js';
import type { StackContext } from '../../src/dev/context.js';
import { choosePorts } from '../../src/dev/ports.js';
import { postgresService, temporalService } from '../../src/dev/services.js';
import type { Service } from '../../src/dev/supervisor.js';
import { lastLinesOf } from '../../src/process/programs/server.js';
import { freePort } from '../../src/process/ports.js';
import { createKeyFile } from '../../src/store/keys/keyFileChanges.js';
import { lakeService, programOf, simulatorService } from '../forward/stack.js';
import { ADOBE_TIMES } from '../forward/times.js';
import { isolatedEnvironment } from '../stack/environment.js';
import { endOnInterruption } from '../stack/interruption.js';
import { keepProcess, type KeptProcess } from '../stack/keptProcess.js';

export interface DeployStack {
  readonly home: string;
  readonly configuration: Configuration;
  /** What a command needs to reach this stack. */
  readonly environment: NodeJS.ProcessEnv;
  readonly receiverUrls: readonly string[];
  readonly simulatorUrl: string;
  readonly databaseUrl: string;
  readonly lakeUrl: string;
  /** Processes that ended although nobody asked them to, each with the end of its log. */
  readonly unexpectedEnds: readonly string[];
  /** @param program of another build than this one */
  worker(build: string | undefined, program?: string): KeptProcess;
  /** @param keep leaves the folder with the logs and the data */
  stop(keep: boolean): Promise<void>;
}

export async function startDeployStack(log: (line: string) => void): Promise<DeployStack> {
  const home = mkdtempSync(join(tmpdir(), 'chatlio-aep-deploy-'));
  const environment = isolatedEnvironment(home, ADOBE_TIMES);
  const configuration = readConfiguration(environment);
  await createKeyFile(configuration.keyFile);
  const ports = await choosePorts(configuration, ['temporal', 'temporalUi', 'postgres', 'simulator']);
  const context: StackContext = { options: { configuration, environment, log }, ports, environment: {} };
  const unexpectedEnds: string[] = [];
  const all: KeptProcess[] = [];
  const keep = (service: Service): KeptProcess => {
    const kept = keepProcess(service, (line) =>
      unexpectedEnds.push(`${line}: ${lastLinesOf(join(home, 'logs', `${service.name}.log`))}`),
    );
    // What was made last is ended first.
    all.unshift(kept);
    return kept;
  };
  const stop = async (keepFolder: boolean): Promise<void> => {
    forget();
    for (const kept of all) await kept.stop();
    if (!keepFolder) rmSync(home, { recursive: true, force: true });
  };
  const forget = endOnInterruption(() => stop(true));
  const receiverPort = await freePort();
  try {
    const postgres = keep(postgresService(context));
    const temporal = keep(temporalService(context));
    const lake = keep(lakeService(context, await freePort()));
    await Promise.all([postgres.start(), temporal.start(), lake.start()]);
    await keep(simulatorService(context)).start();
    await keep(
      programOf(context, {
        name: 'receiver',
        entry: 'src/receiver',
        folder: join(home, 'receiver'),
        environment: { RECEIVER_PORT: String(receiverPort) },
      }),
    ).start();
  } catch (error) {
    await stop(true);
    throw error;
  }
  return {
    home,
    configuration,
    environment: { ...environment, ...context.environment },
    receiverUrls: [`http://127.0.0.1:${receiverPort}`],
    simulatorUrl: `http://127.0.0.1:${ports.simulator}`,
    databaseUrl: context.environment['DATABASE_URL'] ?? '',
    lakeUrl: context.environment['LAKE_URL'] ?? '',
    unexpectedEnds,
    worker: (build, program) => {
      const name = `worker-${build ?? 'unversioned'}-${all.length}`;
      return keep(
        programOf(context, {
          name,
          entry: 'src/worker',
          folder: join(home, name),
          environment: build === undefined ? {} : { TEMPORAL_WORKER_BUILD_ID: build },
          ...(program === undefined ? {} : { wrap: (command) => ({ ...command, args: [program] }) }),
        }),
      );
    },
    stop,
  };
}
