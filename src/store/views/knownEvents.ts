/** Events by their ids: which of some are a source's own, which of them are among its exceptions, and where one stands. */
import { type Kind, kindOfCode } from '../../domain/events/kinds.js';
import type { ExceptionReason } from '../../domain/exceptions/exceptions.js';
import type { ExceptionState } from '../../domain/exceptions/heldEvents.js';
import type { EventDetails } from '../../domain/events/shownEvents.js';
import type { Database } from '../connection/database.js';
import { EXCEPTION_COLUMNS, type ExceptionColumns, readHeads, standingOf } from './eventStates.js';

export interface KnownEvent {
  /** Absent for one of a later release. */
  readonly kind?: Kind;
  /** The newest. */
  readonly exception?: { readonly id: number; readonly reason: ExceptionReason; readonly state: ExceptionState };
}

/** By id, lower case hex; ids that the source never had are left out. */
export async function findKnownEvents(
  { pool }: Database,
  sourceId: number,
  eventIds: readonly string[],
): Promise<ReadonlyMap<string, KnownEvent>> {
  const { rows } = await pool.query<{
    event_id: string;
    kind: number;
    id: number | null;
    reason: ExceptionReason;
    state: ExceptionState;
  }>(
    `select encode(sought.event_id, 'hex') as event_id, coalesce(i.kind, x.kind) as kind, x.id, x.reason, x.state
     from unnest($2::bytea[]) sought (event_id)
       left join event_id i on i.source_id = $1 and i.event_id = sought.event_id
       left join lateral (
         select e.id, e.kind, e.reason, e.state from exception e
         where e.source_id = $1 and e.event_id = sought.event_id order by e.id desc limit 1
       ) x on true
     where i.kind is not null or x.id is not null`,
    [sourceId, eventIds.map((id) => Buffer.from(id, 'hex'))],
  );
  return new Map(
    rows.map(({ event_id: eventId, kind, id, reason, state }) => [
      eventId,
      { kind: kindOfCode(kind), ...(id === null ? {} : { exception: { id, reason, state } }) },
    ]),
  );
}

const ID_DIGITS = 64;

/** @param start of an event id, hexadecimal @returns two at most: whether there is one, and whether it is the only one */
export async function findEvents(
  database: Database,
  sourceId: number,
  start: string,
): Promise<Omit<EventDetails, 'v' | 'receipts' | 'exceptions'>[]> {
  const windows = new Map((await readHeads(database, sourceId)).map(({ partition, window }) => [partition, window]));
  const { rows } = await database.pool.query<EventRow & ExceptionColumns>(
    `select encode(sought.event_id, 'hex') as event_id, coalesce(i.kind, x.kind) as kind,
       coalesce(i.partition, x.partition) as partition, coalesce(i.seq, 0) as seq, coalesce(i.arrivals, x.arrivals) as arrivals,
       coalesce(i.logged_at, x.created_at) as first_at, coalesce(i.last_arrival_at, x.last_arrival_at) as last_at,
       x.exception_id, x.reason, x.state, x.next_action, x.resolution, x.decision
     from (
       (select event_id from event_id where source_id = $1 and event_id between $2 and $3 limit 2)
       union
       (select event_id from exception where source_id = $1 and event_id between $2 and $3 limit 2)
     ) sought
       left join event_id i on i.source_id = $1 and i.event_id = sought.event_id
       left join lateral (
         select ${EXCEPTION_COLUMNS}, kind, partition, arrivals, created_at, last_arrival_at from exception e
         where e.source_id = $1 and e.event_id = sought.event_id and (coalesce(i.seq, 0) = 0 or e.seq = i.seq)
         order by e.id desc limit 1
       ) x on true
     order by 1 limit 2`,
    [sourceId, idOf(start.padEnd(ID_DIGITS, '0')), idOf(start.padEnd(ID_DIGITS, 'f'))],
  );
  return rows.map((row) => ({
    eventId: row.event_id,
    kind: kindOfCode(row.kind),
    partition: row.partition,
    seq: row.seq,
    state: standingOf(row.seq, windows.get(row.partition), row).state,
    arrivals: row.arrivals,
    firstArrivalAt: row.first_at.toISOString(),
    lastArrivalAt: row.last_at.toISOString(),
  }));
}

interface EventRow {
  readonly event_id: string;
  readonly kind: number;
  readonly partition: number;
  readonly seq: number;
  readonly arrivals: number;
  readonly first_at: Date;
  readonly last_at: Date;
}

function idOf(digits: string): Buffer {
  return Buffer.from(digits, 'hex');
}
