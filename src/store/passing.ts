/** Whether a statement that failed may succeed when it is made again, with nobody changing anything. */

/** SQLSTATE classes: connection, resources, lock or transaction conflict, operator intervention (shutdown, cancel), system. */
const PASSING_CLASSES = new Set(['08', '40', '53', '55', '57', '58']);

export function isPassing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // Without an SQLSTATE the server has not refused anything: the connection broke, or the answer did not come.
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return true;
  return PASSING_CLASSES.has(code.slice(0, 2));
}
