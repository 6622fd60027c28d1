/** Temporal's databases and their tables, by its own tool: made where they are missing, upgraded where they are older. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { codedError } from '../../src/domain/errors.js';
import { createDatabase } from '../../src/store/connection/embedded.js';
import type { TemporalDatabases } from './configuration.js';

const run = promisify(execFile);
const TIMEOUT_MS = 300_000;

/** @throws CodedError `CAEP_TEMPORAL_NOT_STARTED` */
export async function prepareTables(tool: string, url: string, databases: TemporalDatabases): Promise<void> {
  for (const [schema, database] of [
    ['temporal', databases.main],
    ['visibility', databases.visibility],
  ] as const) {
    await createDatabase(url, database);
    const env = toolEnvironment(databases, database);
    // Leaves what is there as it is.
    await call(tool, ['setup-schema', '--version', '0.0'], env);
    await call(tool, ['update-schema', '--schema-name', `postgresql/v12/${schema}`], env);
  }
}

/** Not in the arguments, which others on this machine can read. */
function toolEnvironment({ host, port, user, password }: TemporalDatabases, database: string): NodeJS.ProcessEnv {
  return {
    SQL_PLUGIN: 'postgres12_pgx',
    SQL_HOST: host,
    SQL_PORT: String(port),
    SQL_USER: user,
    SQL_PASSWORD: password,
    SQL_DATABASE: database,
  };
}

async function call(tool: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await run(tool, [...args], { env, timeout: TIMEOUT_MS });
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { readonly stdout?: string; readonly stderr?: string };
    const said = `${stdout}${stderr}`.trim().split('\n').slice(-2).join(' | ');
    throw codedError('CAEP_TEMPORAL_NOT_STARTED', { reason: `its tables: ${said}` }, { cause });
  }
}
