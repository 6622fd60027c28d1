/** Lets go of bodies that nobody needs any more: whole days at a time. Ids stay for ever. */
import { type Database, inTransaction } from '../connection/database.js';
import { UNCONFIRMED } from '../exceptions/confirmation.js';

/** A lock on the log that is not granted at once would hold up inserts behind it; tomorrow is early enough. */
const LOCK_TIMEOUT = '2s';
const DAY_TABLE = /^event_body_(\d{4})(\d{2})(\d{2})$/;

/**
 * Drops the days of which every event is confirmed in the lake or decided by a person, and old enough by its source's
 * `delivery.retention`. Of sources that may not read the lake, and of those that were torn down, `accepted` is all that
 * can be known: their bodies go by age. What no time partition was made for stays.
 *
 * @returns the tables that went, oldest first
 */
export async function dropOldBodies(database: Database): Promise<string[]> {
  const { rows } = await database.pool.query<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'event_body'::regclass order by c.relname`,
  );
  const dropped: string[] = [];
  for (const { name } of rows) {
    const day = dayOf(name);
    if (day === undefined || (await isNeeded(database, name, day))) continue;
    if (await dropDay(database, day)) dropped.push(name);
  }
  return dropped;
}

function dayOf(table: string): string | undefined {
  const match = DAY_TABLE.exec(table);
  return match === null ? undefined : `${match[1]}-${match[2]}-${match[3]}`;
}

/** Rows are found from the end of each log partition, by the key: a day of any size is judged in milliseconds. */
async function isNeeded(database: Database, table: string, day: string): Promise<boolean> {
  const { rows } = await database.pool.query<{ needed: boolean }>(
    `select day + interval '1 day' > clock_timestamp() or exists (
       select from partition_head h join source s on s.id = h.source_id
         left join partition_cursor c using (source_id, partition)
         left join partition_audit a using (source_id, partition)
         cross join lateral (
           select seq from ${table} b where b.source_id = h.source_id and b.partition = h.partition
           order by seq desc limit 1
         ) last
         cross join lateral (
           select s.retired_at is not null or coalesce(s.lake_state = 'refused', false) as by_age
         ) rule
       where day + interval '1 day'
             + coalesce((s.delivery ->> 'retentionMs')::float8, 0) * interval '1 millisecond' > clock_timestamp()
         or coalesce(c.cursor_seq, 0) < last.seq
         or (not by_age and coalesce(a.audited_seq, 0) < last.seq)
         or exists (
           select from exception e
           where e.source_id = h.source_id and e.partition = h.partition
             and e.logged_at >= day and e.logged_at < day + interval '1 day'
             and (e.state <> 'resolved' or (not by_age and ${UNCONFIRMED})))
     ) as needed
     from (select $1::timestamptz) as asked (day)`,
    [`${day} 00:00:00+00`],
  );
  return rows[0]?.needed ?? true;
}

/** PostgreSQL, appendix A: lock_not_available. */
const LOCK_NOT_AVAILABLE = '55P03';

async function dropDay(database: Database, day: string): Promise<boolean> {
  try {
    await inTransaction(database, async (client) => {
      await client.query(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
      await client.query('select drop_body_day($1)', [day]);
    });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
    return false;
  }
}
