/** Exceptions: resent under the same protocol as a first attempt, settled by facts, decided by people. */
import type { PoolClient } from 'pg';
import { codedError } from '../domain/errors.js';
import { type Decision, type ExceptionReason, isDecisionAllowed } from '../domain/exceptions.js';
import { type Kind, kindOfCode } from '../domain/kinds.js';
import { type AttemptedException, settle, type Settlement, type Verdict } from '../domain/outcomeAccounting.js';
import type { Holding, PartitionId } from './claim.js';
import { type Database, inTransaction } from './database.js';
import { WAKE_CHANNEL } from './listen.js';

/** A verdict about an attempt whose event the cursor has passed. */
export interface LateVerdict extends PartitionId {
  /** By number in the log for first attempts, by exception for resends. */
  readonly of: { readonly seq: number } | { readonly exceptionId: number };
  readonly attempt: number;
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
  { sourceId, partition, of, attempt, verdict }: LateVerdict,
): Promise<void> {
  const { rows } = await client.query<AttemptedRow>(
    `select id, reason, state, attempts, automatic_resends, accepted_attempt from exception
     where source_id = $1 and partition = $2 and ${'seq' in of ? 'seq' : 'id'} = $3 order by id desc limit 1 for update`,
    [sourceId, partition, 'seq' in of ? of.seq : of.exceptionId],
  );
  const row = rows[0];
  if (row === undefined) return;
  const settlement = settle(attemptedException(row), attempt, verdict);
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
  readonly automatic_resends: number;
  readonly accepted_attempt: number | null;
}

function attemptedException(row: AttemptedRow): AttemptedException {
  return {
    reason: row.reason,
    state: row.state,
    attempts: row.attempts,
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
  readonly sealed: Buffer;
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
       where c.source_id = $1 and c.partition = $2 and fence = $3 and lease_until > clock_timestamp() for share of c
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
    [request.sourceId, request.partition, request.fence, request.limit, request.answerWithinMs],
  );
  return rows
    .filter((row): row is ResendRow & { sealed: Buffer } => row.sealed !== null)
    .map((row) => ({ exceptionId: row.id, attempt: row.attempts, eventId: row.event_id, sealed: row.sealed }));
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

export interface ExceptionFilter {
  readonly sourceId: number;
  readonly id?: number;
  readonly reasons?: readonly ExceptionReason[];
  readonly states?: readonly AttemptedException['state'][];
  /** Pages: only those with a larger id. */
  readonly afterId?: number;
  readonly limit: number;
}

/** An exception as people see it. */
export interface ExceptionView {
  readonly id: number;
  /** Undefined for a kind of a later release. */
  readonly kind?: Kind;
  /** Lower case hex. */
  readonly eventId: string;
  readonly reason: ExceptionReason;
  readonly state: AttemptedException['state'];
  readonly version: number;
  readonly attempts: number;
  readonly arrivals: number;
  readonly createdAt: Date;
  readonly nextAt?: Date;
  readonly evidence: readonly { readonly at: string; readonly fact: string }[];
  readonly decision?: { readonly what: Decision; readonly by: string; readonly at: Date; readonly why: string };
}

/** Exceptions of a source, oldest first; open ones unless states are named. */
export async function listExceptions(database: Database, filter: ExceptionFilter): Promise<ExceptionView[]> {
  const { rows } = await database.pool.query<ViewRow>(
    `select id, kind, encode(event_id, 'hex') as event_id, reason, state, version, attempts, arrivals, created_at, next_at,
       evidence, decision, decided_by, decided_at, decision_reason
     from exception
     where source_id = $1 and ($2::bigint is null or id = $2) and ($3::text[] is null or reason = any ($3))
       and state = any ($4) and id > $5
     order by id limit $6`,
    [
      filter.sourceId,
      filter.id ?? null,
      filter.reasons ?? null,
      filter.states ?? ['waiting', 'sending', 'held'],
      filter.afterId ?? 0,
      filter.limit,
    ],
  );
  return rows.map((row) => ({
    id: row.id,
    kind: kindOfCode(row.kind),
    eventId: row.event_id,
    reason: row.reason,
    state: row.state,
    version: row.version,
    attempts: row.attempts,
    arrivals: row.arrivals,
    createdAt: row.created_at,
    nextAt: row.next_at ?? undefined,
    evidence: row.evidence,
    decision:
      row.decision === null || row.decided_at === null
        ? undefined
        : { what: row.decision, by: row.decided_by ?? '', at: row.decided_at, why: row.decision_reason ?? '' },
  }));
}

interface ViewRow {
  readonly id: number;
  readonly kind: number;
  readonly event_id: string;
  readonly reason: ExceptionReason;
  readonly state: AttemptedException['state'];
  readonly version: number;
  readonly attempts: number;
  readonly arrivals: number;
  readonly created_at: Date;
  readonly next_at: Date | null;
  readonly evidence: ExceptionView['evidence'];
  readonly decision: Decision | null;
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly decision_reason: string | null;
}

export interface DecisionRequest {
  readonly sourceId: number;
  readonly id: number;
  /** As the decider saw it. */
  readonly version: number;
  readonly decision: Extract<Decision, 'resend' | 'abandon' | 'mark-delivered'>;
  readonly by: string;
  readonly why: string;
}

/**
 * Records a person's decision and carries it out: a resend is asked for, anything else ends the exception.
 *
 * @throws CodedError `CAEP_ALREADY_DECIDED` when the exception has changed since it was looked at; `CAEP_USAGE` when the
 *   decision does not fit its reason
 */
export async function decide(database: Database, request: DecisionRequest): Promise<void> {
  await inTransaction(database, async (client) => {
    const { rows } = await client.query<{ reason: ExceptionReason; partition: number }>(
      `select reason, partition from exception
       where source_id = $1 and id = $2 and version = $3 and state = 'held' for update`,
      [request.sourceId, request.id, request.version],
    );
    const row = rows[0];
    if (row === undefined) throw codedError('CAEP_ALREADY_DECIDED', { name: String(request.id) });
    if (!isDecisionAllowed(row.reason, request.decision)) {
      throw codedError('CAEP_USAGE', {
        reason: `an event that is held as ${row.reason} cannot be decided "${request.decision}"`,
      });
    }
    const resolution = { resend: null, abandon: 'abandoned', 'mark-delivered': 'delivered' }[request.decision];
    await client.query(
      `update exception set version = version + 1, decision = $2, decided_by = $3, decision_reason = $4,
         decided_at = clock_timestamp(), automatic_resends = 0, resolution = $5::text,
         state = case when $5::text is null then 'waiting' else 'resolved' end,
         next_action = case when $5::text is null then 'resend' end,
         next_at = case when $5::text is null then clock_timestamp() end,
         resolved_at = case when $5::text is null then null else clock_timestamp() end,
         evidence = evidence || jsonb_build_object('at', clock_timestamp(), 'fact', $6::text)
       where id = $1`,
      [request.id, request.decision, request.by, request.why, resolution, `${request.by} decided: ${request.decision}`],
    );
    if (request.decision === 'resend') {
      await client.query(
        `with woken as (update partition_head set wake_seq = last_seq where source_id = $1 and partition = $2 returning 1)
         select pg_notify($3, $1 || '/' || $2) from woken`,
        [request.sourceId, row.partition, WAKE_CHANNEL],
      );
    }
  });
}
