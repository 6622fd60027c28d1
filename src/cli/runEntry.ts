/** How a process's entry ends when it cannot do its work: said in the catalogue's words, with its exit code, without a stack. */
import { CodedError, codedError, ERROR_CATALOGUE } from '../domain/errors.js';
import { messageOf } from '../domain/messageOf.js';
import { LAST_WORDS_MS } from '../process/ending.js';
import { toleratesLoss } from '../process/toleratesLoss.js';
import { systemFault } from '../process/systemFaults.js';
import { databaseFault } from '../store/connection/databaseFault.js';
import { createPaint, toTerminal } from './render/paint.js';
import { renderError } from './render/error.js';

export async function runEntry(main: () => Promise<void>): Promise<void> {
  toleratesLoss(process.stdout, process.stderr);
  try {
    await main();
    // A pipe that nobody reads keeps what was written to it, and a process alive that has nothing left to do.
    setTimeout(() => process.exit(), LAST_WORDS_MS).unref();
  } catch (cause) {
    const reason = messageOf(cause);
    const known = cause instanceof CodedError ? cause : (systemFault(cause) ?? databaseFault(cause));
    const { error } = known ?? codedError('CAEP_INTERNAL', { reason }, { cause });
    const paint = createPaint(process.stderr.isTTY && process.stderr.hasColors());
    process.stderr.write(`${toTerminal(renderError(error, paint))}\n`);
    process.exit(ERROR_CATALOGUE[error.code].exitCode);
  }
}
