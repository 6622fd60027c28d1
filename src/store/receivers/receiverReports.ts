/** What receivers last said of themselves. */
import type { NearMissView, ReceiverView } from '../../domain/events/shownEvents.js';
import type { Kind } from '../../domain/events/kinds.js';
import { type ClockDifference, differenceOver } from '../../domain/clocks.js';
import type { Database } from '../connection/database.js';

export async function readReceivers(database: Database): Promise<ReceiverView[]> {
  const { rows } = await database.pool.query<Row>(
    `select receiver_id, started_at, reported_at, spool_depth,
       details -> 'clock' as clock, (details ->> 'unreadable')::int as unreadable, (details ->> 'vanished')::int as vanished,
       case when to_timestamp((details -> 'refused' ->> 'lastAtMs')::float8 / 1000) > clock_timestamp() - interval '1 day'
         then (details -> 'refused' ->> 'connections')::int end as refused,
       (extract(epoch from clock_timestamp() - reported_at) * 1000)::float8 as silent_for_ms
     from receiver_report where not (details @> '{"ended": true}' and spool_depth = 0) order by receiver_id limit 100`,
  );
  return rows.map((row) => ({
    id: row.receiver_id,
    startedAt: row.started_at.toISOString(),
    reportedAt: row.reported_at.toISOString(),
    silentForMs: Math.max(0, Math.round(row.silent_for_ms)),
    spooled: row.spool_depth,
    ...troublesOf(row),
    ...(row.clock === null ? {} : { clock: row.clock }),
  }));
}

/** By widget and kind, of all receivers that have reported within a day. */
export async function readNearMisses(database: Database, sourceId: number): Promise<NearMissView[]> {
  const { rows } = await database.pool.query<{ widget: string; kind: Kind; count: number; last_at_ms: number }>(
    `select miss->>'widget' as widget, miss->>'kind' as kind, sum((miss->>'count')::int)::float8 as count,
       max((miss->>'lastAtMs')::float8) as last_at_ms
     from receiver_report cross join jsonb_array_elements(coalesce(details->'nearMisses', '[]')) as miss
     where reported_at > clock_timestamp() - interval '1 day' and (miss->>'sourceId')::int = $1
     group by 1, 2 order by 1, 2`,
    [sourceId],
  );
  return rows.map(({ last_at_ms: lastAtMs, ...row }) => ({ ...row, lastAt: new Date(lastAtMs).toISOString() }));
}

/** As Chatlio reaches them: what the receiver that has reported last was told, of those that were told. */
export async function readPublicUrl(database: Database): Promise<string | undefined> {
  const { rows } = await database.pool.query<{ url: string }>(
    `select details->>'publicUrl' as url from receiver_report
     where details->>'publicUrl' is not null order by reported_at desc limit 1`,
  );
  return rows[0]?.url;
}

/** Only what there is: a spool without damage says nothing of it. */
function troublesOf({
  unreadable,
  vanished,
  refused,
}: Row): Pick<ReceiverView, 'unreadable' | 'vanished' | 'refusedConnections'> {
  return {
    ...(unreadable ? { unreadable } : {}),
    ...(vanished ? { vanished } : {}),
    ...(refused ? { refusedConnections: refused } : {}),
  };
}

/** What a receiver says of itself every few seconds; `details` beside what was said before. */
export interface ReceiverReport {
  readonly receiverId: string;
  readonly startedAt: Date;
  readonly spooled: number;
  readonly details: Readonly<Record<string, unknown>>;
}

/** @returns the database's clock compared with this process's */
export async function noteReceiver(database: Database, report: ReceiverReport): Promise<ClockDifference> {
  const sentAtMs = Date.now();
  const { rows } = await database.pool.query<{ at_ms: number }>(
    `insert into receiver_report (receiver_id, started_at, reported_at, spool_depth, details)
     values ($1, $2, clock_timestamp(), $3, $4)
     on conflict (receiver_id) do update
       set started_at = excluded.started_at, reported_at = excluded.reported_at,
           spool_depth = excluded.spool_depth, details = receiver_report.details || excluded.details
     returning (extract(epoch from reported_at) * 1000)::float8 as at_ms`,
    [report.receiverId, report.startedAt, report.spooled, JSON.stringify(report.details)],
  );
  const takenAtMs = rows[0]?.at_ms ?? sentAtMs;
  return differenceOver({ sentAtMs, takenAtMs, givenAtMs: takenAtMs, receivedAtMs: Date.now() });
}

/**
 * Everything that was answered before it, by the database's clock, is in `intake_journal`, unless entries were dropped.
 *
 * @param agoMs measured by the receiver's own clock, which may differ from the database's
 */
export async function noteJournalled(database: Database, receiverId: string, agoMs: number): Promise<void> {
  await database.pool.query(
    `update receiver_report set details = details || jsonb_build_object('journalledUntil',
       clock_timestamp() - $2::float8 * interval '1 millisecond') where receiver_id = $1`,
    [receiverId, agoMs],
  );
}

/** Of one that is gone: what it had spooled is with another receiver now, and its journal is copied. */
export async function endReceiver(database: Database, receiverId: string): Promise<void> {
  await database.pool.query(
    `update receiver_report set spool_depth = 0, details = details || '{"spooled": {}, "unreadable": 0, "ended": true}'
     where receiver_id = $1`,
    [receiverId],
  );
}

interface Row {
  readonly receiver_id: string;
  readonly started_at: Date;
  readonly reported_at: Date;
  readonly spool_depth: number;
  readonly unreadable: number | null;
  readonly vanished: number | null;
  readonly refused: number | null;
  readonly silent_for_ms: number;
  readonly clock: ClockDifference | null;
}
