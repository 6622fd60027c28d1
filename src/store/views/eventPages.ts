/** Events as people watch them: the newest, or those after a position, of the log and held on arrival, with where each stands. */
import { kindOfCode } from '../../domain/events/kinds.js';
import type { EventPage, LogPosition, ShownEvent } from '../../domain/events/shownEvents.js';
import type { Database } from '../connection/database.js';
import { bodyOf } from '../bodies/bodies.js';
import { EXCEPTION_COLUMNS, type ExceptionColumns, type Head, readHeads, standingOf } from './eventStates.js';

export interface EventPageRequest {
  readonly sourceId: number;
  /** Absent: the newest events. A partition that is not in it is read from its start. */
  readonly after?: LogPosition;
  readonly since?: Date;
  readonly limit: number;
}

interface Row extends ExceptionColumns {
  readonly partition: number;
  readonly seq: number;
  readonly kind: number;
  readonly event_id: string;
  readonly logged_at: Date;
  readonly occurred_at: Date;
}

/** Where a position keeps the number of the last held arrival. */
const HELD = 'held';

/** In the order of their arrival. */
export async function pageOfEvents(database: Database, request: EventPageRequest): Promise<EventPage> {
  const { sourceId, after, limit } = request;
  // Read first: what is inserted meanwhile is of the next page.
  const heads = await readHeads(database, sourceId);
  const lastHeld = await readLastHeld(database, sourceId);
  // One more tells whether the limit has left something out.
  const wanted = limit + 1;
  const rows = [
    ...(await readLogged(database, request, heads, wanted)),
    ...(await readHeld(database, request, lastHeld, wanted)),
  ].sort((a, b) => a.logged_at.getTime() - b.logged_at.getTime() || a.partition - b.partition || a.seq - b.seq);
  const isCut = rows.length > limit;
  const shown = after === undefined ? rows.slice(-limit) : rows.slice(0, limit);
  const windows = new Map(heads.map(({ partition, window }) => [partition, window]));
  return {
    v: 1,
    events: shown.map((row) => shownEvent(row, windows.get(row.partition))),
    position: after !== undefined && isCut ? positionAfter(heads, after, shown) : { ...endOf(heads), [HELD]: lastHeld },
    ...(after === undefined && isCut ? { older: true } : {}),
  };
}

async function readLastHeld({ pool }: Database, sourceId: number): Promise<number> {
  const { rows } = await pool.query<{ last: number | null }>(
    'select max(id) as last from exception where source_id = $1 and body_mac is not null',
    [sourceId],
  );
  return rows[0]?.last ?? 0;
}

async function readLogged(
  { pool }: Database,
  { sourceId, after, since }: EventPageRequest,
  heads: readonly Head[],
  limit: number,
): Promise<Row[]> {
  const order = after === undefined ? 'desc' : 'asc';
  const { rows } = await pool.query<Row>(
    `select b.*, x.*
     from unnest($2::smallint[], $3::bigint[], $4::bigint[]) as h (partition, after_seq, last_seq)
     cross join lateral (
       select partition, seq, kind, encode(event_id, 'hex') as event_id, logged_at, occurred_at from event_body e
       where e.source_id = $1 and e.partition = h.partition and e.seq > h.after_seq and e.seq <= h.last_seq
         and e.logged_at >= $5
       order by e.seq ${order} limit $6
     ) b
     left join lateral (
       select ${EXCEPTION_COLUMNS} from exception e
       where e.source_id = $1 and e.partition = b.partition and e.seq = b.seq order by id desc limit 1
     ) x on true
     order by b.logged_at ${order}, b.partition, b.seq ${order} limit $6`,
    [
      sourceId,
      heads.map(({ partition }) => partition),
      heads.map(({ partition }) => after?.[partition] ?? 0),
      heads.map(({ last_seq }) => last_seq),
      since ?? '-infinity',
      limit,
    ],
  );
  return rows;
}

/** Unreadable, too large, or in conflict with an event of the same id: each an event of its own. */
async function readHeld(
  { pool }: Database,
  { sourceId, after, since }: EventPageRequest,
  lastHeld: number,
  limit: number,
): Promise<Row[]> {
  const order = after === undefined ? 'desc' : 'asc';
  const { rows } = await pool.query<Row>(
    `select partition, 0::bigint as seq, kind, encode(event_id, 'hex') as event_id, created_at as logged_at,
       coalesce(occurred_at, created_at) as occurred_at, ${EXCEPTION_COLUMNS}
     from exception where source_id = $1 and body_mac is not null and id > $2 and id <= $3 and created_at >= $4
     order by id ${order} limit $5`,
    [sourceId, after === undefined ? 0 : (after[HELD] ?? lastHeld), lastHeld, since ?? '-infinity', limit],
  );
  return rows;
}

/** The bodies of events as they are stored, in their order; undefined for one that is not kept any more. */
export async function sealedBodies(
  database: Database,
  sourceId: number,
  events: readonly Pick<ShownEvent, 'partition' | 'seq' | 'loggedAt' | 'exceptionId'>[],
): Promise<(Buffer | undefined)[]> {
  const { rows } = await database.pool.query<{ sealed: Buffer | null }>(
    `select coalesce(${bodyOf('b')}, x.sealed) as sealed
     from unnest($2::smallint[], $3::bigint[], $4::timestamptz[], $5::bigint[])
       with ordinality as e (partition, seq, logged_at, exception_id, n)
     left join event_body b
       on b.source_id = $1 and b.partition = e.partition and b.seq = e.seq and b.logged_at = e.logged_at
     left join exception x on e.seq = 0 and x.source_id = $1 and x.id = e.exception_id
     order by n`,
    [
      sourceId,
      events.map(({ partition }) => partition),
      events.map(({ seq }) => seq),
      events.map(({ loggedAt }) => loggedAt),
      events.map(({ exceptionId }) => exceptionId ?? null),
    ],
  );
  return rows.map(({ sealed }) => sealed ?? undefined);
}

function endOf(heads: readonly Head[]): LogPosition {
  return Object.fromEntries(heads.map(({ partition, last_seq }) => [partition, last_seq]));
}

/** A full page may have left out events of any partition: of each, go on after what was shown. */
function positionAfter(heads: readonly Head[], after: LogPosition, shown: readonly Row[]): LogPosition {
  const last = (numbers: readonly number[], before: number | undefined) => Math.max(before ?? 0, ...numbers);
  const logged = heads.map(({ partition }) => {
    const seqs = shown.filter((row) => row.seq > 0 && row.partition === partition).map(({ seq }) => seq);
    return [partition, last(seqs, after[partition])] as const;
  });
  const held = shown.filter(({ seq }) => seq === 0).map(({ exception_id }) => exception_id ?? 0);
  return { ...Object.fromEntries(logged), [HELD]: last(held, after[HELD]) };
}

function shownEvent(row: Row, window: Head['window']): ShownEvent {
  const { seq, partition, exception_id: exceptionId } = row;
  return {
    eventId: row.event_id,
    kind: kindOfCode(row.kind),
    loggedAt: row.logged_at.toISOString(),
    occurredAt: row.occurred_at.toISOString(),
    partition,
    seq,
    ...standingOf(seq, window, row),
    // It is nowhere else, also when it is done with.
    ...(seq === 0 && exceptionId !== null ? { exceptionId } : {}),
  };
}
