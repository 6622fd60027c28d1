/** A session of Query Service over the PostgreSQL wire protocol, through TLS, with a token as password. */
import { Client, DatabaseError } from 'pg';
import type { ConnectionOptions } from 'node:tls';
import { codedError, type ErrorCode } from '../../domain/errors.js';
import { messageOf } from '../../domain/messageOf.js';
import { isLoopback } from '../http/hosts.js';
import type { QueryService, QueryServiceParameters } from './queryService.js';

const CONNECT_TIMEOUT_MS = 15_000;
/** Query Service ends an ad-hoc query after ten minutes. */
const QUERY_TIMEOUT_MS = 630_000;

export interface LakeSession {
  /** Which database at which host, as Adobe has told. */
  readonly parameters: Pick<QueryServiceParameters, 'database' | 'host'>;
  /**
   * Runs one statement as it is written: values stand in the text, since Query Service is not documented to prepare.
   *
   * @throws CodedError `CAEP_LAKE_REFUSED` or `CAEP_LAKE_UNAVAILABLE`
   */
  query(text: string): Promise<Readonly<Record<string, unknown>>[]>;
  close(): Promise<void>;
}

/**
 * Sessions are few ("Session Limit Reached"): open one, ask in pages, close it. A token is good for a day at most, so the
 * parameters are fetched anew for each session.
 *
 * @param override `postgres://host:port` in place of Adobe's host and port; `?sslmode=disable` for one without TLS
 * @throws AdobeCallError when Adobe does not tell how the lake is reached; CodedError `CAEP_LAKE_REFUSED` when this
 *   installation may not read the lake, `CAEP_LAKE_UNAVAILABLE` when it may work later
 */
export async function openLakeSession(
  queryService: Pick<QueryService, 'connectionParameters'>,
  override: string | undefined,
): Promise<LakeSession> {
  const parameters = await queryService.connectionParameters();
  const { host, port, encrypted } = addressOf(parameters, override);
  const client = new Client({
    host,
    port,
    database: parameters.database,
    user: parameters.user,
    password: parameters.password,
    ssl: encrypted ? tlsOptions(host) : false,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
  });
  // A connection that breaks between two statements is told by the next one.
  client.on('error', () => undefined);
  await client.connect().catch((cause: unknown) => {
    throw lakeError(cause);
  });
  return {
    parameters,
    async query(text) {
      const { rows } = await client.query<Record<string, unknown>>(text).catch((cause: unknown) => {
        throw lakeError(cause);
      });
      return rows;
    },
    close: () => client.end(),
  };
}

function addressOf({ host, port }: QueryServiceParameters, override: string | undefined) {
  if (override === undefined) return { host, port, encrypted: true };
  const url = new URL(override);
  const encrypted = url.searchParams.get('sslmode') !== 'disable';
  return { host: url.hostname, port: url.port === '' ? port : Number(url.port), encrypted };
}

/** "sslmode=require" asks for no certificate check; we check it all the same, but for a simulator on this machine. */
function tlsOptions(host: string): ConnectionOptions {
  return isLoopback(host) ? { rejectUnauthorized: false } : { servername: host };
}

/** SQLSTATE of what no later try mends: authorization (class 28), privilege, unknown database. */
const REFUSED = /^(28...|42501|3D000)$/;

export function lakeError(cause: unknown): Error {
  const state = cause instanceof DatabaseError ? cause.code : (cause as { code?: string } | undefined)?.code;
  const code: ErrorCode = REFUSED.test(state ?? '') ? 'CAEP_LAKE_REFUSED' : 'CAEP_LAKE_UNAVAILABLE';
  return codedError(code, { reason: reasonOf(cause, state) }, { cause });
}

/** What a driver or server says may quote the statement; its code and first line do not name an event's content. */
function reasonOf(cause: unknown, state: string | undefined): string {
  const message = (messageOf(cause).split('\n')[0] ?? '').slice(0, 200);
  return state === undefined ? message : `${state}, ${message}`;
}
