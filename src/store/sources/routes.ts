/**
 * The webhook routes: who may post, and to which source. One secret for each widget and kind, because the URL is all the
 * authentication that Chatlio offers. Kept as a hash for checking and sealed for showing.
 */
import { routeContext } from '../keys/contexts.js';
import { createHash, randomBytes } from 'node:crypto';
import type { ClientBase } from 'pg';
import { KIND_FACTS, type Kind, kindOfCode } from '../../domain/events/kinds.js';
import { type Database, inTransaction } from '../connection/database.js';
import { recordDone } from '../history/operations.js';
import type { KeyRing } from '../keys/keyRing.js';
import { ROUTES_CHANNEL } from '../connection/listen.js';

/** A route with its secret, for the person who pastes it into Chatlio. */
export interface OpenedRoute {
  readonly widget: string;
  readonly kind: Kind;
  readonly secret: string;
  readonly createdAt: Date;
  /** Set while a newer secret is there already. */
  readonly expiresAt?: Date;
}

export interface RoutedWidget {
  readonly key: string;
  readonly kinds: readonly Kind[];
}

/** 192 bits, 32 characters of a URL. */
const SECRET_BYTES = 24;

/**
 * Makes the routes that are missing: safe to repeat.
 *
 * @param options.revokeOthers those of other widgets and kinds are not taken any more; else they stay as they are
 */
export async function createRoutes(
  database: Database,
  keyRing: KeyRing,
  sourceId: number,
  widgets: readonly RoutedWidget[],
  { revokeOthers = false }: { readonly revokeOthers?: boolean } = {},
): Promise<OpenedRoute[]> {
  const wanted = widgets.flatMap(({ key: widget, kinds }) => kinds.map((kind) => ({ widget, kind })));
  const nameOf = (widget: string, code: number): string => `${code} ${widget}`;
  const names = new Set(wanted.map(({ widget, kind }) => nameOf(widget, KIND_FACTS[kind].code)));
  await changeRoutes(database, async (client) => {
    const live = await liveRoutes(client, sourceId);
    const existing = new Set(live.map(({ widget, kind }) => nameOf(widget, kind)));
    for (const { widget, kind } of wanted) {
      if (existing.has(nameOf(widget, KIND_FACTS[kind].code))) continue;
      await insertRoute(client, keyRing, sourceId, widget, kind);
    }
    for (const { widget, kind: code } of revokeOthers ? live : []) {
      const kind = kindOfCode(code);
      if (kind !== undefined && !names.has(nameOf(widget, code))) {
        await expireRoutes(client, sourceId, 0, { widget, kind });
      }
    }
  });
  return listRoutes(database, keyRing, sourceId);
}

/** The routes that are taken now, newest first for each widget and kind, with their secrets. */
export async function listRoutes(database: Database, keyRing: KeyRing, sourceId: number): Promise<OpenedRoute[]> {
  return (await liveRoutes(database.pool, sourceId)).flatMap((row) => {
    const kind = kindOfCode(row.kind);
    if (kind === undefined) return [];
    const secret = keyRing.open(row.secret_sealed, routeContext(sourceId, row.widget, kind)).toString();
    return [{ widget: row.widget, kind, secret, createdAt: row.created_at, expiresAt: row.expires_at ?? undefined }];
  });
}

export interface RouteSelection {
  /** Absent: all. */
  readonly widget?: string;
  readonly kind?: Kind;
}

/**
 * Gives the selected routes a fresh secret; the old ones are taken for `overlapMs` more, time to paste the new ones into
 * Chatlio.
 *
 * @returns how many got one
 */
export async function rotateRoutes(
  database: Database,
  keyRing: KeyRing,
  sourceId: number,
  { overlapMs, by, ...selection }: RouteSelection & { readonly overlapMs: number; readonly by?: string },
): Promise<number> {
  return changeRoutes(database, async (client) => {
    let rotated = 0;
    for (const row of await liveRoutes(client, sourceId)) {
      const { widget } = row;
      const kind = kindOfCode(row.kind);
      if (kind === undefined || row.expires_at !== null) continue;
      if ((selection.widget ?? widget) !== widget || (selection.kind ?? kind) !== kind) continue;
      await expireRoutes(client, sourceId, overlapMs, { widget, kind });
      await insertRoute(client, keyRing, sourceId, widget, kind);
      rotated += 1;
    }
    if (rotated > 0) await recordDone(client, sourceId, { kind: 'urls --rotate', by, input: selection });
    return rotated;
  });
}

/** Ends the routes of a source at once: the undo of {@link createRoutes}. */
export async function retireRoutes(database: Database, sourceId: number): Promise<void> {
  await changeRoutes(database, async (client) => {
    await expireRoutes(client, sourceId, 0);
    await client.query(
      'update route set revoked_at = null, expires_before = null where source_id = $1 and revoked_at is not null',
      [sourceId],
    );
  });
}

/**
 * Ends the routes of a source at once, until {@link restoreRoutes} takes it back. Safe to repeat.
 *
 * @returns how many, and when, by the database's clock
 */
export async function revokeRoutes(
  database: Database,
  sourceId: number,
): Promise<{ readonly revoked: number; readonly at: Date }> {
  return changeRoutes(database, async (client) => {
    await client.query(
      `update route set revoked_at = now(), expires_before = expires_at, expires_at = now()
        where source_id = $1 and (expires_at is null or expires_at > now())`,
      [sourceId],
    );
    const { rows } = await client.query<{ revoked: number; at: Date }>(
      `select count(*) as revoked, coalesce(max(revoked_at), now()) as at from route
        where source_id = $1 and revoked_at is not null`,
      [sourceId],
    );
    return rows[0] ?? { revoked: 0, at: new Date() };
  });
}

/** The undo of {@link revokeRoutes}; those that were retired since stay so. */
export async function restoreRoutes(database: Database, sourceId: number): Promise<void> {
  await changeRoutes(database, (client) =>
    client.query(
      `update route set expires_at = expires_before, expires_before = null, revoked_at = null
        where source_id = $1 and revoked_at is not null`,
      [sourceId],
    ),
  );
}

interface RouteRow {
  readonly widget: string;
  readonly kind: number;
  readonly secret_sealed: Buffer;
  readonly created_at: Date;
  readonly expires_at: Date | null;
}

async function liveRoutes(client: Pick<ClientBase, 'query'>, sourceId: number): Promise<RouteRow[]> {
  const { rows } = await client.query<RouteRow>(
    `select widget, kind, secret_sealed, created_at, expires_at from route
      where source_id = $1 and (expires_at is null or expires_at > now())
      order by widget, kind, generation desc`,
    [sourceId],
  );
  return rows;
}

async function insertRoute(
  client: ClientBase,
  keyRing: KeyRing,
  sourceId: number,
  widget: string,
  kind: Kind,
): Promise<void> {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  await client.query(
    `insert into route (source_id, widget, kind, generation, secret_sha256, secret_sealed)
     select $1::smallint, $2::text, $3::smallint, coalesce(max(generation), 0) + 1, $4::bytea, $5::bytea
       from route where source_id = $1::smallint and widget = $2::text and kind = $3::smallint`,
    [
      sourceId,
      widget,
      KIND_FACTS[kind].code,
      createHash('sha256').update(secret).digest(),
      keyRing.seal(Buffer.from(secret), routeContext(sourceId, widget, kind)),
    ],
  );
}

async function expireRoutes(
  client: ClientBase,
  sourceId: number,
  overlapMs: number,
  { widget, kind }: RouteSelection = {},
): Promise<void> {
  await client.query(
    `update route set expires_at = least(expires_at, now() + $2::float8 * interval '1 millisecond')
      where source_id = $1 and (expires_at is null or expires_at > now())
        and ($3::text is null or widget = $3) and ($4::smallint is null or kind = $4)`,
    [sourceId, overlapMs, widget ?? null, kind === undefined ? null : KIND_FACTS[kind].code],
  );
}

/** One change at a time, and every receiver hears of it. */
async function changeRoutes<T>(database: Database, change: (client: ClientBase) => Promise<T>): Promise<T> {
  return inTransaction(database, async (client) => {
    await client.query('lock table route in share row exclusive mode');
    const result = await change(client);
    await client.query(`notify ${ROUTES_CHANNEL}`);
    return result;
  });
}
