/** What a statement fails with when PostgreSQL is away, stands still or is being replaced, as an error of our catalogue. */
import { type CodedError, codedError } from '../domain/errors.js';
import { isPassing } from './passing.js';

const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
]);
/** The driver's own words, which come without a code. */
const DRIVER_WORDS =
  /^(Query read timeout|Connection terminated|timeout exceeded when trying to connect|Client has encountered)/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** @returns undefined for an error of another kind, as when PostgreSQL refuses the statement itself */
export function databaseFault(cause: unknown): CodedError | undefined {
  if (!(cause instanceof Error)) return undefined;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const isAway = SQLSTATE.test(code) ? isPassing(cause) : SOCKET_CODES.has(code) || DRIVER_WORDS.test(cause.message);
  return isAway ? codedError('CAEP_DATABASE_UNREACHABLE', { reason: cause.message || code }, { cause }) : undefined;
}
