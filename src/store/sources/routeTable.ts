/** What receivers read of the webhook routes: hashes, and whether these are all that there are. */
import type { ClientBase } from 'pg';
import { type Kind, kindOfCode } from '../../domain/events/kinds.js';
import { type Database, inTransaction } from '../connection/database.js';

/** What a receiver needs of a route; no secret can be made of it. */
export interface Route {
  readonly sourceId: number;
  /** Of the source, for new events. */
  readonly partitions: number;
  readonly widget: string;
  readonly kind: Kind;
  /** Hexadecimal. */
  readonly secretSha256: string;
  /** Not taken any more from this time on, milliseconds since the epoch. */
  readonly expiresAtMs?: number;
  /** Bodies are kept as they are posted. */
  readonly keepsOriginals?: boolean;
  /** But for these paths. */
  readonly storedWithout?: readonly string[];
}

interface LoadedRoutes {
  /** Of all sources, without those that are retired. */
  readonly routes: readonly Route[];
  /**
   * Whether a route that is neither here nor retired was never made. Not known of a database without any route, for it may be
   * about to be restored, nor of one that is being restored.
   */
  readonly isWhole: boolean;
}

/** Both of one moment. */
export async function loadRouteTable(database: Database): Promise<LoadedRoutes> {
  return inTransaction(
    database,
    async (client) => ({ routes: await liveRoutes(client), isWhole: await isWhole(client) }),
    'isolation level repeatable read read only',
  );
}

async function liveRoutes(client: ClientBase): Promise<Route[]> {
  const { rows } = await client.query<{
    source_id: number;
    partitions: number;
    widget: string;
    kind: number;
    secret_sha256: Buffer;
    expires_at: Date | null;
    keeps_originals: boolean;
    stored_without: string[];
  }>(
    `select r.source_id, s.partitions, r.widget, r.kind, r.secret_sha256, r.expires_at, s.keeps_originals, s.stored_without
       from route r join source s on s.id = r.source_id
      where s.retired_at is null and (r.expires_at is null or r.expires_at > now())`,
  );
  return rows.flatMap((row) => {
    const kind = kindOfCode(row.kind);
    if (kind === undefined) return [];
    return [
      {
        sourceId: row.source_id,
        partitions: row.partitions,
        widget: row.widget,
        kind,
        secretSha256: row.secret_sha256.toString('hex'),
        expiresAtMs: row.expires_at?.getTime(),
        ...(row.keeps_originals ? { keepsOriginals: true } : {}),
        ...(row.stored_without.length > 0 ? { storedWithout: row.stored_without } : {}),
      },
    ];
  });
}

/**
 * A restore fills the tables one after the other and adds their foreign keys last of all; one that loads data alone, without
 * its triggers, has routes before their sources.
 */
async function isWhole(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ is_whole: boolean }>(
    `select exists (select from route)
        and exists (select from pg_constraint
                     where conrelid = 'route'::regclass and confrelid = 'source'::regclass and convalidated)
        and not exists (select from route r where not exists (select from source s where s.id = r.source_id)) as is_whole`,
  );
  return rows[0]?.is_whole === true;
}

/**
 * Secrets, by their hashes, that the database remembers as retired. One that it knows nothing of is another matter: it may
 * have been made, and the database not be the one that it was.
 *
 * @param among absent: all
 */
export async function retiredSecrets(database: Database, among?: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await database.pool.query<{ secret: string }>(
    `select encode(r.secret_sha256, 'hex') as secret from route r join source s on s.id = r.source_id
      where ($1::bytea[] is null or r.secret_sha256 = any ($1)) and (s.retired_at is not null or r.expires_at <= now())`,
    [among?.map((secret) => Buffer.from(secret, 'hex')) ?? null],
  );
  return new Set(rows.map(({ secret }) => secret));
}
