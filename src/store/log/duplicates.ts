/** Second arrivals: counted, and kept with their bodies when they may be other events. */
import { kindOfCode } from '../../domain/events/kinds.js';
import { type Arrival, judgeSecondArrival, type NoPlace } from './arrival.js';
import { type Database, inTransaction } from '../connection/database.js';
import { isPlaceFor, recordArrivalException } from '../exceptions/heldOnArrival.js';
import type { TakenEvent } from './takenEvent.js';

interface FirstArrival {
  readonly n: number;
  readonly partition: number;
  readonly first_arrival_at: Date;
  readonly body_mac: Buffer;
  readonly stable_mac: Buffer;
  readonly visitor_mac: Buffer | null;
}

// Locked in the order of their ids: two flushes that meet the same duplicates do not lock each other out.
const COUNT = `
with arrived as (
  select n, substr($2::bytea, n * 32 - 31, 32) as event_id, at
    from unnest($3::timestamptz[]) with ordinality as t (at, ordinal), lateral (select ordinal::int as n) o
), locked as (
  select e.event_id from event_id e
   where e.source_id = $1::smallint and e.event_id in (select event_id from arrived)
   order by e.event_id for update
), counted as (
  update event_id e
     set arrivals = e.arrivals + a.times, last_arrival_at = greatest(e.last_arrival_at, a.at)
    from (select event_id, count(*)::int as times, max(at) as at from arrived group by event_id) a
   where e.source_id = $1::smallint and e.event_id = a.event_id and e.event_id in (select event_id from locked)
  returning e.event_id, e.partition, e.logged_at, e.body_mac, e.stable_mac, e.visitor_mac
)
select a.n, c.partition, c.logged_at as first_arrival_at, c.body_mac, c.stable_mac, c.visitor_mac
  from arrived a join counted c using (event_id) order by a.n`;

/** @returns what each event is, in their order */
export async function judgeDuplicates(
  database: Database,
  sourceId: number,
  events: readonly TakenEvent[],
  maxHeldBytes?: number,
): Promise<(Arrival | NoPlace)[]> {
  return inTransaction(database, async (client) => {
    const { rows } = await client.query<FirstArrival>(COUNT, [
      sourceId,
      Buffer.concat(events.map(({ eventId }) => eventId)),
      events.map(({ receivedAtMs }) => new Date(receivedAtMs)),
    ]);
    if (rows.length !== events.length) throw new Error('an event id has vanished from the table of ids');
    const arrivals: (Arrival | NoPlace)[] = [];
    for (const [index, first] of rows.entries()) {
      const event = events[index] as TakenEvent;
      const arrival = judge(event, first);
      if (arrival !== 'conflict') {
        arrivals.push(arrival);
        continue;
      }
      if (!(await isPlaceFor(client, { ...event, sourceId }, maxHeldBytes))) {
        arrivals.push('no-place');
        continue;
      }
      arrivals.push(arrival);
      await recordArrivalException(client, sourceId, first.partition, 'conflict', event, [
        `same id as the event of ${first.first_arrival_at.toISOString()}`,
        whyConflict(event, first),
      ]);
    }
    return arrivals;
  });
}

function whyConflict(event: TakenEvent, first: FirstArrival): string {
  if (!event.stableMac.equals(first.stable_mac)) return 'different content';
  return isOfOther(event, first) ? 'same content, another visitor' : 'same content, more than an hour later';
}

/** Where either is not known, it tells nothing. */
function isOfOther({ visitorMac }: TakenEvent, { visitor_mac: first }: FirstArrival): boolean {
  return visitorMac !== undefined && first !== null && !visitorMac.equals(first);
}

function judge(event: TakenEvent, first: FirstArrival): Arrival {
  const kind = kindOfCode(event.kind);
  if (kind === undefined) throw new Error(`no kind has the code ${event.kind}`);
  return judgeSecondArrival({
    kind,
    sameBody: event.bodyMac.equals(first.body_mac),
    sameContent: event.stableMac.equals(first.stable_mac),
    otherVisitor: isOfOther(event, first),
    sinceFirstMs: event.receivedAtMs - first.first_arrival_at.getTime(),
  });
}
