/** For a receiver that still has what the log has lost: sees that it was set back, and puts events again. */
import { type Database, inTransaction } from '../connection/database.js';
import { loggedEvent, openingSql } from '../exceptions/writing.js';
import { appendFresh } from '../log/eventLog.js';
import type { TakenEvent } from '../log/takenEvent.js';

/** Changes whenever another server, or the same one started again, answers: only then the log can have been set back. */
export async function readServerSince(database: Database): Promise<string> {
  const { rows } = await database.pool.query<{ since: string }>('select pg_postmaster_start_time()::text as since');
  return rows[0]?.since ?? '';
}

interface Kept {
  readonly sourceId: number;
  readonly event: Pick<TakenEvent, 'eventId' | 'bodyMac' | 'visitorMac'> & Partial<Pick<TakenEvent, 'stableMac'>>;
}

/** @returns their places among those given, counted from 0: neither they nor another rendering of them is in the log */
export async function findLost(database: Database, kept: readonly Kept[]): Promise<number[]> {
  const { rows } = await database.pool.query<{ place: number }>(
    `select (n - 1)::int as place
       from unnest($1::smallint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[]) with ordinality
         as k (source_id, event_id, body_mac, stable_mac, visitor_mac, n)
      where not exists (select from event_id e where e.source_id = k.source_id and e.event_id = k.event_id
                           and (e.body_mac = k.body_mac or e.stable_mac = k.stable_mac
                                and coalesce(e.visitor_mac = k.visitor_mac, true)))
        and not exists (select from exception x where x.source_id = k.source_id and x.event_id = k.event_id
                           and x.body_mac = k.body_mac)
      order by n`,
    [
      kept.map(({ sourceId }) => sourceId),
      kept.map(({ event }) => event.eventId),
      kept.map(({ event }) => event.bodyMac),
      kept.map(({ event }) => event.stableMac ?? event.bodyMac),
      kept.map(({ event }) => event.visitorMac ?? null),
    ],
  );
  return rows.map(({ place }) => place);
}

/**
 * Puts events into the log that it had once. They may have been sent then: each is an exception of unknown outcome from the
 * moment it is there, looked for in the lake, and no drain sends it as a first attempt.
 *
 * @returns how many the log did not have
 */
export async function putAgain(
  database: Database,
  sourceId: number,
  partition: number,
  events: readonly TakenEvent[],
): Promise<number> {
  return inTransaction(database, async (client) => {
    const fresh = await appendFresh(client, sourceId, partition, events);
    const ids = events.filter((_event, index) => fresh.has(index + 1)).map(({ eventId }) => eventId);
    await client.query(
      openingSql('perhaps-sent', {
        event: loggedEvent('b'),
        fact: `'the database had lost the event, and a receiver has put it back: it may have been sent before'`,
        attemptAt: 'clock_timestamp()',
        from: `event_id i join event_body b using (source_id, partition, seq, logged_at)
               where i.source_id = $1 and i.event_id = any ($2)`,
      }),
      [sourceId, ids],
    );
    return ids.length;
  });
}
