/** A Temporal cluster alone, for a run of the tests: `TEST_ON=cluster`. */
import { join } from 'node:path';
import { POSTGRES_SETTINGS } from '../../cluster/plan.js';
import type { ServerVersion } from '../../cluster/temporal/programs.js';
import { ROLES } from '../../cluster/temporal/roles.js';
import { temporalCluster } from '../../cluster/temporal/services.js';
import { readConfiguration } from '../../src/configuration.js';
import { postgresService } from '../../src/dev/services.js';
import { startStack } from '../../src/dev/stack.js';
import { FREE_PORTS } from './freePorts.js';

export async function startClusterForTests(
  folder: string,
  server: ServerVersion,
  dynamicConfig: Readonly<Record<string, string>>,
): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const { HOME, PATH, XDG_CACHE_HOME } = process.env;
  const environment = { ...FREE_PORTS, HOME, PATH, XDG_CACHE_HOME, CHATLIO_AEP_HOME: join(folder, 'cluster') };
  const configuration = readConfiguration(environment);
  const log = (line: string) => console.warn(line);
  const stack = await startStack(
    { configuration, environment: process.env, log },
    {
      parts: ['embedded-postgres'],
      ports: ['temporal', 'temporalUi', 'postgres'],
      stages(context) {
        const databaseUrl = () => context.environment['DATABASE_URL'] ?? '';
        const { roles } = temporalCluster(context, { databaseUrl, server, dynamicConfig });
        return [[postgresService(context, POSTGRES_SETTINGS)], ROLES.map((role) => roles[role])];
      },
    },
  );
  return { address: stack.environment['TEMPORAL_ADDRESS'] ?? '', stop: () => stack.stop() };
}
