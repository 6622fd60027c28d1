/** Exceptions: resent under the same protocol as a first attempt, moved by facts. What people decide is in `decisions.ts`. */
import type { PoolClient } from 'pg';
import {
  type AttemptedException,
  type AttemptKey,
  transitionBy,
  type Verdict,
} from '../../domain/delivery/outcomeAccounting.js';
import type { Holding, PartitionId } from '../delivery/claim.js';
import { type Database, inTransaction } from '../connection/database.js';
import type { Kind } from '../../domain/events/kinds.js';
import { bodyOf, knownKind } from '../bodies/bodies.js';
import { newVersionFact } from './destinations.js';
import { movingOne, movingSql, PLACE, putRightSql } from './writing.js';

/** A verdict about an attempt whose event the cursor has passed. */
export interface LateVerdict extends PartitionId, AttemptKey {
  /** By number in the log for first attempts, by exception for resends. */
  readonly of: { readonly seq: number } | { readonly exceptionId: number };
  /** Numbers come again where a database was set back: the event is the same one only by its id. */
  readonly eventId: Buffer;
  readonly verdict: Verdict;
}

/** Records facts about attempts, from whatever fence they are. */
export async function recordLate(database: Database, late: readonly LateVerdict[]): Promise<void> {
  await inTransaction(database, async (client) => {
    for (const one of late) await recordOne(client, one);
  });
}

async function recordOne(
  client: PoolClient,
  { sourceId, partition, of, eventId, attempt, fence, verdict }: LateVerdict,
): Promise<void> {
  const { rows } = await client.query<AttemptedRow>(
    `select id, ${PLACE} as place, reason, attempts, attempt_fence, automatic_resends, accepted_attempt from exception e
     where source_id = $1 and partition = $2 and ${'seq' in of ? 'seq' : 'id'} = $3 and event_id = $4
     order by id desc limit 1 for update`,
    [sourceId, partition, 'seq' in of ? of.seq : of.exceptionId, eventId],
  );
  const row = rows[0];
  if (row === undefined) return;
  const moved = transitionBy(verdict, { attempt, fence }, attemptedException(row));
  const fact = `attempt ${attempt}: ${verdict.kind === 'accepted' ? 'accepted' : verdict.fact}`;
  const { text, values } = movingOne(row.id, moved, fact);
  await client.query(text, [...values]);
  if (moved.transition === 'slow-accepted' || moved.transition === 'accepted') {
    await client.query(
      `update partition_cursor set accepted_count = accepted_count + 1, last_accepted_at = clock_timestamp()
       where source_id = $1 and partition = $2`,
      [sourceId, partition],
    );
  }
}

interface AttemptedRow {
  readonly id: number;
  readonly place: AttemptedException['place'];
  readonly reason: AttemptedException['reason'];
  readonly attempts: number;
  readonly attempt_fence: number | null;
  readonly automatic_resends: number;
  readonly accepted_attempt: number | null;
}

function attemptedException(row: AttemptedRow): AttemptedException {
  return {
    place: row.place,
    reason: row.reason,
    attempts: row.attempts,
    fence: row.attempt_fence ?? undefined,
    automaticResends: row.automatic_resends,
    acceptedAttempt: row.accepted_attempt ?? undefined,
  };
}

/** The event would be a second one of its kind under a new projection: it waits for the first. See `domain/delivery/canary.ts`. */
const waitsForCanary = (differs: '<>' | 'is distinct from') => `exists (
    select from canary c where c.source_id = e.source_id and c.kind = e.kind and c.event_id ${differs} e.event_id)`;
const WAITS_FOR_CANARY = waitsForCanary('<>');

/**
 * Attempts whose answer can come no more: what they did is unknown. What a clock that was ahead has put off is put right first:
 * an attempt of the future is as if it began now, a resend is due.
 */
export async function expireUnanswered(database: Database, sourceId: number): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    `${EXPIRING} select (select count(*) from unknown) + (select count(*) from delivered) as count`,
    [[sourceId]],
  );
  return rows[0]?.count ?? 0;
}

/**
 * The same of the sources of these partitions, in one statement.
 *
 * @returns those of the partitions that have resends to claim
 */
export async function lookForResends(database: Database, partitions: readonly PartitionId[]): Promise<PartitionId[]> {
  const { rows } = await database.pool.query<PartitionId>({
    name: 'look-for-resends',
    text: `${EXPIRING}
      select p.source_id as "sourceId", p.partition from unnest($1::smallint[], $2::smallint[]) p (source_id, partition)
      where exists (
        select from exception e where e.source_id = p.source_id and e.partition = p.partition
          and e.state = 'waiting' and e.next_action = 'resend' and e.next_at <= clock_timestamp()
          and not ${WAITS_FOR_CANARY}
      )`,
    values: [partitions.map(({ sourceId }) => sourceId), partitions.map(({ partition }) => partition)],
  });
  return rows;
}

const OF_SOURCES = 'any ($1::smallint[])';

const UNANSWERED = {
  fact: `'no answer was recorded in time'`,
  where: `e.source_id = ${OF_SOURCES} and e.next_at < clock_timestamp()`,
  returning: 'e.id',
};
const EXPIRING = `
  with ${putRightSql(OF_SOURCES)}, unknown as (${movingSql('overdue', UNANSWERED)}),
    delivered as (${movingSql('overdue-accepted', UNANSWERED)})`;

/** An exception that is about to be sent again, its intent committed. */
export interface Resend {
  readonly exceptionId: number;
  readonly attempt: number;
  readonly kind: Kind;
  readonly eventId: Buffer;
  readonly form?: number;
  /** Absent when the log does not have the body any more. */
  readonly sealed?: Buffer;
}

/**
 * Claims due resends, oldest first: `waiting → sending(fence, n)`, under the conditions of an intent: our fence and lease
 * hold, and the gate is open; and the database knows of all claims before it, or what they sent would be sent again.
 */
export async function claimResends(
  database: Database,
  request: Holding & {
    readonly limit: number;
    readonly answerWithinMs: number;
    /** How many were ever claimed of the partition, as far as the drain knows. Absent: it knows of none. */
    readonly claimedBefore?: number;
  },
): Promise<Resend[]> {
  const { rows } = await database.pool.query<ResendRow>(
    `with gate_now as (
       select epoch from gate where source_id = $1 and open and coalesce(opens_at <= clock_timestamp(), true) for share
     ), holding as (
       select g.epoch from partition_cursor c, gate_now g
       where c.source_id = $1 and c.partition = $2 and fence = $3 and claim_id = $6 and coalesce(c.claim_epoch, g.epoch) = g.epoch
         and resend_claims >= $7 and lease_until > clock_timestamp()
       for no key update of c
     ), due as (
       select e.id, holding.epoch from exception e, holding
       where e.source_id = $1 and e.partition = $2 and state = 'waiting' and next_action = 'resend'
         and next_at <= clock_timestamp() and not ${waitsForCanary('is distinct from')}
       order by next_at limit $4 for update of e skip locked
     ), begun as (${movingSql('begun', {
       fact: newVersionFact({ exception: 'e', epoch: 'due.epoch' }),
       given: { fence: '$3', epoch: 'due.epoch', due: `clock_timestamp() + $5 * interval '1 millisecond'` },
       from: `due left join lateral (
         select ${bodyOf('b')} as sealed, b.form from exception x join event_body b
           on b.source_id = x.source_id and b.partition = x.partition and b.seq = x.seq and b.logged_at = x.logged_at
         where x.id = due.id
       ) body on true`,
       where: 'e.id = due.id',
       returning: 'e.id, e.attempts, e.kind, e.event_id, body.form, body.sealed',
     })}), counted as (
       update partition_cursor set resend_claims = resend_claims + (select count(*) from begun)
       where source_id = $1 and partition = $2 and exists (select from begun)
     )
     select * from begun`,
    [
      request.sourceId,
      request.partition,
      request.fence,
      request.limit,
      request.answerWithinMs,
      request.claimId,
      request.claimedBefore ?? 0,
    ],
  );
  return rows.map((row) => ({
    exceptionId: row.id,
    attempt: row.attempts,
    kind: knownKind(row.kind, `exception ${row.id}`),
    eventId: row.event_id,
    form: row.form ?? undefined,
    sealed: row.sealed ?? undefined,
  }));
}

interface ResendRow {
  readonly id: number;
  readonly attempts: number;
  readonly kind: number;
  readonly event_id: Buffer;
  readonly form: number | null;
  readonly sealed: Buffer | null;
}

/**
 * In how long the partition's exceptions next need a drain. Undefined: not at all.
 *
 * @param canaryWaitMs those that wait for a canary do so no earlier than in this long
 */
export async function nextDueMs(
  database: Database,
  id: PartitionId,
  canaryWaitMs: number,
): Promise<number | undefined> {
  const { rows } = await database.pool.query<{ due_ms: number | null }>(
    `select (extract(epoch from min(
         case when ${WAITS_FOR_CANARY} then greatest(next_at, clock_timestamp() + $3::float8 * interval '1 millisecond')
         else next_at end) - clock_timestamp()) * 1000)::float8 as due_ms from exception e
     where source_id = $1 and partition = $2 and state in ('waiting', 'sending')
       and (next_action is null or next_action = 'resend')`,
    [id.sourceId, id.partition, canaryWaitMs],
  );
  const dueMs = rows[0]?.due_ms ?? undefined;
  return dueMs === undefined ? undefined : Math.max(dueMs, 0);
}
