/** The embedded PostgreSQL of a simulator that is given a folder instead of a server. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { codedError } from '../../src/domain/errors.js';
import { takeLock } from '../../src/process/files/lock.js';
import { startEmbeddedPostgres } from '../../src/store/connection/embedded.js';

/**
 * @param closing takes what is to be done at the end, in reverse order
 * @returns the server's URL
 * @throws CodedError `CAEP_ALREADY_RUNNING` when another simulator runs on the folder; `CAEP_USAGE` without a folder
 */
export async function startOwnDatabase(
  dataDir: string | undefined,
  log: Logger,
  closing: Array<() => void | Promise<void>>,
): Promise<string> {
  if (dataDir === undefined) {
    throw codedError('CAEP_USAGE', { reason: 'The simulator needs a database or a folder for one' });
  }
  // Without it, a second simulator would take the first one's server for a leftover and stop it.
  const attempt = await takeLock(join(dataDir, 'lock'), ({ pid }) =>
    log.info(
      { pid },
      'waiting for a sign of life of the process that had this folder, in another container or machine',
    ),
  );
  if (attempt.state === 'held') throw codedError('CAEP_ALREADY_RUNNING', { pid: String(attempt.by.pid) });
  closing.push(() => attempt.lock.release());
  const server = await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres'), log: (line) => log.info(line) });
  closing.push(() => server.stop());
  return server.url;
}
