/** The receivers' journals in PostgreSQL: what was taken, apart from the event log. */
import { JOURNAL_KEPT_DAYS } from '../domain/audit.js';
import type { Database } from './database.js';

export interface JournalStretch {
  readonly receiverId: string;
  readonly file: string;
  readonly start: number;
  readonly end: number;
  /** Undefined: these bytes could not be read. */
  readonly entries?: Buffer;
}

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
    JOURNAL_KEPT_DAYS,
  ]);
}
