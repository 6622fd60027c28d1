/**
 * The one statement of delivery: records every outcome since the last flush, moves the cursor, renews the lease, and
 * writes the intents of the next events, the last only while the gate is open.
 *
 * One row is rewritten and one transaction committed per flush, however many events it covers.
 */
import { KIND_FACTS } from '../../domain/events/kinds.js';
import type { ExceptionReason } from '../../domain/exceptions/exceptions.js';
import { countUndecided, type CursorWindow, stateOf } from '../../domain/delivery/cursor.js';
import type { Holding, LoggedAt } from './claim.js';
import { readCursor } from './claim.js';
import type { Database } from '../connection/database.js';
import { loggedEvent, openingSql } from '../exceptions/writing.js';
import type { LogEvent } from '../bodies/bodies.js';

export interface Flush extends Holding {
  /** One more than that of the flush before; 1 for the first of a fence. */
  readonly number: number;
  readonly leaseMs: number;
  /** Of the server that was asked for the events: what was read from one before may not be what this one has. */
  readonly serverSince: string;
  /** With all outcomes recorded. */
  readonly recorded: CursorWindow;
  /** The same with the wanted intents. */
  readonly intended: CursorWindow;
  /** Of an event at or before the cursor. */
  readonly cursorLoggedAt: LoggedAt;
  readonly accepted: number;
  readonly receipts: readonly ReceiptLine[];
  readonly exceptions: readonly NewException[];
}

export interface ReceiptLine {
  readonly seq: number;
  readonly xactionId: string;
  readonly receivedTimeMs: number;
}

export interface NewException {
  readonly event: LogEvent;
  readonly reason: Extract<ExceptionReason, 'in-flight' | 'unknown' | 'refused' | 'too-large' | 'unreadable'>;
  /** What is known, for people: never chat text. */
  readonly fact: string;
  /** Of `in-flight`: how long an answer may still come. */
  readonly answerWithinMs?: number;
}

export type FlushAnswer =
  | {
      readonly held: true;
      /** Whether the intents were written. */
      readonly granted: boolean;
      readonly handoverAsked: boolean;
      /** The gate's, when it is known. */
      readonly epoch?: number;
      /** Nothing that was read before is to be relied on, and no intent was written. */
      readonly serverChanged: boolean;
    }
  /** Another drain has taken the fence: nothing was written. `setBack`: the database does not know what it has committed. */
  | { readonly held: false; readonly setBack?: boolean };

/** @returns undefined when the row was not as expected: {@link findFlush} tells why */
export async function flush(database: Database, request: Flush): Promise<FlushAnswer | undefined> {
  const { rows } = await database.pool.query<FlushRow>({
    name: request.exceptions.length === 0 ? 'flush' : 'flush-exceptions',
    text: request.exceptions.length === 0 ? FLUSH : FLUSH_WITH_EXCEPTIONS,
    values:
      request.exceptions.length === 0 ? flushValues(request) : [...flushValues(request), ...exceptionValues(request)],
  });
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    held: true,
    granted: row.granted,
    handoverAsked: row.handover_asked,
    epoch: row.epoch,
    serverChanged: row.server_changed,
  };
}

interface FlushRow {
  readonly granted: boolean;
  readonly handover_asked: boolean;
  readonly epoch: number;
  readonly server_changed: boolean;
}

/**
 * What became of a flush whose answer was lost.
 *
 * @returns undefined when it has not happened and may be made again
 */
export async function findFlush(database: Database, request: Flush): Promise<FlushAnswer | undefined> {
  const row = await readCursor(database, request);
  if (row === undefined) return { held: false, setBack: true };
  if (row.fence > request.fence) return { held: false };
  // Behind its own fence: what was committed is gone, and with it whatever else is not in these columns.
  const isKnown = row.fence === request.fence && row.claimId === request.claimId;
  if (!isKnown || row.flushNumber < request.number - 1) return { held: false, setBack: true };
  if (row.flushNumber !== request.number) return undefined;
  const granted =
    row.window.intended === request.intended.intended &&
    countUndecided(row.window) === countUndecided(request.intended) &&
    stateOf(row.window, request.intended.cursor) === 'passed';
  const serverChanged = row.serverSince !== request.serverSince;
  return { held: true, granted, handoverAsked: row.handoverAsked, serverChanged };
}

// statement_timestamp() is one value for the whole statement, so that each part of the row decides alike. The gate is
// read at the moment its lock is granted: FOR SHARE answers the newest version of the row, not the snapshot's.
const SAME_SERVER = 'pg_postmaster_start_time() = $22::timestamptz';
const GRANTED = `g.passable and coalesce(c.claim_epoch, g.epoch) = g.epoch and c.lease_until > statement_timestamp() and ${SAME_SERVER}`;
const UPDATE_CURSOR = `
  with gate_now as (
    select epoch, open and coalesce(opens_at <= clock_timestamp(), true) as passable
    from gate where source_id = $1::smallint for share
  ), flushed as (
    update partition_cursor c set
      flush_number = $4::bigint,
      lease_ms = $5::int,
      lease_until = clock_timestamp() + $5::int * interval '1 millisecond',
      cursor_logged_at = $6::timestamptz,
      accepted_count = accepted_count + $7::int,
      last_accepted_at = case when $7::int > 0 then clock_timestamp() else last_accepted_at end,
      cursor_seq = case when ${GRANTED} then $13::bigint else $8::bigint end,
      intended_seq = case when ${GRANTED} then $14::bigint else $9::bigint end,
      decided = case when ${GRANTED} then $15::bytea else $10::bytea end,
      withdrawn = case when ${GRANTED} then $16::bytea else $11::bytea end,
      undecided = case when ${GRANTED} then $17::int else $12::int end,
      intended_epoch = case when ${GRANTED} then g.epoch else intended_epoch end,
      intended_at = case when ${GRANTED} then statement_timestamp() else intended_at end
    from gate_now g
    where c.source_id = $1::smallint and c.partition = $2::smallint and c.fence = $3::bigint
      and c.claim_id = $21::uuid and c.flush_number = $4::bigint - 1
    returning intended_at is not distinct from statement_timestamp() as granted, handover_asked, g.epoch,
      not ${SAME_SERVER} as server_changed, c.claim_epoch
  ), receipts as (
    insert into receipt (source_id, partition, first_seq, last_seq, lines)
    select $1::smallint, $2::smallint, $18::bigint, $19::bigint, $20::text from flushed where $20::text <> ''
  )`;

const FLUSH = `${UPDATE_CURSOR} select * from flushed`;

/** Of the first attempts that this flush is about, under the drain's own fence. */
const FIRST_ATTEMPT = {
  event: { ...loggedEvent('e'), sourceId: '$1::smallint', partition: '$2::smallint', occurredAt: undefined },
  fact: 'e.fact',
  attemptFence: '$3::bigint',
  attemptEpoch: 'e.claim_epoch',
  attemptAt: 'clock_timestamp()',
} as const;
const SLOW = openingSql('slow', {
  ...FIRST_ATTEMPT,
  given: { due: `clock_timestamp() + e.within * interval '1 millisecond'` },
  from: `e where e.origin = 'slow'`,
});
const UNANSWERED = openingSql('unanswered', { ...FIRST_ATTEMPT, from: `e where e.origin = 'unanswered'` });
const REFUSED = openingSql('refused', {
  ...FIRST_ATTEMPT,
  given: { reason: 'e.reason' },
  from: `e where e.origin = 'refused'`,
});

const FLUSH_WITH_EXCEPTIONS = `${UPDATE_CURSOR}, e as (
    select e.*, flushed.claim_epoch from flushed, unnest($23::smallint[], $24::bytea[], $25::bigint[], $26::timestamptz[], $27::text[], $28::text[],
      $29::float8[], $30::text[]) as e (kind, event_id, seq, logged_at, origin, reason, within, fact)
  ), slow as (${SLOW}), unanswered as (${UNANSWERED}), refused as (${REFUSED})
  select * from flushed`;

/** @returns how the event becomes an exception */
function originOf({ reason }: NewException): 'slow' | 'unanswered' | 'refused' {
  if (reason === 'in-flight') return 'slow';
  return reason === 'unknown' ? 'unanswered' : 'refused';
}

function flushValues(request: Flush): unknown[] {
  const { recorded, intended, receipts } = request;
  return [
    request.sourceId,
    request.partition,
    request.fence,
    request.number,
    request.leaseMs,
    request.cursorLoggedAt,
    request.accepted,
    ...windowValues(recorded),
    ...windowValues(intended),
    receipts.length === 0 ? null : Math.min(...receipts.map((receipt) => receipt.seq)),
    receipts.length === 0 ? null : Math.max(...receipts.map((receipt) => receipt.seq)),
    packReceipts(receipts),
    request.claimId,
    request.serverSince,
  ];
}

function windowValues(window: CursorWindow): unknown[] {
  return [window.cursor, window.intended, window.decided, window.withdrawn, countUndecided(window)];
}

function exceptionValues({ exceptions }: Flush): unknown[] {
  return [
    exceptions.map(({ event }) => KIND_FACTS[event.kind].code),
    exceptions.map(({ event }) => event.eventId),
    exceptions.map(({ event }) => event.seq),
    exceptions.map(({ event }) => event.loggedAt),
    exceptions.map(originOf),
    exceptions.map(({ reason }) => reason),
    exceptions.map(({ answerWithinMs }) => answerWithinMs ?? null),
    exceptions.map(({ fact }) => fact),
  ];
}

function packReceipts(receipts: readonly ReceiptLine[]): string {
  return receipts.map(({ seq, xactionId, receivedTimeMs }) => `${seq} ${xactionId} ${receivedTimeMs}`).join('\n');
}
