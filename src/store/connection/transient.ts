/** Whether a statement that failed may succeed when it is made again, with nobody changing anything. */
import { CodedError, ERROR_CATALOGUE } from '../../domain/errors.js';

/**
 * SQLSTATE classes: connection, transaction state (ended while it was idle; read only, as on a server that is being
 * replaced), lock or transaction conflict, resources, operator intervention (shutdown, cancel), system.
 */
const TRANSIENT_CLASSES = new Set(['08', '25', '40', '53', '55', '57', '58']);

export function isTransient(error: unknown): boolean {
  if (error instanceof CodedError) return ERROR_CATALOGUE[error.error.code].retryable;
  const state = sqlState(error);
  return state === undefined || TRANSIENT_CLASSES.has(state.slice(0, 2));
}

/** Absent where the server has not refused anything: the connection broke, or the answer did not come. */
export function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // A system error's code may have five letters as well; it has none of an SQLSTATE's digits.
  return typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}
