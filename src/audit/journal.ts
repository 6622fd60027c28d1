/** What receivers answered with 2xx, by their own journals: kept apart from the event log, so that a loss there shows. */
import { JOURNAL_KEPT_DAYS } from '../domain/audit.js';
import type { AuditedPeriod, Connection } from './log.js';
import type { Identified } from './merge.js';

const PAGE = 5_000;
const HOUR_MS = 3_600_000;

export interface JournalledId extends Identified {
  /** Each of its arrivals went to a spool. */
  readonly isOnlySpooled: boolean;
}

/**
 * Ids that were taken in the period, each once, ascending.
 *
 * An entry has 42 bytes: event id (32), source (2), kind (1), arrival (1, spooled is 6), taken at in milliseconds (6),
 * big-endian. A file's name begins with its hour in UTC.
 */
export async function* journalledIds(
  snapshot: Connection,
  { sourceId, since, until }: AuditedPeriod,
): AsyncGenerator<JournalledId> {
  await snapshot.query(
    `declare journalled no scroll cursor for
      select encode(substr(entry, 1, 32), 'hex') as id, bool_and(get_byte(entry, 35) = 6) as "isOnlySpooled"
      from intake_journal j
      cross join generate_series(0, length(j.entries) / 42 - 1) n
      cross join lateral (select substr(j.entries, 42 * n + 1, 42) as entry) e
      where file >= $4 and get_byte(entry, 32) * 256 + get_byte(entry, 33) = $1
        and ('x0000' || encode(substr(entry, 37, 6), 'hex'))::bit(64)::bigint between $2 and $3
      group by 1 order by 1`,
    [sourceId, since.getTime(), until.getTime() - 1, hourOf(since)],
  );
  for (;;) {
    const { rows } = await snapshot.query<JournalledId>(`fetch ${PAGE} from journalled`);
    yield* rows;
    if (rows.length < PAGE) break;
  }
  await snapshot.query('close journalled');
}

function fullHourAfter(timeMs: number): Date {
  return new Date(Math.ceil(timeMs / HOUR_MS) * HOUR_MS);
}

/** `20261121T10` */
function hourOf(time: Date): string {
  return time.toISOString().slice(0, 13).replaceAll('-', '');
}

export interface JournalState {
  /** No receiver has ever written one: the log stands in for it. */
  readonly isThere: boolean;
  /** Of the source, at all receivers: taken, and not in the log yet. */
  readonly spooled: number;
  /** Receivers and hours that could not be read in full, and from when on there are journals. */
  readonly notKnown: readonly string[];
}

/** A receiver reports every few seconds; one that has not for longer may hold what nobody has read. */
const SILENCE_MS = 60_000;

export async function readJournalState(
  connection: Connection,
  { sourceId, since }: AuditedPeriod,
  now: Date,
): Promise<JournalState> {
  const keptFrom = fullHourAfter(now.getTime() - JOURNAL_KEPT_DAYS * 24 * HOUR_MS);
  const receivers = await connection.query<ReceiverRow>(
    `select receiver_id, journalled_until, (details ->> 'journalDropped')::float8 as dropped,
       coalesce(case when details ? 'spooled' then (details -> 'spooled' ->> $1)::bigint else spool_depth end, 0) as spooled,
       (extract(epoch from clock_timestamp() - journalled_until) * 1000)::float8 as silent_ms,
       details @> '{"ended": true}' and spool_depth = 0 as has_ended,
       coalesce((details ->> 'unreadable')::int, 0) as unreadable, coalesce((details ->> 'vanished')::int, 0) as vanished
     from receiver_report, coalesce((details ->> 'journalledUntil')::timestamptz, started_at) as journalled_until
     order by receiver_id`,
    [String(sourceId)],
  );
  const holes = await connection.query<HoleRow>(HOLES, [hourOf(since < keptFrom ? keptFrom : since)]);
  const any = await connection.query('select from intake_journal limit 1');
  return {
    isThere: any.rowCount === 1,
    spooled: receivers.rows.reduce((sum, { spooled }) => sum + spooled, 0),
    notKnown: [
      ...(any.rowCount === 1 && since < keptFrom
        ? [
            `journals are kept for ${JOURNAL_KEPT_DAYS} days: the loss of an event that was answered before ${keptFrom.toISOString()} would not be noticed`,
          ]
        : []),
      ...receivers.rows.flatMap(({ receiver_id, dropped, silent_ms, journalled_until, spooled, ...one }) => [
        ...(silent_ms > SILENCE_MS && !one.has_ended
          ? [
              `the receiver ${receiver_id} has not reported its journal since ${journalled_until.toISOString()}: it is not known what it has taken since${spooled === 0 ? '' : `, and ${spooled} of its events were waiting on its disk then`}`,
            ]
          : []),
        ...(one.unreadable > 0
          ? [
              `${one.unreadable} places in the spool files of the receiver ${receiver_id} are damaged: it is not known which events were there; the damaged files are kept`,
            ]
          : []),
        ...(one.vanished > 0
          ? [
              `${one.vanished} events disappeared from the disk of the receiver ${receiver_id} before they were in the event log`,
            ]
          : []),
        ...((dropped ?? 0) > 0
          ? [`${dropped} entries could not be written to the journal of the receiver ${receiver_id}`]
          : []),
      ]),
      ...holes.rows.map(
        ({ receiver_id, hours }) =>
          `the journal of the receiver ${receiver_id} for ${hours.map((hour) => `${hour}:00Z`).join(' to ')} could not be read in full`,
      ),
    ],
  };
}

/** Hours of files that are not there in full, from the hour $1 on: a stretch is missing, or a whole file between two others. */
const HOLES = `
with file as (
  select receiver_id, file, split_part(file, '-', 1) as hour, split_part(file, '-', 2)::bigint as number,
         bool_or(entries_missing or start_byte <> previous_end) as is_torn
    from (select receiver_id, file, start_byte, entries is null as entries_missing,
                 lag(end_byte, 1, 0::bigint) over (partition by receiver_id, file order by start_byte) as previous_end
            from intake_journal) stretches
   group by receiver_id, file
), numbered as (
  select *, lag(number) over numbers as previous_number, lag(hour) over numbers as previous_hour
    from file window numbers as (partition by receiver_id order by number, file)
)
select distinct receiver_id, hours from numbered, lateral (
  select array[hour] as hours where is_torn
  union all
  select case when hour = previous_hour then array[hour] else array[previous_hour, hour] end
   where number > previous_number + 1
) holes
 where hour >= $1 order by 1, 2 limit 100`;

interface HoleRow {
  readonly receiver_id: string;
  /** One, or the first and the last. */
  readonly hours: readonly string[];
}

interface ReceiverRow {
  readonly receiver_id: string;
  readonly journalled_until: Date;
  readonly spooled: number;
  readonly dropped: number | null;
  readonly silent_ms: number;
  readonly has_ended: boolean;
  readonly unreadable: number;
  readonly vanished: number;
}
