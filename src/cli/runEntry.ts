/** How a process's entry ends when it cannot do its work: said in the catalogue's words, with its exit code, without a stack. */
import { CodedError, codedError, ERROR_CATALOGUE } from '../domain/errors.js';
import { systemFault } from '../process/systemFaults.js';
import { databaseFault } from '../store/databaseFault.js';
import { createPaint } from './render/paint.js';
import { renderError } from './render/error.js';

export async function runEntry(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const known = cause instanceof CodedError ? cause : (systemFault(cause) ?? databaseFault(cause));
    const { error } = known ?? codedError('CAEP_INTERNAL', { reason }, { cause });
    process.stderr.write(`${renderError(error, createPaint(process.stderr.isTTY && process.stderr.hasColors()))}\n`);
    process.exit(ERROR_CATALOGUE[error.code].exitCode);
  }
}
