/** Exceptions: resent under the same protocol as a first attempt, settled by facts. What people decide is in `decisions.ts`. */
import type { PoolClient } from 'pg';
import type { ExceptionReason } from '../domain/exceptions.js';
import {
  type AttemptedException,
  type AttemptKey,
  settle,
  type Settlement,
  type Verdict,
} from '../domain/outcomeAccounting.js';
import type { Holding, PartitionId } from './claim.js';
import { type Database, inTransaction } from './database.js';

/** A verdict about an attempt whose event the cursor has passed. */
export interface LateVerdict extends PartitionId, AttemptKey {
  /** By number in the log for first attempts, by exception for resends. */
  readonly of: { readonly seq: number } | { readonly exceptionId: number };
  /** Numbers come again where a database was set back: the event is the same one only by its id. */
  readonly eventId: Buffer;
  readonly verdict: Verdict;
}

/** How long a resend waits after an attempt that was not accepted. */
const RESEND_DELAY_MS = 5_000;

/** Records facts about attempts, from whatever fence they are. */
export async function settleLate(database: Database, late: readonly LateVerdict[]): Promise<void> {
  await inTransaction(database, async (client) => {
    for (const one of late) await settleOne(client, one);
  });
}

async function settleOne(
  client: PoolClient,
  { sourceId, partition, of, eventId, attempt, fence, verdict }: LateVerdict,
): Promise<void> {
  const { rows } = await client.query<AttemptedRow>(
    `select id, reason, state, attempts, attempt_fence, automatic_resends, accepted_attempt from exception
     where source_id = $1 and partition = $2 and ${'seq' in of ? 'seq' : 'id'} = $3 and event_id = $4
     order by id desc limit 1 for update`,
    [sourceId, partition, 'seq' in of ? of.seq : of.exceptionId, eventId],
  );
  const row = rows[0];
  if (row === undefined) return;
  const settlement = settle(attemptedException(row), { attempt, fence }, verdict);
  const fact = `attempt ${attempt}: ${verdict.kind === 'accepted' ? 'accepted' : verdict.fact}`;
  await applySettlement(client, row.id, settlement, fact);
  if (settlement.to === 'forgotten' || settlement.to === 'delivered') {
    await client.query(
      `update partition_cursor set accepted_count = accepted_count + 1, last_accepted_at = clock_timestamp()
       where source_id = $1 and partition = $2`,
      [sourceId, partition],
    );
  }
}

interface AttemptedRow {
  readonly id: number;
  readonly reason: ExceptionReason;
  readonly state: AttemptedException['state'];
  readonly attempts: number;
  readonly attempt_fence: number | null;
  readonly automatic_resends: number;
  readonly accepted_attempt: number | null;
}

function attemptedException(row: AttemptedRow): AttemptedException {
  return {
    reason: row.reason,
    state: row.state,
    attempts: row.attempts,
    fence: row.attempt_fence ?? undefined,
    automaticResends: row.automatic_resends,
    acceptedAttempt: row.accepted_attempt ?? undefined,
  };
}

const NOTE = `version = version + 1, evidence = evidence || jsonb_build_object('at', clock_timestamp(), 'fact', $2::text)`;

async function applySettlement(client: PoolClient, id: number, settlement: Settlement, fact: string): Promise<void> {
  switch (settlement.to) {
    case 'forgotten':
      await client.query('delete from exception where id = $1', [id]);
      return;
    case 'delivered':
      await client.query(
        `update exception set ${NOTE}, state = 'resolved', resolution = 'delivered', resolved_at = clock_timestamp(),
           next_action = null, next_at = null where id = $1`,
        [id, fact],
      );
      return;
    case 'waiting':
      await client.query(
        `update exception set ${NOTE}, state = 'waiting', next_action = 'resend', reason = $3, automatic_resends = $4,
           next_at = clock_timestamp() + $5 * interval '1 millisecond' where id = $1`,
        [id, fact, settlement.reason, settlement.automaticResends, RESEND_DELAY_MS],
      );
      return;
    case 'held':
      await client.query(
        `update exception set ${NOTE}, state = 'held', reason = $3, next_action = null, next_at = null where id = $1`,
        [id, fact, settlement.reason],
      );
      return;
    case 'look-up':
      await client.query(
        `update exception set ${NOTE}, state = 'waiting', next_action = 'look-up', reason = 'unknown',
           next_at = clock_timestamp() where id = $1`,
        [id, fact],
      );
      return;
    case 'unchanged':
      await client.query(
        `update exception set ${NOTE}, accepted_attempt = coalesce($3, accepted_attempt) where id = $1`,
        [id, fact, settlement.acceptedAttempt ?? null],
      );
      return;
    default:
      settlement satisfies never;
  }
}

/** Attempts whose answer can come no more: what they did is unknown. */
export async function expireUnanswered(database: Database, sourceId: number): Promise<number> {
  const { rowCount } = await database.pool.query(
    `update exception set state = case when accepted_attempt is null then 'waiting' else 'resolved' end,
       next_action = case when accepted_attempt is null then 'look-up' end,
       resolution = case when accepted_attempt is null then null else 'delivered' end,
       resolved_at = case when accepted_attempt is null then null else clock_timestamp() end,
       reason = 'unknown', next_at = case when accepted_attempt is null then clock_timestamp() end, version = version + 1,
       evidence = evidence || jsonb_build_object('at', clock_timestamp(), 'fact', 'no answer was recorded in time')
     where source_id = $1 and state = 'sending' and next_at < clock_timestamp()`,
    [sourceId],
  );
  return rowCount ?? 0;
}

/** An exception that is about to be sent again, its intent committed. */
export interface Resend {
  readonly exceptionId: number;
  readonly attempt: number;
  readonly eventId: Buffer;
  /** Absent when the log does not have the body any more. */
  readonly sealed?: Buffer;
}

/**
 * Claims due resends, oldest first: `waiting → sending(fence, n)`, under the conditions of an intent: our fence and lease
 * hold, and the gate is open.
 */
export async function claimResends(
  database: Database,
  request: Holding & { readonly limit: number; readonly answerWithinMs: number },
): Promise<Resend[]> {
  const { rows } = await database.pool.query<ResendRow>(
    `with gate_now as (
       select from gate where source_id = $1 and open and coalesce(opens_at <= clock_timestamp(), true) for share
     ), holding as (
       select c.source_id from partition_cursor c, gate_now
       where c.source_id = $1 and c.partition = $2 and fence = $3 and claim_id = $6 and lease_until > clock_timestamp() for share of c
     ), due as (
       select e.id from exception e, holding
       where e.source_id = $1 and e.partition = $2 and state = 'waiting' and next_action = 'resend'
         and next_at <= clock_timestamp()
       order by next_at limit $4 for update of e skip locked
     )
     update exception e set state = 'sending', next_action = null, attempts = attempts + 1,
       automatic_resends = automatic_resends + 1, attempt_fence = $3, attempt_at = clock_timestamp(),
       next_at = clock_timestamp() + $5 * interval '1 millisecond', version = version + 1
     from due left join lateral (
       select b.sealed from exception x join event_body b
         on b.source_id = x.source_id and b.partition = x.partition and b.seq = x.seq and b.logged_at = x.logged_at
       where x.id = due.id
     ) body on true
     where e.id = due.id
     returning e.id, e.attempts, e.event_id, body.sealed`,
    [request.sourceId, request.partition, request.fence, request.limit, request.answerWithinMs, request.claimId],
  );
  return rows.map((row) => ({
    exceptionId: row.id,
    attempt: row.attempts,
    eventId: row.event_id,
    sealed: row.sealed ?? undefined,
  }));
}

interface ResendRow {
  readonly id: number;
  readonly attempts: number;
  readonly event_id: Buffer;
  readonly sealed: Buffer | null;
}

/** In how long the partition's exceptions next need a drain. Undefined: not at all. */
export async function nextDueMs(database: Database, id: PartitionId): Promise<number | undefined> {
  const { rows } = await database.pool.query<{ due_ms: number | null }>(
    `select (extract(epoch from min(next_at) - clock_timestamp()) * 1000)::float8 as due_ms from exception
     where source_id = $1 and partition = $2 and state in ('waiting', 'sending')
       and (next_action is null or next_action = 'resend')`,
    [id.sourceId, id.partition],
  );
  const dueMs = rows[0]?.due_ms ?? undefined;
  return dueMs === undefined ? undefined : Math.max(dueMs, 0);
}
