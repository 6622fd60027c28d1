/** Query Service: hands out how to reach the lake over the PostgreSQL wire, with a role whose password is a token. */
import { randomBytes } from 'node:crypto';
import { DatabaseError, escapeIdentifier, escapeLiteral } from 'pg';
import type { Context } from '../context.js';
import { placeholderFamily } from '../errorFamilies.js';
import type { Lake } from './lake.js';
import { openQueryServiceFront, type QueryServiceFront } from './queryServiceFront.js';
import { type LakeDatabase, LAKE_DATABASE_SUFFIX } from './database.js';

interface QueryCredentials {
  readonly token: string;
  readonly expiresAtMs: number;
}

/** Longest ad-hoc query ("Query Service guardrails"). */
const QUERY_LIMIT = '10min';
const POSTGRES_PORT = 5_432;

export interface QueryServiceAddress {
  readonly host: string;
  readonly port: number;
}

/** @returns where it listens, from the start of the context on */
export function registerQueryService(context: Context, lake: Lake, databaseUrl: string): () => QueryServiceAddress {
  const credentials = context.state.collection<QueryCredentials>('queryCredentials');
  const { hostname, port } = new URL(databaseUrl);
  let front: QueryServiceFront | undefined;
  context.onStart(async () => {
    const upstream = { host: hostname, port: Number(port === '' ? POSTGRES_PORT : port) };
    front ??= await openQueryServiceFront(upstream, () => context.policy.current.queryServiceTls);
  });
  context.onClose(() => front?.close());

  function address(): QueryServiceAddress {
    if (front === undefined) throw new Error('Query Service listens from the start on');
    return { host: '127.0.0.1', port: front.port };
  }

  /** The same token until it expires: two callers of one organisation share the role, and a role has one password. */
  function currentToken(orgId: string): string {
    const scope = { orgId, sandboxName: '' };
    const known = credentials.get(scope, 'expiring');
    if (known !== undefined && known.expiresAtMs > context.clock.now()) return known.token;
    const token = `qs-${randomBytes(48).toString('base64url')}`;
    credentials.put(scope, 'expiring', {
      token,
      expiresAtMs: context.clock.now() + context.policy.current.queryTokenLifetimeMs,
    });
    return token;
  }

  context.route({
    name: 'queryservice.connectionParameters',
    method: 'GET',
    path: '/data/foundation/query/connection_parameters',
    access: 'platform',
    family: placeholderFamily,
    async handle(request) {
      const { orgId, sandboxName } = request.scope;
      const database = await lake.database(sandboxName);
      const token = currentToken(orgId);
      await admitReader(database, orgId, token);
      return {
        status: 200,
        json: {
          username: orgId,
          dbName: sandboxName + LAKE_DATABASE_SUFFIX,
          host: address().host,
          version: 1,
          port: address().port,
          token,
          compressedToken: token,
          websocketHost: address().host,
        },
      };
    },
  });
  return address;
}

/** The organisation's role may read every dataset table, now and later, and nothing of what the platform keeps to itself. */
async function admitReader({ pool }: LakeDatabase, username: string, password: string): Promise<void> {
  const role = escapeIdentifier(username);
  const { rowCount } = await pool.query('SELECT FROM pg_roles WHERE rolname = $1', [username]);
  if (rowCount === 0) {
    await pool.query(`CREATE ROLE ${role} LOGIN`).catch((error: unknown) => {
      // Another request was faster.
      if (!(error instanceof DatabaseError) || error.code !== '42710') throw error;
    });
  }
  const client = await pool.connect();
  try {
    // Two of these at once on one role end in "tuple concurrently updated".
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [username]);
    await client.query(`ALTER ROLE ${role} PASSWORD ${escapeLiteral(password)}`);
    await client.query(`ALTER ROLE ${role} SET default_transaction_read_only = on`);
    await client.query(`ALTER ROLE ${role} SET statement_timeout = '${QUERY_LIMIT}'`);
    await client.query(`GRANT USAGE ON SCHEMA public TO ${role}`);
    await client.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`);
    await client.query(`ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO ${role}`);
  } finally {
    await client.query('SELECT pg_advisory_unlock(hashtext($1))', [username]);
    client.release();
  }
}
