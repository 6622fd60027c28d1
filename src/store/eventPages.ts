/** The log as people watch it: the newest events, or those after a position, with where each stands. */
import { restoreWindow, type SequenceState, stateOf, type Window } from '../domain/cursor.js';
import type { ExceptionReason } from '../domain/exceptions.js';
import type { ExceptionState } from '../domain/heldEvents.js';
import { kindOfCode } from '../domain/kinds.js';
import type { EventPage, LogPosition, PassingEvent } from '../domain/passingEvents.js';
import type { Database } from './database.js';

export interface EventPageRequest {
  readonly sourceId: number;
  /** Absent: the newest events. A partition that is not in it is read from its start. */
  readonly after?: LogPosition;
  readonly since?: Date;
  readonly limit: number;
}

interface Head {
  readonly partition: number;
  readonly last_seq: number;
  readonly cursor: number | null;
  readonly intended: number;
  readonly decided: Buffer;
  readonly withdrawn: Buffer;
}

interface Row {
  readonly partition: number;
  readonly seq: number;
  readonly kind: number;
  readonly event_id: string;
  readonly logged_at: Date;
  readonly occurred_at: Date;
  readonly reason: ExceptionReason | null;
  readonly state: ExceptionState | null;
  readonly resolution: string | null;
}

/** In the order of the log's time. */
export async function pageOfEvents(database: Database, request: EventPageRequest): Promise<EventPage> {
  const { sourceId, after, since, limit } = request;
  // Read first: what is inserted meanwhile is of the next page.
  const { rows: heads } = await database.pool.query<Head>(
    `select partition, last_seq, cursor_seq as cursor, intended_seq as intended, decided, withdrawn
     from partition_head left join partition_cursor using (source_id, partition)
     where source_id = $1 order by partition`,
    [sourceId],
  );
  const newest = after === undefined ? 'desc' : 'asc';
  const { rows } = await database.pool.query<Row>(
    `select b.*, x.reason, x.state, x.resolution
     from unnest($2::smallint[], $3::bigint[], $4::bigint[]) as h (partition, after_seq, last_seq)
     cross join lateral (
       select partition, seq, kind, encode(event_id, 'hex') as event_id, logged_at, occurred_at from event_body e
       where e.source_id = $1 and e.partition = h.partition and e.seq > h.after_seq and e.seq <= h.last_seq
         and e.logged_at >= $5
       order by e.seq ${newest} limit $6
     ) b
     left join lateral (
       select reason, state, resolution from exception e
       where e.source_id = $1 and e.event_id = decode(b.event_id, 'hex') and e.seq = b.seq order by id desc limit 1
     ) x on true
     order by b.logged_at ${newest}, b.partition, b.seq ${newest} limit $6`,
    [
      sourceId,
      heads.map(({ partition }) => partition),
      heads.map(({ partition }) => after?.[partition] ?? 0),
      heads.map(({ last_seq }) => last_seq),
      since ?? '-infinity',
      limit,
    ],
  );
  if (after === undefined) rows.reverse();
  const windows = new Map(heads.map((head) => [head.partition, windowOf(head)]));
  return {
    v: 1,
    events: rows.map((row) => passingEvent(row, windows.get(row.partition))),
    position: positionAfter(heads, rows, after, limit),
  };
}

/** The bodies of events as they are stored, in their order; undefined for one that is not kept any more. */
export async function sealedBodies(
  database: Database,
  sourceId: number,
  events: readonly PassingEvent[],
): Promise<(Buffer | undefined)[]> {
  const { rows } = await database.pool.query<{ sealed: Buffer | null }>(
    `select b.sealed from unnest($2::smallint[], $3::bigint[], $4::timestamptz[]) with ordinality as e (partition, seq, logged_at, n)
     left join event_body b
       on b.source_id = $1 and b.partition = e.partition and b.seq = e.seq and b.logged_at = e.logged_at
     order by n`,
    [
      sourceId,
      events.map(({ partition }) => partition),
      events.map(({ seq }) => seq),
      events.map(({ loggedAt }) => loggedAt),
    ],
  );
  return rows.map(({ sealed }) => sealed ?? undefined);
}

/** A full page may have left out events of any partition: of each, go on after what was shown. */
function positionAfter(
  heads: readonly Head[],
  rows: readonly Row[],
  after: LogPosition | undefined,
  limit: number,
): LogPosition {
  const isFull = after !== undefined && rows.length === limit;
  return Object.fromEntries(
    heads.map(({ partition, last_seq }) => {
      if (!isFull) return [partition, last_seq];
      const shown = rows.filter((row) => row.partition === partition).map(({ seq }) => seq);
      return [partition, Math.max(after[partition] ?? 0, ...shown)];
    }),
  );
}

function windowOf({ cursor, intended, decided, withdrawn }: Head): Window | undefined {
  return cursor === null ? undefined : restoreWindow({ cursor, intended, decided, withdrawn });
}

function passingEvent(row: Row, window: Window | undefined): PassingEvent {
  return {
    eventId: row.event_id,
    kind: kindOfCode(row.kind),
    loggedAt: row.logged_at.toISOString(),
    occurredAt: row.occurred_at.toISOString(),
    partition: row.partition,
    seq: row.seq,
    ...(row.state === null
      ? { state: STATES_IN_LOG[window === undefined ? 'ahead' : stateOf(window, row.seq)] }
      : stateOfException(row)),
  };
}

const STATES_IN_LOG: Readonly<Record<SequenceState, PassingEvent['state']>> = {
  passed: 'accepted',
  decided: 'accepted',
  undecided: 'sending',
  withdrawn: 'waiting',
  ahead: 'waiting',
};

function stateOfException({ state, reason, resolution }: Row): Pick<PassingEvent, 'state' | 'reason'> {
  if (state === 'resolved') return { state: resolution === 'delivered' ? 'accepted' : 'abandoned' };
  return { state: state ?? 'held', reason: reason ?? undefined };
}
