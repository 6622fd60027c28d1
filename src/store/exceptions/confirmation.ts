/** Accepted events that are looked for in the lake: planned by watermark, read in pages, recorded page by page. */
import type { LookUpsAhead } from '../../domain/delivery/forwarder.js';
import type { LoggedAt, PartitionId } from '../delivery/claim.js';
import { type Database, inTransaction } from '../connection/database.js';
import {
  DESTINATION,
  type Destination,
  epochOf,
  isDeliveredUnproven,
  joinDeliveredTo,
  joinDestination,
} from './destinations.js';
import { AWAITING_LAKE, countConfirmed, noteRepeated, type RepeatedEvent } from './lookUps.js';
import { DELIVERED, loggedEvent, movingSql, openingSql } from './writing.js';

/**
 * Notes how far each cursor has come, to be looked for in `dueInMs`. Nothing is planned for a partition whose last plan is
 * younger than `everyMs`, so that a plan covers many events.
 */
export async function planLooks(
  database: Database,
  sourceId: number,
  { dueInMs, everyMs }: { readonly dueInMs: number; readonly everyMs: number },
): Promise<void> {
  await database.pool.query(
    `insert into look_up_plan (source_id, partition, through_seq, due_at)
     select c.source_id, c.partition, c.cursor_seq, clock_timestamp() + $2::float8 * interval '1 millisecond'
     from partition_cursor c left join partition_audit a using (source_id, partition)
     where c.source_id = $1 and c.cursor_seq > coalesce(a.audited_seq, 0) and not exists (
       select from look_up_plan p where p.source_id = c.source_id and p.partition = c.partition
         and (p.through_seq >= c.cursor_seq or p.planned_at > clock_timestamp() - $3::float8 * interval '1 millisecond'))`,
    [sourceId, dueInMs, everyMs],
  );
}

export interface DueConfirmation extends PartitionId {
  readonly throughSeq: number;
  readonly confirmedSeq: number;
  readonly confirmedLoggedAt: LoggedAt;
}

/** One per partition: as far as plans are due. */
export async function dueConfirmations(database: Database, sourceId: number): Promise<DueConfirmation[]> {
  const { rows } = await database.pool.query<DueConfirmation>(
    `select distinct on (p.partition) p.source_id as "sourceId", p.partition, p.through_seq as "throughSeq",
       coalesce(a.audited_seq, 0) as "confirmedSeq", coalesce(a.audited_logged_at, '-infinity') as "confirmedLoggedAt"
     from look_up_plan p left join partition_audit a using (source_id, partition)
     where p.source_id = $1 and p.due_at <= clock_timestamp()
     order by p.partition, p.through_seq desc`,
    [sourceId],
  );
  return rows;
}

export interface UnconfirmedEvent extends Destination {
  /** Of the gate, under which it was sent; null: it is not known. */
  readonly epoch: number | null;
  readonly seq: number;
  readonly kind: number;
  /** Lower case hex. */
  readonly eventId: string;
  readonly occurredAt: Date;
  readonly loggedAt: Date;
  /** It is or was an exception, and is followed up there. */
  readonly excepted: boolean;
  /** When the cursor was first seen to have passed it. */
  readonly passedAt: Date;
  /** Since then, by the database's clock. */
  readonly ageMs: number;
}

export interface ConfirmationPage {
  readonly events: readonly UnconfirmedEvent[];
  /** `unanswered`: it ends before an event whose attempt may still be answered. */
  readonly end: 'whole' | 'limit' | 'unanswered';
}

/** The next events up to `throughSeq`, ascending; each as old as the first plan that covers it. */
export async function readConfirmationPage(
  database: Database,
  { sourceId, partition, confirmedSeq, confirmedLoggedAt, throughSeq }: DueConfirmation,
  limit: number,
): Promise<ConfirmationPage> {
  const { rows } = await database.pool.query<UnconfirmedEvent & { readonly sending: boolean }>(
    `select b.seq, b.kind, encode(b.event_id, 'hex') as "eventId", b.occurred_at as "occurredAt",
       b.logged_at as "loggedAt", x.states is not null as excepted, 'sending' = any (x.states) as sending,
       p.passed_at as "passedAt", (extract(epoch from clock_timestamp() - p.passed_at) * 1000)::float8 as "ageMs",
       b.epoch, ${DESTINATION}
     from (
       select ${epochOf('body')} as epoch, seq, kind, event_id, occurred_at, logged_at from event_body body
       where source_id = $1 and partition = $2 and seq > $3 and seq <= $4 and logged_at >= $5
       order by seq limit $6
     ) b left join lateral (
       select array_agg(state) as states from exception where source_id = $1 and partition = $2 and seq = b.seq
     ) x on true cross join lateral (
       select coalesce(min(planned_at), clock_timestamp()) as passed_at from look_up_plan
       where source_id = $1 and partition = $2 and through_seq >= b.seq
     ) p
     ${joinDestination({ sourceId: '$1', epoch: 'b.epoch', at: 'p.passed_at' })}
     order by b.seq`,
    [sourceId, partition, confirmedSeq, throughSeq, confirmedLoggedAt, limit],
  );
  const unanswered = rows.findIndex(({ sending }) => sending);
  if (unanswered >= 0) return { events: rows.slice(0, unanswered), end: 'unanswered' };
  return { events: rows, end: rows.length < limit ? 'whole' : 'limit' };
}

export interface ConfirmationRecord {
  readonly due: DueConfirmation;
  /** The new watermark. */
  readonly throughSeq: number;
  readonly throughLoggedAt?: Date;
  readonly confirmed: number;
  readonly absent: readonly {
    readonly event: UnconfirmedEvent;
    readonly reason: 'missing' | 'invalid';
    readonly fact: string;
  }[];
  readonly repeated: readonly RepeatedEvent[];
}

/** @returns false when another confirmation has moved the watermark meanwhile: nothing was recorded */
export async function recordConfirmation(database: Database, record: ConfirmationRecord): Promise<boolean> {
  const { sourceId, partition, confirmedSeq } = record.due;
  return inTransaction(database, async (client) => {
    await countConfirmed(client, { sourceId, partition, count: 0 });
    const { rowCount } = await client.query(
      `update partition_audit set audited_seq = $4, audited_logged_at = coalesce($5, audited_logged_at),
         confirmed_count = confirmed_count + $6
       where source_id = $1 and partition = $2 and audited_seq = $3`,
      [sourceId, partition, confirmedSeq, record.throughSeq, record.throughLoggedAt ?? null, record.confirmed],
    );
    if (rowCount === 0) return false;
    await client.query(
      openingSql('absent', {
        event: { ...loggedEvent('a'), sourceId: '$1', partition: '$2', eventId: `decode(a.event_id, 'hex')` },
        given: { reason: 'a.reason' },
        fact: 'a.fact',
        attemptAt: 'a.passed_at',
        attemptEpoch: 'a.epoch',
        from: `unnest($3::smallint[], $4::text[], $5::bigint[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[],
                 $9::text[], $10::text[], $11::bigint[]) as a (kind, event_id, seq, logged_at, occurred_at, passed_at, reason, fact, epoch)`,
      }),
      [
        sourceId,
        partition,
        record.absent.map(({ event }) => event.kind),
        record.absent.map(({ event }) => event.eventId),
        record.absent.map(({ event }) => event.seq),
        record.absent.map(({ event }) => event.loggedAt),
        record.absent.map(({ event }) => event.occurredAt),
        record.absent.map(({ event }) => event.passedAt),
        record.absent.map(({ reason }) => reason),
        record.absent.map(({ fact }) => fact),
        record.absent.map(({ event }) => event.epoch),
      ],
    );
    await noteRepeated(client, sourceId, record.repeated);
    await client.query('delete from look_up_plan where source_id = $1 and partition = $2 and through_seq <= $3', [
      sourceId,
      partition,
      record.throughSeq,
    ]);
    return true;
  });
}

/** The partition's plans are looked at again later: the lake does not show enough yet, or could not be read. */
export async function postponeConfirmation(
  database: Database,
  { sourceId, partition }: PartitionId,
  byMs: number,
): Promise<void> {
  await database.pool.query(
    `update look_up_plan set due_at = clock_timestamp() + $3::float8 * interval '1 millisecond'
     where source_id = $1 and partition = $2 and due_at <= clock_timestamp()`,
    [sourceId, partition, byMs],
  );
}

export interface UnconfirmedDelivery extends Destination {
  readonly exceptionId: number;
  readonly partition: number;
  readonly eventId: string;
  readonly occurredAt: Date;
  readonly attempts: number;
  readonly attemptAt: Date;
  readonly ageMs: number;
}

/** Exceptions that an attempt has delivered in the end, and that nobody has looked for since; oldest first. */
export async function unconfirmedDeliveries(
  database: Database,
  sourceId: number,
  { olderThanMs, limit }: { readonly olderThanMs: number; readonly limit: number },
): Promise<UnconfirmedDelivery[]> {
  const { rows } = await database.pool.query<UnconfirmedDelivery>(
    `select e.id as "exceptionId", e.partition, encode(e.event_id, 'hex') as "eventId", e.attempts,
       coalesce(e.occurred_at, b.occurred_at, e.created_at) as "occurredAt", e.resolved_at as "attemptAt",
       (extract(epoch from clock_timestamp() - e.resolved_at) * 1000)::float8 as "ageMs", ${DESTINATION}
     from exception e left join event_body b
       on b.source_id = e.source_id and b.partition = e.partition and b.seq = e.seq and b.logged_at = e.logged_at
       ${joinDeliveredTo('e')}
     where e.source_id = $1 and ${UNCONFIRMED} and e.resolved_at <= clock_timestamp() - $2::float8 * interval '1 millisecond'
     order by e.resolved_at limit $3`,
    [sourceId, olderThanMs, limit],
  );
  return rows;
}

/** Of the exception `e`: delivered, and to be looked for, as it was sent under a mapping that tells events apart. */
export const UNCONFIRMED = `${DELIVERED} and not ${isDeliveredUnproven('e')}`;

export async function confirmDelivery(
  database: Database,
  sourceId: number,
  delivery: UnconfirmedDelivery,
  copies: number,
): Promise<void> {
  await inTransaction(database, async (client) => {
    const { rowCount } = await client.query(
      movingSql('confirmed', { where: `e.id = $1 and e.attempts = $2 and e.event_id = decode($3, 'hex')` }),
      [delivery.exceptionId, delivery.attempts, delivery.eventId],
    );
    if (rowCount === 0) return;
    await countConfirmed(client, { sourceId, partition: delivery.partition, count: 1 });
    if (copies > 1) await noteRepeated(client, sourceId, [{ ...delivery, copies }]);
  });
}

/** A delivered exception that is not in the lake after all is held again. */
export async function reopenDelivery(
  database: Database,
  delivery: UnconfirmedDelivery,
  reason: 'missing' | 'invalid',
  fact: string,
): Promise<void> {
  await database.pool.query(
    movingSql('absent', {
      given: { reason: '$3' },
      fact: '$4',
      where: `e.id = $1 and e.attempts = $2 and e.event_id = decode($5, 'hex')`,
    }),
    [delivery.exceptionId, delivery.attempts, reason, fact, delivery.eventId],
  );
}

export interface AcceptedEvent {
  readonly eventId: string;
  readonly occurredAt: Date;
  /** Accepted shortly before. */
  readonly recordedAt: Date;
}

/** Of so many, those of one flow are found: the first after an attempt are of its flow, until it is replaced. */
const RECEIPTS_LOOKED_AT = 1_000;

/** Events that the flow accepted after the given time: what can show that the lake has come so far. */
export async function acceptedAfter(
  database: Database,
  sourceId: number,
  { after, flowId, limit }: { readonly after: Date; readonly flowId: string | null; readonly limit: number },
): Promise<AcceptedEvent[]> {
  const { rows } = await database.pool.query<AcceptedEvent>(
    `select encode(b.event_id, 'hex') as "eventId", b.occurred_at as "occurredAt", r.recorded_at as "recordedAt"
     from (
       select partition, last_seq, recorded_at from receipt where source_id = $1 and recorded_at > $2
       order by recorded_at limit ${RECEIPTS_LOOKED_AT}
     ) r join event_body b on b.source_id = $1 and b.partition = r.partition and b.seq = r.last_seq
       ${joinDestination({ sourceId: '$1', epoch: epochOf('b'), at: 'r.recorded_at' })}
     where destination.flow_id is not distinct from $4
     order by r.recorded_at limit $3`,
    [sourceId, after, limit, flowId],
  );
  return rows;
}

/** When there is next something to look for. */
export async function lookUpsAhead(database: Database, sourceId: number): Promise<LookUpsAhead> {
  const { rows } = await database.pool.query<{ due_ms: number | null; unplanned: boolean }>(
    `select (extract(epoch from least(
         (select min(next_at) from exception where source_id = $1 and next_action = 'look-up'),
         (select min(due_at) from look_up_plan where source_id = $1),
         (select min(look_at) from canary where source_id = $1),
         (select clock_timestamp() from source where id = $1 and lake_state = 'readable'
            and exists (select from exception where source_id = $1 and ${AWAITING_LAKE}))
       ) - clock_timestamp()) * 1000)::float8 as due_ms,
       exists (
         select from partition_cursor c left join partition_audit a using (source_id, partition)
         where c.source_id = $1 and c.cursor_seq > greatest(coalesce(a.audited_seq, 0), (
           select coalesce(max(through_seq), 0) from look_up_plan p
           where p.source_id = c.source_id and p.partition = c.partition))
       ) or exists (select from exception e where e.source_id = $1 and ${UNCONFIRMED}) as unplanned`,
    [sourceId],
  );
  const dueInMs = rows[0]?.due_ms ?? undefined;
  return {
    ...(dueInMs === undefined ? {} : { dueInMs: Math.max(dueInMs, 0) }),
    unplanned: rows[0]?.unplanned ?? false,
  };
}

/**
 * Of each source's oldest event that was accepted and has not been found in the lake since: how long ago that was.
 *
 * @returns by number of the source; a source that has none is absent
 */
export async function oldestUnconfirmedMs(
  database: Database,
  sourceIds: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const { rows } = await database.pool.query<{ id: number; age_ms: number }>(
    `select source_id as id, (extract(epoch from clock_timestamp() - min(since)) * 1000)::float8 as age_ms from (
       select c.source_id, r.recorded_at as since
       from partition_cursor c left join partition_audit a using (source_id, partition)
         cross join lateral (
           select recorded_at from receipt r
           where r.source_id = c.source_id and r.partition = c.partition and r.last_seq > coalesce(a.audited_seq, 0)
           order by r.last_seq limit 1
         ) r
       where c.source_id = any ($1)
       union all
       select e.source_id, e.resolved_at from exception e where e.source_id = any ($1) and ${UNCONFIRMED}
     ) unconfirmed group by source_id`,
    [sourceIds],
  );
  return new Map(rows.map(({ id, age_ms: ageMs }) => [id, ageMs]));
}
