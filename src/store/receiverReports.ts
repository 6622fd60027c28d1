/** What receivers last said of themselves. */
import type { NearMissView, ReceiverView } from '../domain/passingEvents.js';
import type { Kind } from '../domain/kinds.js';
import type { Database } from './database.js';

export async function readReceivers(database: Database): Promise<ReceiverView[]> {
  const { rows } = await database.pool.query<Row>(
    `select receiver_id, started_at, reported_at, spool_depth,
       (details ->> 'unreadable')::int as unreadable, (details ->> 'vanished')::int as vanished,
       (extract(epoch from clock_timestamp() - reported_at) * 1000)::float8 as silent_for_ms
     from receiver_report where not (details @> '{"ended": true}' and spool_depth = 0) order by receiver_id limit 100`,
  );
  return rows.map((row) => ({
    id: row.receiver_id,
    startedAt: row.started_at.toISOString(),
    reportedAt: row.reported_at.toISOString(),
    silentForMs: Math.max(0, Math.round(row.silent_for_ms)),
    spooled: row.spool_depth,
    ...damageOf(row),
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
function damageOf({ unreadable, vanished }: Row): Pick<ReceiverView, 'unreadable' | 'vanished'> {
  return { ...(unreadable ? { unreadable } : {}), ...(vanished ? { vanished } : {}) };
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
  readonly silent_for_ms: number;
}
