/** Fields that events of a source have and its mapping does not read: counted as events are sent, by name alone. */
import { KIND_FACTS, type Kind, kindOfCode } from '../../domain/events/kinds.js';
import type { UnmappedFieldView } from '../../domain/events/shownEvents.js';
import type { Database } from '../connection/database.js';

/** Of a source: whoever can post its webhooks chooses names. */
const MAX_NAMES = 200;
const SHOWN = 20;

export interface UnmappedField {
  readonly kind: Kind;
  /** As a mapping writes it. */
  readonly name: string;
  readonly events: number;
}

/** Adds to what was counted before; names beyond the bound are left out. */
export async function noteUnmappedFields(
  database: Database,
  sourceId: number,
  fields: readonly UnmappedField[],
): Promise<void> {
  if (fields.length === 0) return;
  await database.pool.query(
    `with given as (
       select * from unnest($2::smallint[], $3::text[], $4::bigint[]) with ordinality as t (kind, name, events, place)
     ), room as (
       select ${MAX_NAMES} - count(*) as left_over from unmapped_field where source_id = $1
     ), fresh as (
       select g.*, row_number() over (order by place) as number from given g
       where not exists (select from unmapped_field u where u.source_id = $1 and u.kind = g.kind and u.name = g.name)
     )
     insert into unmapped_field as u (source_id, kind, name, events, last_at)
     select $1, kind, name, events, clock_timestamp() from given g
     where not exists (select from fresh f, room where f.place = g.place and f.number > left_over)
     on conflict (source_id, kind, name) do update set events = u.events + excluded.events, last_at = excluded.last_at`,
    [
      sourceId,
      fields.map(({ kind }) => KIND_FACTS[kind].code),
      fields.map(({ name }) => name),
      fields.map(({ events }) => events),
    ],
  );
}

/** Those of the last 30 days, the most frequent first. */
export async function readUnmappedFields(database: Database, sourceId: number): Promise<UnmappedFieldView[]> {
  const { rows } = await database.pool.query<{ kind: number; name: string; events: number; last_at: Date }>(
    `select kind, name, events::float8 as events, last_at from unmapped_field
     where source_id = $1 and last_at > clock_timestamp() - interval '30 days'
     order by events desc, name limit ${SHOWN}`,
    [sourceId],
  );
  return rows.flatMap(({ kind: code, name, events, last_at: lastAt }) => {
    const kind = kindOfCode(code);
    return kind === undefined ? [] : [{ kind, name, events, lastAt: lastAt.toISOString() }];
  });
}

/** Sources that are not torn down, with the names that the last 30 days brought. */
export async function listUnmappedFields(
  database: Database,
): Promise<{ readonly source: string; readonly names: readonly string[] }[]> {
  const { rows } = await database.pool.query<{ source: string; names: string[] }>(
    `select s.name as source, array_agg(distinct u.name order by u.name) as names
     from unmapped_field u join source s on s.id = u.source_id
     where s.retired_at is null and u.last_at > clock_timestamp() - interval '30 days'
     group by s.name order by s.name`,
  );
  return rows;
}
