/** What PostgreSQL, or the way there, fails with, as an error of our catalogue. */
import { CodedError, codedError, type ErrorCode } from '../../domain/errors.js';
import { messageOf } from '../../domain/messageOf.js';
import { sqlState } from './transient.js';

/** By SQLSTATE or its class: a statement that it refuses for what it says itself is a fault of ours, and not here. */
const CODES: readonly (readonly [prefix: string, code: ErrorCode])[] = [
  ['53100', 'CAEP_DATABASE_FULL'],
  ['42501', 'CAEP_DATABASE_REFUSED'],
  ['3D000', 'CAEP_DATABASE_REFUSED'],
  ['3F000', 'CAEP_DATABASE_REFUSED'],
  ['28', 'CAEP_DATABASE_REFUSED'],
  ...['08', '25', '40', '53', '55', '57', '58'].map((prefix) => [prefix, 'CAEP_DATABASE_UNREACHABLE'] as const),
];

const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
]);
/** Of Node.js and OpenSSL. */
const OF_TLS =
  /^(ERR_(TLS|SSL|OSSL)_|CERT_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|HOSTNAME_MISMATCH|EPROTO$)/;
const NO_TLS = /^(The server does not support SSL|There was an error establishing an SSL)/;
/** The driver's own words, which come without a code. */
const DRIVER_WORDS = /^(Query read timeout|Connection terminated|timeout e|Client (has encountered|was closed))/;

/** @returns undefined for an error of another kind, as when PostgreSQL refuses the statement itself */
export function databaseFault(cause: unknown): CodedError | undefined {
  if (cause instanceof CodedError) return cause;
  if (!(cause instanceof Error)) return undefined;
  const state = sqlState(cause);
  const code = state === undefined ? awayCode(cause) : CODES.find(([prefix]) => state.startsWith(prefix))?.[1];
  return code === undefined ? undefined : codedError(code, { reason: messageOf(cause) }, { cause });
}

function awayCode(cause: Error): ErrorCode | undefined {
  const socketCode = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (OF_TLS.test(socketCode) || NO_TLS.test(cause.message)) return 'CAEP_DATABASE_UNTRUSTED';
  return SOCKET_CODES.has(socketCode) || DRIVER_WORDS.test(cause.message) ? 'CAEP_DATABASE_UNREACHABLE' : undefined;
}
