/** The receivers' journals in PostgreSQL: what was taken, apart from the event log. */
import type { Database } from './database.js';

export interface JournalStretch {
  readonly receiverId: string;
  readonly file: string;
  readonly start: number;
  readonly end: number;
  /** Undefined: these bytes could not be read. */
  readonly entries?: Buffer;
}

const RETENTION_DAYS = 35;

export async function copyStretch(database: Database, stretch: JournalStretch): Promise<void> {
  await database.pool.query(
    `insert into intake_journal (receiver_id, file, start_byte, end_byte, entries) values ($1, $2, $3, $4, $5)
     on conflict do nothing`,
    [stretch.receiverId, stretch.file, stretch.start, stretch.end, stretch.entries ?? null],
  );
}

/** How far each file of a receiver is copied. */
export async function copiedUntil(database: Database, receiverId: string): Promise<Map<string, number>> {
  const { rows } = await database.pool.query<{ file: string; end_byte: number }>(
    'select file, max(end_byte) as end_byte from intake_journal where receiver_id = $1 group by file',
    [receiverId],
  );
  return new Map(rows.map(({ file, end_byte: end }) => [file, end]));
}

export async function forgetOldJournals(database: Database): Promise<void> {
  await database.pool.query(`delete from intake_journal where copied_at < now() - $1 * interval '1 day'`, [
    RETENTION_DAYS,
  ]);
}

/** The ids that receivers have taken for the source $1, ascending, each once: for a cursor. */
export const JOURNALLED_IDS = `
select distinct substr(entry, 1, 32) as event_id
  from intake_journal j
  cross join generate_series(0, length(j.entries) / 42 - 1) n
  cross join lateral (select substr(j.entries, 42 * n + 1, 42) as entry) e
 where get_byte(entry, 32) * 256 + get_byte(entry, 33) = $1
 order by 1`;

/** Files that are not there in full: `receiver_id`, `file` (its name begins with the hour, UTC). */
export const UNREADABLE_JOURNALS = `
select distinct receiver_id, file
  from (select receiver_id, file, entries, start_byte,
               lag(end_byte, 1, 0::bigint) over (partition by receiver_id, file order by start_byte) as previous_end
          from intake_journal) stretches
 where entries is null or start_byte <> previous_end
 order by 1, 2`;
