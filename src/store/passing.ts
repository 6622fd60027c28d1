/** Whether a statement that failed may succeed when it is made again, with nobody changing anything. */
import { CodedError } from '../domain/errors.js';

/**
 * SQLSTATE classes: connection, transaction state (ended while it was idle; read only, as on a server that is being
 * replaced), lock or transaction conflict, resources, operator intervention (shutdown, cancel), system.
 */
const PASSING_CLASSES = new Set(['08', '25', '40', '53', '55', '57', '58']);

export function isPassing(error: unknown): boolean {
  if (error instanceof CodedError) return false;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // Without an SQLSTATE the server has not refused anything: the connection broke, or the answer did not come.
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return true;
  return PASSING_CLASSES.has(code.slice(0, 2));
}
