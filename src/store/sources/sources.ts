/** The rows that a source has in the store before its first event, and the end of it. */
import type { ClientBase, PoolClient } from 'pg';
import { codedError } from '../../domain/errors.js';
import { type Database, inTransaction } from '../connection/database.js';
import { ROUTES_CHANNEL } from '../connection/listen.js';

const UNIQUE_VIOLATION = '23505';

export interface SourceRegistration {
  /** Part of the marker, minted by the client. */
  readonly uid: string;
  readonly name: string;
  /** 1 to 64. May change: partitions that are there stay until they are empty, events of from now on use the new number. */
  readonly partitions: number;
}

/**
 * Makes the rows of a source, its gate and its partitions; again with the same uid: brings them up to date.
 *
 * @param options.takeOver a person has decided that a source of that name that is not retired becomes this one, with its events
 * @returns the source's number in the store
 * @throws CodedError `CAEP_FOREIGN_RESOURCE` when another source of that name is not retired
 */
export async function registerSource(
  database: Database,
  source: SourceRegistration,
  { takeOver = false }: { readonly takeOver?: boolean } = {},
): Promise<number> {
  try {
    return await inTransaction(database, async (client) => {
      if (takeOver) await takeOverNamesake(client, source);
      const id = (await updateSource(client, source)) ?? (await insertSource(client, source));
      await client.query('insert into gate (source_id) values ($1) on conflict do nothing', [id]);
      await client.query(
        `insert into partition_head (source_id, partition) select $1, generate_series(0, $2 - 1)
         on conflict do nothing`,
        [id, source.partitions],
      );
      await client.query(`notify ${ROUTES_CHANNEL}`);
      return id;
    });
  } catch (cause) {
    if ((cause as { code?: string }).code !== UNIQUE_VIOLATION) throw cause;
    const holder = `another source named ${source.name} that was not torn down${await uidOfNamesake(database, source)}`;
    throw codedError(
      'CAEP_FOREIGN_RESOURCE',
      { resource: 'source', holder, name: source.name, field: 'name' },
      { cause },
    );
  }
}

/** What is kept of a body. */
interface Keeping {
  /** As it is posted; else cut. */
  readonly keepsOriginals: boolean;
  /** Paths that are removed from an original before it is kept. */
  readonly storedWithout: readonly string[];
}

/** What the store calls a source by, also after its teardown. */
export async function findSourceByUid(
  database: Database,
  uid: string,
): Promise<({ readonly sourceId: number; readonly partitions: number } & Keeping) | undefined> {
  const { rows } = await database.pool.query<{ sourceId: number; partitions: number } & Keeping>(
    `select id as "sourceId", partitions, keeps_originals as "keepsOriginals", stored_without as "storedWithout"
     from source where uid = $1`,
    [uid],
  );
  return rows[0];
}

export async function findSourceId(database: Database, uid: string): Promise<number | undefined> {
  return (await findSourceByUid(database, uid))?.sourceId;
}

async function updateSource(client: PoolClient, source: SourceRegistration): Promise<number | undefined> {
  const { rows } = await client.query<{ id: number }>(
    'update source set name = $2, partitions = $3, retired_at = null where uid = $1 returning id',
    [source.uid, source.name, source.partitions],
  );
  return rows[0]?.id;
}

/**
 * Only where it can succeed: an insert that meets a row, or fails, uses up a number all the same, and there are 32,767. A
 * number is never given twice: receivers may hold events of its source that the database has not seen.
 */
async function insertSource(client: PoolClient, source: SourceRegistration): Promise<number> {
  const { rows } = await client.query<{ id: number }>(
    `insert into source (uid, name, partitions) select $1, $2, $3
     where not exists (select from source where name = $2 and retired_at is null) returning id`,
    [source.uid, source.name, source.partitions],
  );
  if (rows[0] === undefined) throw Object.assign(new Error('the name is taken'), { code: UNIQUE_VIOLATION });
  return rows[0].id;
}

/**
 * The namesake's rows go on under the new uid: its events, webhook URLs and counts. Where the new uid has rows of its own, which
 * were retired before, those are the source's, and the namesake is retired.
 */
async function takeOverNamesake(client: PoolClient, { uid, name }: SourceRegistration): Promise<void> {
  const known = await client.query('select from source where uid = $1 for update', [uid]);
  await client.query(
    known.rowCount === 0
      ? 'update source set uid = $1 where name = $2 and uid <> $1 and retired_at is null'
      : 'update source set retired_at = now() where name = $2 and uid <> $1 and retired_at is null',
    [uid, name],
  );
}

async function uidOfNamesake(database: Database, { uid, name }: SourceRegistration): Promise<string> {
  const { rows } = await database.pool.query<{ uid: string }>(
    'select uid from source where name = $2 and uid <> $1 and retired_at is null',
    [uid, name],
  );
  return rows[0] === undefined ? '' : ` (uid ${rows[0].uid})`;
}

/**
 * From now on receivers keep the bodies of a source as they are posted. It stays so: what was taken in one form is sent from it.
 * A release that reads no originals takes none of its partitions any more (`0038`).
 *
 * @param without paths that are removed before; it may change
 */
export async function keepOriginals(
  database: Database,
  sourceId: number,
  without: readonly string[] = [],
): Promise<void> {
  await inTransaction(database, (client) => keepOriginalsIn(client, sourceId, without));
}

/** The same as a part of a transaction. */
export async function keepOriginalsIn(
  client: ClientBase,
  sourceId: number,
  without: readonly string[] = [],
): Promise<void> {
  const { rowCount } = await client.query(
    `update source set keeps_originals = true, stored_without = $2
     where id = $1 and not (keeps_originals and stored_without = $2)`,
    [sourceId, without],
  );
  if (rowCount !== 0) await client.query(`notify ${ROUTES_CHANNEL}`);
}

/** Ends a source: its routes are not taken any more, its name is free. Its events and their ids stay. */
export async function retireSource(database: Database, uid: string): Promise<void> {
  await inTransaction(database, async (client) => {
    await client.query('update source set retired_at = now() where uid = $1 and retired_at is null', [uid]);
    await client.query(`notify ${ROUTES_CHANNEL}`);
  });
}

export interface NamedSource {
  readonly id: number;
  readonly uid: string;
  /** It was torn down; its events are still there. */
  readonly retired: boolean;
}

/** The live source of that name, else the one of that name that was torn down last. */
export async function findSource(database: Database, name: string): Promise<NamedSource | undefined> {
  const { rows } = await database.pool.query<NamedSource>(
    `select id, uid, retired_at is not null as retired from source where name = $1
     order by retired_at desc nulls first limit 1`,
    [name],
  );
  return rows[0];
}

/** As {@link findSource}. @throws CodedError `CAEP_SOURCE_UNKNOWN` when there never was one of that name */
export async function requireSource(database: Database, name: string): Promise<NamedSource> {
  const source = await findSource(database, name);
  if (source === undefined) throw codedError('CAEP_SOURCE_UNKNOWN', { name });
  return source;
}
