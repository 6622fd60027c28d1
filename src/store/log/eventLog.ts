/**
 * The writing side of the event log.
 *
 * One statement per partition and flush. It takes the partition's row lock first and holds it to the commit, so that the order
 * of commits is the order of sequence numbers: whoever has read up to a number has missed nothing below it. Numbers may have
 * gaps (a duplicate uses one up).
 */
import type { ClientBase } from 'pg';
import type { Arrival, NoPlace } from './arrival.js';
import type { Database } from '../connection/database.js';
import { judgeDuplicates } from './duplicates.js';
import { holdOnArrival, type HeldEvent } from '../exceptions/heldOnArrival.js';
import { MAX_HELD_BYTES } from '../exceptions/heldPlace.js';
import { WAKE_CHANNEL } from '../connection/listen.js';
import type { TakenEvent } from './takenEvent.js';

export interface EventLog {
  /**
   * Commits the events that are new, counts the others. When it resolves, each of them is durable; when it rejects, any of
   * them may be, and appending them again does no harm.
   *
   * @returns what became of each event, in their order
   */
  append(
    sourceId: number,
    partition: number,
    events: readonly TakenEvent[],
    how?: HowTaken,
  ): Promise<readonly (Arrival | NoPlace)[]>;
  /** Commits an event that the log cannot carry, for a person to decide about. */
  hold(sourceId: number, partition: number, event: HeldEvent, how?: HowTaken): Promise<Arrival | NoPlace>;
}

interface HowTaken {
  /** It was answered with 2xx already: kept, whatever place it takes. */
  readonly acknowledged: true;
}

/**
 * How far the database's clock may be ahead of ours. Times of the log never go back: one that jumped for a moment would
 * else be the time of every later event until it is reached.
 */
const CLOCKS_APART_MS = 3_600_000;

/** Stands for the MAC of an event that has none. */
const NO_VISITOR = Buffer.alloc(16);
const NO_VISITOR_TEXT = `\\x${NO_VISITOR.toString('hex')}`;

// Ids, MACs and bodies travel as one binary parameter each: arrays of bytea would be sent as text, at twice the size.
const APPEND = `
with head as (
  update partition_head
     set last_seq = last_seq + cardinality($3::smallint[]),
         last_logged_at = greatest(last_logged_at, least(clock_timestamp(), 'epoch'::timestamptz + $10::float8 * interval '1 millisecond')),
         wake_seq = case when idle then last_seq + cardinality($3::smallint[]) else wake_seq end,
         idle = false
   where source_id = $1::smallint and partition = $2::smallint
  returning last_seq - cardinality($3::smallint[]) as base, last_logged_at as logged_at, wake_seq = last_seq as woken
), arrived as (
  select * from unnest($3::smallint[], $4::bigint[], $5::int[], $6::int[], $11::smallint[])
    with ordinality as t (kind, occurred_ms, body_start, body_length, form, n)
), fresh as (
  insert into event_id
    (source_id, partition, kind, seq, logged_at, last_arrival_at, event_id, body_mac, stable_mac, visitor_mac)
  select $1::smallint, $2::smallint, kind, base + n, logged_at, logged_at,
         substr($7::bytea, (n::int - 1) * 32 + 1, 32),
         substr($8::bytea, (n::int - 1) * 32 + 1, 16), substr($8::bytea, (n::int - 1) * 32 + 17, 16),
         nullif(substr($12::bytea, (n::int - 1) * 16 + 1, 16), '${NO_VISITOR_TEXT}'::bytea)
    from head cross join arrived
  on conflict (source_id, event_id) do nothing
  returning seq
), bodies as (
  insert into event_body (source_id, partition, form, kind, seq, logged_at, occurred_at, event_id, sealed)
  select $1::smallint, $2::smallint, form, kind, seq, logged_at,
         'epoch'::timestamptz + occurred_ms * interval '1 millisecond',
         substr($7::bytea, (n::int - 1) * 32 + 1, 32), substr($9::bytea, body_start, body_length)
    from head cross join arrived join fresh on seq = base + n
)
select (select array_agg((seq - base)::int) from fresh) as fresh,
       case when woken then pg_notify('${WAKE_CHANNEL}', $1::text || '/' || $2::text) end
  from head`;

/**
 * Events of one partition at a time, any number of them; ids of 32 bytes, MACs of 16, times in ms since the epoch, bodies sealed.
 *
 * @param options.maxHeldBytes of what the log cannot carry, for each URL; beyond it an event has `no-place`
 * @throws what the database throws; `databaseFault` makes of it `CAEP_DATABASE_UNREACHABLE`, `CAEP_DATABASE_FULL` and others
 * @example
 * const log = createEventLog(database);
 * const [arrival] = await log.append(sourceId, 0, [event]);
 * if (arrival === 'logged' || arrival === 'redelivered') response.writeHead(204).end();
 */
export function createEventLog(database: Database, { maxHeldBytes = MAX_HELD_BYTES } = {}): EventLog {
  const maxBytes = (how: HowTaken | undefined) => (how?.acknowledged === true ? undefined : maxHeldBytes);
  return {
    async append(sourceId, partition, events, how) {
      const fresh = await appendFresh(database.pool, sourceId, partition, events);
      const arrivals: (Arrival | NoPlace)[] = Array.from({ length: events.length }, () => 'logged');
      if (fresh.size === events.length) return arrivals;

      const duplicates = events.flatMap((event, index) => (fresh.has(index + 1) ? [] : [{ event, index }]));
      const judged = await judgeDuplicates(
        database,
        sourceId,
        duplicates.map(({ event }) => event),
        maxBytes(how),
      );
      for (const [position, { index }] of duplicates.entries()) arrivals[index] = judged[position] ?? 'redelivered';
      return arrivals;
    },
    hold: (sourceId, partition, event, how) => holdOnArrival(database, sourceId, partition, event, maxBytes(how)),
  };
}

/**
 * Appends those events whose ids were never taken, on a connection of the caller's, so that it can be part of a transaction.
 *
 * @returns their places among the events, counted from 1
 */
export async function appendFresh(
  connection: Pick<ClientBase, 'query'>,
  sourceId: number,
  partition: number,
  events: readonly TakenEvent[],
): Promise<ReadonlySet<number>> {
  const { rows } = await connection.query<{ fresh: number[] | null }>({
    name: 'event-log-append',
    text: APPEND,
    values: appendParameters(sourceId, partition, events),
  });
  const row = rows[0];
  if (row === undefined) throw noPartition(sourceId, partition);
  return new Set(row.fresh);
}

function appendParameters(sourceId: number, partition: number, events: readonly TakenEvent[]): unknown[] {
  let bodyStart = 1;
  const starts = events.map(({ sealed }) => {
    bodyStart += sealed.length;
    return bodyStart - sealed.length;
  });
  return [
    sourceId,
    partition,
    `{${events.map(({ kind }) => kind).join()}}`,
    `{${events.map(({ occurredAtMs }) => occurredAtMs).join()}}`,
    `{${starts.join()}}`,
    `{${events.map(({ sealed }) => sealed.length).join()}}`,
    Buffer.concat(events.map(({ eventId }) => eventId)),
    Buffer.concat(events.flatMap(({ bodyMac, stableMac }) => [bodyMac, stableMac])),
    Buffer.concat(events.map(({ sealed }) => sealed)),
    Date.now() + CLOCKS_APART_MS,
    `{${events.map(({ form = 0 }) => form).join()}}`,
    events.every(({ visitorMac }) => visitorMac === undefined)
      ? null
      : Buffer.concat(events.map(({ visitorMac = NO_VISITOR }) => visitorMac)),
  ];
}

/** With SQLSTATE 02000 (no data), so that nobody takes it for an outage. */
function noPartition(sourceId: number, partition: number): Error {
  return Object.assign(new Error(`source ${sourceId} has no partition ${partition}`), { code: '02000' });
}
