/**
 * What leaves of the originals of a source: by version. Every attempt of one epoch of the gate is made under one version, and
 * sends the same bytes; so it changes only while the gate is closed.
 */
import type { Contents, Projection } from '../../domain/projection/projection.js';
import type { ClientBase } from 'pg';
import { type Database, inTransaction } from '../connection/database.js';
import { beginCanaries } from './canaries.js';

export interface VersionedProjection {
  /** 1 and up, of its source. */
  readonly version: number;
  readonly projection: Projection;
}

/**
 * Has the next attempts of a source made under a projection; the same one again is no new version.
 *
 * @param options.canaries under a new version the first event of each kind is sent alone
 * @returns its version
 * @throws what the database throws while the gate is open and the projection is another one
 */
export async function setProjection(
  database: Database,
  sourceId: number,
  projection: Projection,
  { canaries = false }: { readonly canaries?: boolean } = {},
): Promise<number> {
  return inTransaction(database, (client) => setProjectionIn(client, sourceId, projection, { canaries }));
}

/** The same as a part of a transaction. */
export async function setProjectionIn(
  client: ClientBase,
  sourceId: number,
  projection: Projection,
  { canaries }: { readonly canaries: boolean },
): Promise<number> {
  await client.query('select from gate where source_id = $1 for update', [sourceId]);
  const { rows } = await client.query<{ version: number; is_new: boolean }>(
    `with newest as (
         select version, projection from projection where source_id = $1 order by version desc limit 1
       ), added as (
         insert into projection (source_id, version, projection)
         select $1, coalesce((select version from newest), 0) + 1, $2::jsonb
         where not exists (select from newest where projection = $2::jsonb)
         returning version
       )
       select version, true as is_new from added union all
       select version, false from newest where not exists (select from added)`,
    [sourceId, JSON.stringify(projection)],
  );
  const { version = 1, is_new: isNew = false } = rows[0] ?? {};
  if (isNew && canaries) await beginCanaries(client, sourceId, version);
  await client.query(
    'update gate set projection_version = $2 where source_id = $1 and projection_version is distinct from $2',
    [sourceId, version],
  );
  return version;
}

/** Of sources that are not torn down and keep originals. */
export async function listContents(
  database: Database,
): Promise<{ readonly source: string; readonly contents: Contents; readonly proof: 'none' | null }[]> {
  const { rows } = await database.pool.query<{ source: string; contents: Contents; proof: 'none' | null }>(
    `select s.name as source, p.projection->>'contents' as contents, p.projection->>'proof' as proof
     from source s join gate g on g.source_id = s.id
       join projection p on p.source_id = s.id and p.version = g.projection_version
     where s.retired_at is null order by s.name`,
  );
  return rows;
}
