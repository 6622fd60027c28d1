/** The receivers' journals in PostgreSQL: what was taken, apart from the event log. */
import { JOURNAL_KEPT_DAYS } from '../../domain/audit.js';
import type { Database } from '../connection/database.js';

export interface JournalStretch {
  readonly receiverId: string;
  readonly file: string;
  readonly start: number;
  readonly end: number;
  /** Undefined: these bytes could not be read. */
  readonly entries?: Buffer;
}

/** @returns false when the stretch before it is not there: it is not copied then, for that would leave a gap */
export async function copyStretch(database: Database, stretch: JournalStretch): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `insert into intake_journal (receiver_id, file, start_byte, end_byte, entries)
     select $1::text, $2::text, $3::bigint, $4::bigint, $5::bytea
      where $3::bigint = 0
         or exists (select from intake_journal where receiver_id = $1 and file = $2 and end_byte = $3::bigint)
     on conflict do nothing`,
    [stretch.receiverId, stretch.file, stretch.start, stretch.end, stretch.entries ?? null],
  );
  return rowCount === 1;
}

/** The last stretch of a file that is copied. */
export type LastStretch = Pick<JournalStretch, 'file' | 'start' | 'end'>;

export async function lastStretches(database: Database, receiverId: string): Promise<LastStretch[]> {
  const { rows } = await database.pool.query<LastStretch>(
    `select file, max(start_byte) as start, max(end_byte) as end from intake_journal
      where receiver_id = $1 group by file`,
    [receiverId],
  );
  return rows;
}

/** Whether all of them are still there: not, when the database was set back. */
export async function areCopied(
  database: Database,
  receiverId: string,
  stretches: readonly LastStretch[],
): Promise<boolean> {
  const { rows } = await database.pool.query<{ found: number }>(
    `select count(*) as found from unnest($2::text[], $3::bigint[], $4::bigint[]) s (file, start_byte, end_byte)
       join intake_journal j using (file, start_byte, end_byte) where j.receiver_id = $1`,
    [
      receiverId,
      stretches.map(({ file }) => file),
      stretches.map(({ start }) => start),
      stretches.map(({ end }) => end),
    ],
  );
  return rows[0]?.found === stretches.length;
}

export async function forgetOldJournals(database: Database): Promise<void> {
  await database.pool.query(`delete from intake_journal where copied_at < now() - $1 * interval '1 day'`, [
    JOURNAL_KEPT_DAYS,
  ]);
}
