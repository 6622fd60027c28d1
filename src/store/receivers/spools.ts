/** What of a source's events the receivers may still have on their disks, by what they say and by what their journals name. */
import type { MissingEntries, SpoolReport } from '../../domain/source/teardown.js';
import type { Database } from '../connection/database.js';

/** A receiver hears at once that a route has ended; what it was answering then is on its disk or in the log after that. */
const HEARD_AFTER_MS = 3_000;
/** Named of each receiver. */
const NAMED = 50;

/** One that has ended with an empty spool has nothing to say any more. */
export async function readSpools(database: Database, sourceId: number, revokedAt: Date): Promise<SpoolReport[]> {
  const { rows } = await database.pool.query<SpoolReport>(
    `select receiver_id as id, ${spooledOf('$1')} as spooled,
       greatest(0, extract(epoch from clock_timestamp() - reported_at) * 1000)::float8 as "silentForMs",
       reported_at > $2::timestamptz + $3::float8 * interval '1 millisecond' as "isLater"
     from receiver_report where not (details @> '{"ended": true}' and spool_depth = 0) order by receiver_id`,
    [String(sourceId), revokedAt, HEARD_AFTER_MS],
  );
  return rows;
}

/** Of the source; a receiver of before 0.1.1 tells them of all sources together. */
const spooledOf = (source: string): string =>
  `coalesce(case when details ? 'spooled' then (details -> 'spooled' ->> ${source}::text)::int else spool_depth::int end, 0)`;

/** An entry's form: see `audit/journal.ts`. */
export async function readMissing(
  database: Database,
  sourceId: number,
  receivers: readonly string[],
): Promise<MissingEntries[]> {
  const { rows } = await database.pool.query<MissingEntries>(
    `with missing as (
       select distinct j.receiver_id, substr(e.entry, 1, 32) as event_id
       from intake_journal j
         cross join generate_series(0, length(j.entries) / 42 - 1) n
         cross join lateral (select substr(j.entries, 42 * n + 1, 42) as entry) e
       where j.receiver_id = any ($2) and get_byte(e.entry, 32) * 256 + get_byte(e.entry, 33) = $1::int
         and not exists (select from event_id i where i.source_id = $1::int and i.event_id = substr(e.entry, 1, 32))
     )
     select given.receiver, coalesce((select ${spooledOf('$3')} from receiver_report where receiver_id = given.receiver), 0) as spooled,
       (select count(*) from missing m where m.receiver_id = given.receiver) as known,
       coalesce((select jsonb_agg(encode(event_id, 'hex')) from (
         select event_id from missing m where m.receiver_id = given.receiver order by event_id limit ${NAMED}) first), '[]') as events
     from unnest($2::text[]) with ordinality as given (receiver, place) order by place`,
    [sourceId, receivers, String(sourceId)],
  );
  return rows;
}
