/** Second arrivals that were taken for copies of the first and differ from it: counted by kind and by the names of the fields, never with a value. */
import { KIND_FACTS, type Kind, kindOfCode } from '../../domain/events/kinds.js';
import type { DifferingCopiesView } from '../../domain/events/shownEvents.js';
import type { Database } from '../connection/database.js';
import { bodyOf } from './bodies.js';

/** Of a source: whoever can post its webhooks chooses names. */
const MAX_NAMES = 200;
/** Of a kind. */
const SHOWN = 8;

/** One copy. Names beyond the bound are left out; it is counted all the same. */
export async function noteDifferingCopy(
  database: Database,
  sourceId: number,
  kind: Kind,
  names: readonly string[],
): Promise<void> {
  await database.pool.query(
    `with given as (
       select name, place from unnest($3::text[]) with ordinality as t (name, place)
     ), room as (
       select ${MAX_NAMES} - count(*) as left_over from differing_field where source_id = $1
     ), fresh as (
       select g.*, row_number() over (order by place) as number from given g
       where not exists (select from differing_field d where d.source_id = $1 and d.kind = $2 and d.name = g.name)
     ), named as (
       insert into differing_field as d (source_id, kind, name, copies, last_at)
       select $1, $2, name, 1, clock_timestamp() from given g
       where not exists (select from fresh f, room where f.place = g.place and f.number > left_over)
       order by name
       on conflict (source_id, kind, name) do update set copies = d.copies + 1, last_at = excluded.last_at
     )
     insert into differing_copy as c (source_id, kind, copies, last_at) values ($1, $2, 1, clock_timestamp())
     on conflict (source_id, kind) do update set copies = c.copies + 1, last_at = excluded.last_at`,
    [sourceId, KIND_FACTS[kind].code, names],
  );
}

/** Kinds of which one came in the last 30 days, the most frequent first, each with its most frequent fields. */
export async function readDifferingCopies(database: Database, sourceId: number): Promise<DifferingCopiesView[]> {
  const { rows } = await database.pool.query<CopiesRow>(
    `select c.kind, c.copies::float8 as copies, c.last_at, coalesce(f.fields, '[]') as fields
     from differing_copy c left join lateral (
       select jsonb_agg(jsonb_build_object('name', name, 'copies', copies) order by copies desc, name) as fields
       from (
         select name, copies from differing_field d
         where d.source_id = c.source_id and d.kind = c.kind and d.last_at > clock_timestamp() - interval '30 days'
         order by copies desc, name limit ${SHOWN}
       ) most
     ) f on true
     where c.source_id = $1 and c.last_at > clock_timestamp() - interval '30 days'
     order by c.copies desc, c.kind`,
    [sourceId],
  );
  return rows.flatMap(({ kind: code, copies, last_at: lastAt, fields }) => {
    const kind = kindOfCode(code);
    return kind === undefined ? [] : [{ kind, copies, lastAt: lastAt.toISOString(), fields }];
  });
}

interface CopiesRow {
  readonly kind: number;
  readonly copies: number;
  readonly last_at: Date;
  readonly fields: DifferingCopiesView['fields'];
}

/**
 * The body of an event as the log has it.
 *
 * @returns undefined when it is not there any more, or longer
 */
export async function readFirstBody(
  database: Database,
  { sourceId, eventId, maxBytes }: { readonly sourceId: number; readonly eventId: Buffer; readonly maxBytes: number },
): Promise<{ readonly sealed: Buffer; readonly form: number } | undefined> {
  const { rows } = await database.pool.query<{ sealed: Buffer | null; form: number }>(
    `select ${bodyOf('b')} as sealed, b.form
     from event_id i join event_body b
       on b.source_id = i.source_id and b.partition = i.partition and b.seq = i.seq and b.logged_at = i.logged_at
     where i.source_id = $1 and i.event_id = $2 and octet_length(b.sealed) <= $3`,
    [sourceId, eventId, maxBytes],
  );
  const row = rows[0];
  return row === undefined || row.sealed === null ? undefined : { sealed: row.sealed, form: row.form };
}
