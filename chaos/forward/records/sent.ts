/**
 * What each request that the inlet has accepted contained, by our own SQL in the lake's database: the paths of its attributes, and
 * whether the marker is in it. The simulator itself forgets a body when it has made a row of it.
 */
import { MARKER } from '../load/webhooks.js';
import type { MappingVersion } from '../platform.js';
import { withDatabase } from '../../stack/database.js';

/** A request that the inlet has accepted. */
export interface Sent {
  readonly eventId: string;
  /** That the flow used at that time. */
  readonly mapping: MappingVersion;
  /** Of every value that is not null: `message`, `messages[*].text`. */
  readonly paths: readonly string[];
  readonly isMarked: boolean;
}

const NOTE = `
  create schema if not exists chaos;
  create table if not exists chaos.shape (id text primary key, paths text[] not null);
  create table if not exists chaos.sent (
    sequence bigint primary key, event_id text, mapping_id text, mapping_version integer,
    shape text not null, is_marked boolean not null
  );
  create or replace function chaos.paths_of(record jsonb) returns text[] language sql as $$
    with recursive node (path, value) as (
      select key, value from jsonb_each(case jsonb_typeof(record) when 'object' then record else '{"(no object)": 1}' end)
      union all
      select node.path || below.step, below.value from node, lateral (
        select '.' || key as step, value
        from jsonb_each(case jsonb_typeof(node.value) when 'object' then node.value else '{}' end)
        union all
        select '[*]', value
        from jsonb_array_elements(case jsonb_typeof(node.value) when 'array' then node.value else '[]' end)
      ) below
    )
    select coalesce(array_agg(distinct path order by path), '{}') from node
    where jsonb_typeof(value) not in ('object', 'array', 'null')
  $$;
  create or replace function chaos.note_sent() returns trigger language plpgsql as $$
  declare
    paths text[];
    shape text;
  begin
    begin
      paths := chaos.paths_of(new.body::jsonb);
    exception when others then
      paths := array['(unreadable: ' || sqlerrm || ')'];
    end;
    shape := md5(paths::text);
    insert into chaos.shape values (shape, paths) on conflict do nothing;
    insert into chaos.sent values (new.sequence, new.event_id, new.mapping_id, new.mapping_version, shape,
      strpos(new.body, '${MARKER}') > 0);
    return null;
  end $$;
  create or replace trigger noted after insert on sim.pending for each row execute function chaos.note_sent()`;

/** Before the first request. @param lakeUrl of the sandbox's database, which the simulator has made */
export function noteWhatIsSent(lakeUrl: string): Promise<void> {
  return withDatabase(lakeUrl, async (client) => void (await client.query(NOTE)));
}

export function readSent(lakeUrl: string): Promise<Sent[]> {
  return withDatabase(lakeUrl, async (client) => {
    const shapes = await client.query<{ id: string; paths: string[] }>('select id, paths from chaos.shape');
    const pathsOf = new Map(shapes.rows.map(({ id, paths }) => [id, paths]));
    const { rows } = await client.query<{
      event_id: string | null;
      mapping_id: string | null;
      mapping_version: number | null;
      shape: string;
      is_marked: boolean;
    }>('select event_id, mapping_id, mapping_version, shape, is_marked from chaos.sent order by sequence');
    return rows.map((row) => ({
      eventId: row.event_id ?? '(without id)',
      mapping: { id: row.mapping_id ?? '', version: row.mapping_version ?? 0 },
      paths: pathsOf.get(row.shape) ?? [],
      isMarked: row.is_marked,
    }));
  });
}

/** @returns ids of events of which the marker has come to a dataset, or to what Adobe keeps of a record that failed */
export function readMarkedRows(lakeUrl: string): Promise<string[]> {
  return withDatabase(lakeUrl, async (client) => {
    const tables = await client.query<{ table_name: string }>('select table_name from sim.dataset_table');
    const found: string[] = [];
    for (const { table_name: table } of tables.rows) {
      const marked = await client.query<{ id: string }>(
        `select _id as id from public.${client.escapeIdentifier(table)} t where strpos(to_jsonb(t)::text, $1) > 0`,
        [MARKER],
      );
      found.push(...marked.rows.map(({ id }) => id));
    }
    const failed = await client.query<{ id: string | null }>(
      'select event_id as id from sim.failed_record where strpos(line, $1) > 0',
      [MARKER],
    );
    return [...found, ...failed.rows.map(({ id }) => id ?? '(without id)')];
  });
}
