/** What receivers answered with 2xx, by their own journals: kept apart from the event log, so that a loss there shows. */
import type { Connection, Window } from './log.js';
import type { Identified } from './merge.js';

const PAGE = 5_000;

/**
 * Ids that were taken in the window, each once, ascending.
 *
 * An entry has 42 bytes: event id (32), source (2), kind (1), arrival (1), taken at in milliseconds (6), big-endian. A
 * file's name begins with its hour in UTC.
 */
export async function* journalledIds(
  snapshot: Connection,
  { sourceId, since, until }: Window,
): AsyncGenerator<Identified> {
  await snapshot.query(
    `declare journalled no scroll cursor for
      select distinct encode(substr(entry, 1, 32), 'hex') as id
      from intake_journal j
      cross join generate_series(0, length(j.entries) / 42 - 1) n
      cross join lateral (select substr(j.entries, 42 * n + 1, 42) as entry) e
      where file >= $4 and get_byte(entry, 32) * 256 + get_byte(entry, 33) = $1
        and ('x0000' || encode(substr(entry, 37, 6), 'hex'))::bit(64)::bigint between $2 and $3
      order by 1`,
    [sourceId, since.getTime(), until.getTime() - 1, hourOf(since)],
  );
  for (;;) {
    const { rows } = await snapshot.query<Identified>(`fetch ${PAGE} from journalled`);
    yield* rows;
    if (rows.length < PAGE) break;
  }
  await snapshot.query('close journalled');
}

/** `20261121T10` */
function hourOf(time: Date): string {
  return time.toISOString().slice(0, 13).replaceAll('-', '');
}

export interface JournalState {
  /** No receiver has ever written one: the log stands in for it. */
  readonly isThere: boolean;
  /** Of all receivers: taken, and not in the log yet. */
  readonly spooled: number;
  /** Receivers and hours that could not be read in full. */
  readonly notKnown: readonly string[];
}

/** A receiver reports every few seconds; one that has not for longer may hold what nobody has read. */
const SILENCE_MS = 60_000;

export async function readJournalState(connection: Connection): Promise<JournalState> {
  const receivers = await connection.query<ReceiverRow>(
    `select receiver_id, spool_depth, reported_at, (details ->> 'journalDropped')::float8 as dropped,
       (extract(epoch from clock_timestamp() - reported_at) * 1000)::float8 as silent_ms
     from receiver_report order by receiver_id`,
  );
  const torn = await connection.query<{ receiver_id: string; file: string }>(
    `select distinct receiver_id, file from (
       select *, lag(end_byte, 1, 0::bigint) over (partition by receiver_id, file order by start_byte) as previous_end
       from intake_journal
     ) stretches where entries is null or start_byte <> previous_end order by 1, 2 limit 100`,
  );
  const any = await connection.query('select from intake_journal limit 1');
  return {
    isThere: any.rowCount === 1,
    spooled: receivers.rows.reduce((sum, { spool_depth }) => sum + spool_depth, 0),
    notKnown: [
      ...receivers.rows.flatMap(({ receiver_id, dropped, silent_ms, reported_at }) => [
        ...(silent_ms > SILENCE_MS
          ? [
              `the receiver ${receiver_id} has not reported since ${reported_at.toISOString()}: what it has taken since is not known`,
            ]
          : []),
        ...((dropped ?? 0) > 0
          ? [`${dropped} entries found no room in the journal of the receiver ${receiver_id}`]
          : []),
      ]),
      ...torn.rows.map(
        ({ receiver_id, file }) =>
          `the journal of the receiver ${receiver_id} for ${file.slice(0, 11)}:00Z could not be read in full`,
      ),
    ],
  };
}

interface ReceiverRow {
  readonly receiver_id: string;
  readonly spool_depth: number;
  readonly reported_at: Date;
  readonly dropped: number | null;
  readonly silent_ms: number;
}
