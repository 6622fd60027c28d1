/** Exceptions whose event is looked for in the lake: which are due, and what a look has shown. */
import type { PoolClient } from 'pg';
import { type Database, inTransaction } from '../connection/database.js';
import { DESTINATION, type Destination, joinDestination } from './destinations.js';
import { wakePartitions } from '../connection/wakePartitions.js';
import { movingSql, openingSql } from './writing.js';

export interface DueLookUp extends Destination {
  readonly exceptionId: number;
  readonly partition: number;
  /** Lower case hex. */
  readonly eventId: string;
  readonly occurredAt: Date;
  readonly attempts: number;
  readonly automaticResends: number;
  /** Of the last attempt. */
  readonly attemptAt: Date;
  /** Since then, by the database's clock. */
  readonly ageMs: number;
}

/** Oldest first. */
export function dueLookUps(database: Database, sourceId: number, limit: number): Promise<DueLookUp[]> {
  return readLookUps(database, sourceId, limit, `next_action = 'look-up' and next_at <= clock_timestamp()`);
}

/** Also those that are not due: waiting shows nothing. */
export function unprovenLookUps(database: Database, sourceId: number, limit: number): Promise<DueLookUp[]> {
  return readLookUps(database, sourceId, limit, `next_action = 'look-up' and destination.unproven`);
}

/** Held only because the lake could not be read, and untouched since. */
export const AWAITING_LAKE = `state = 'held' and reason = 'unknown' and awaits_lake = version`;

export function lookUpsAwaitingLake(database: Database, sourceId: number, limit: number): Promise<DueLookUp[]> {
  return readLookUps(database, sourceId, limit, AWAITING_LAKE);
}

async function readLookUps(
  database: Database,
  sourceId: number,
  limit: number,
  condition: string,
): Promise<DueLookUp[]> {
  const { rows } = await database.pool.query<DueLookUp>(
    `select e.id as "exceptionId", e.partition, encode(e.event_id, 'hex') as "eventId", attempts,
       coalesce(e.occurred_at, b.occurred_at, e.created_at) as "occurredAt",
       automatic_resends as "automaticResends", coalesce(attempt_at, created_at) as "attemptAt",
       (extract(epoch from clock_timestamp() - coalesce(attempt_at, created_at)) * 1000)::float8 as "ageMs", ${DESTINATION}
     from exception e left join event_body b
       on b.source_id = e.source_id and b.partition = e.partition and b.seq = e.seq and b.logged_at = e.logged_at
       ${joinDestination({
         sourceId: 'e.source_id',
         epoch: 'e.attempt_epochs[e.attempts]',
         at: 'coalesce(e.attempt_at, e.created_at)',
       })}
     where e.source_id = $1 and ${condition}
     order by next_at, e.id limit $2`,
    [sourceId, limit],
  );
  return rows;
}

/** The lake can be read again: looked for anew, unless a person or a late answer was faster. */
export async function resumeLookUps(database: Database, lookUps: readonly DueLookUp[]): Promise<void> {
  if (lookUps.length === 0) return;
  await database.pool.query(
    movingSql('lake-back', {
      fact: `'the lake can be read again, so the event is looked for'`,
      from: 'unnest($1::bigint[], $2::text[]) as l (exception_id, sought)',
      where: `e.id = exception_id and e.event_id = decode(sought, 'hex')`,
    }),
    [lookUps.map(({ exceptionId }) => exceptionId), lookUps.map(({ eventId }) => eventId)],
  );
}

export type LookUpOutcome =
  | { readonly kind: 'delivered'; readonly copies: number }
  | { readonly kind: 'resend' }
  /** `awaitsLake`: only until the lake can be read again. */
  | { readonly kind: 'held'; readonly reason: 'unknown' | 'invalid'; readonly awaitsLake?: true }
  | { readonly kind: 'look-again'; readonly inMs: number };

export interface LookedUp {
  readonly lookUp: Pick<DueLookUp, 'exceptionId' | 'partition' | 'attempts' | 'eventId'> & Partial<Destination>;
  readonly outcome: LookUpOutcome;
  /** For people; kept for ever. Absent: nothing new is known. */
  readonly fact?: string;
}

const MINE = 'e.id = $1 and e.attempts = $2 and e.event_id = $3';

/** Does nothing for an exception that has changed meanwhile: an answer that came late, or another look, was faster. */
export async function recordLookUps(
  database: Database,
  sourceId: number,
  lookedUp: readonly LookedUp[],
): Promise<void> {
  await inTransaction(database, async (client) => {
    const resent = new Set<number>();
    for (const one of lookedUp) {
      const changed = await recordOne(client, sourceId, one);
      if (changed && one.outcome.kind === 'resend') resent.add(one.lookUp.partition);
    }
    await wakePartitions(client, sourceId, [...resent]);
  });
}

async function recordOne(client: PoolClient, sourceId: number, { lookUp, outcome, fact }: LookedUp) {
  const { exceptionId, attempts, partition, eventId } = lookUp;
  const mine = [exceptionId, attempts, Buffer.from(eventId, 'hex')];
  switch (outcome.kind) {
    case 'look-again': {
      const given = { due: `clock_timestamp() + $4::float8 * interval '1 millisecond'` };
      if (fact === undefined) {
        await client.query(movingSql('not-looked', { given, where: MINE }), [...mine, outcome.inMs]);
      } else {
        await client.query(movingSql('not-seen', { given, fact: '$5', where: MINE }), [...mine, outcome.inMs, fact]);
      }
      return true;
    }
    case 'resend':
      return didChange(await client.query(movingSql('not-found', { fact: '$4', where: MINE }), [...mine, fact ?? '']));
    case 'held':
      return didChange(
        await client.query(
          movingSql('cannot-tell', { given: { reason: '$5', awaitsLake: '$6' }, fact: '$4', where: MINE }),
          [...mine, fact ?? '', outcome.reason, outcome.awaitsLake === true],
        ),
      );
    case 'delivered': {
      const changed = didChange(
        await client.query(movingSql('found', { fact: '$4', where: MINE }), [...mine, fact ?? '']),
      );
      if (!changed) return false;
      await client.query(
        `update partition_cursor set accepted_count = accepted_count + 1 where source_id = $1 and partition = $2`,
        [sourceId, partition],
      );
      await countConfirmed(client, { sourceId, partition, count: 1 });
      if (outcome.copies > 1) await noteRepeated(client, sourceId, [{ eventId, copies: outcome.copies, attempts }]);
      return true;
    }
    default:
      return outcome satisfies never;
  }
}

function didChange({ rowCount }: { readonly rowCount: number | null }): boolean {
  return (rowCount ?? 0) > 0;
}

export async function countConfirmed(
  client: PoolClient,
  { sourceId, partition, count }: { readonly sourceId: number; readonly partition: number; readonly count: number },
): Promise<void> {
  await client.query(
    `insert into partition_audit (source_id, partition, confirmed_count) values ($1, $2, $3)
     on conflict (source_id, partition) do update set confirmed_count = partition_audit.confirmed_count + $3`,
    [sourceId, partition, count],
  );
}

export interface RepeatedEvent {
  /** Lower case hex. */
  readonly eventId: string;
  readonly copies: number;
  /** How often we sent it, as far as it is known. */
  readonly attempts: number;
}

/** For a person to take note of; once per event. */
export async function noteRepeated(
  client: PoolClient,
  sourceId: number,
  repeated: readonly RepeatedEvent[],
): Promise<void> {
  if (repeated.length === 0) return;
  await client.query(
    openingSql('repeated', {
      event: { sourceId: '$1', partition: 'i.partition', kind: 'i.kind', eventId: 'i.event_id' },
      given: { attempts: 'r.attempts' },
      fact: 'r.fact',
      from: `unnest($2::text[], $3::int[], $4::text[]) as r (id, attempts, fact)
               join event_id i on i.source_id = $1 and i.event_id = decode(r.id, 'hex')`,
    }),
    [
      sourceId,
      repeated.map(({ eventId }) => eventId),
      repeated.map(({ attempts }) => attempts),
      repeated.map(repetition),
    ],
  );
}

function repetition({ copies, attempts }: RepeatedEvent): string {
  return `in the lake ${copies} times, sent ${attempts === 1 ? 'once' : `${attempts} times`}`;
}

export type LakeState = 'readable' | 'refused' | 'away';

/** Kept where retention and people see it without asking Adobe. */
export async function noteLake(database: Database, sourceId: number, state: LakeState, detail?: string): Promise<void> {
  await database.pool.query(
    'update source set lake_state = $2, lake_detail = $3, lake_checked_at = clock_timestamp() where id = $1',
    [sourceId, state, detail ?? null],
  );
}

export interface LakeSource {
  readonly id: number;
  readonly sandbox?: string;
  readonly flowId?: string;
  /** To which the flow leads, once somebody has looked. */
  readonly datasetId?: string;
  /** Whether events are, or ever were, sent under a mapping that does not tell them apart. */
  readonly unproven?: { readonly now: boolean };
  /** As it was noted last. */
  readonly lake?: { readonly state: LakeState; readonly detail?: string };
}

export async function findLakeSource(database: Database, uid: string): Promise<LakeSource | undefined> {
  const { rows } = await database.pool.query<LakeSourceRow>(
    `select s.id, sandbox, flow_id, lake_state, lake_detail,
       (select max(dataset_id) from epoch_destination d where d.source_id = s.id and d.flow_id = g.flow_id) as dataset_id,
       (select jsonb_build_object('now', bool_or(p.version = g.projection_version)) from projection p
        where p.source_id = s.id and p.projection ->> 'proof' = 'none' having count(*) > 0) as unproven
     from source s left join gate g on g.source_id = s.id where uid = $1`,
    [uid],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    id: row.id,
    sandbox: row.sandbox ?? undefined,
    flowId: row.flow_id ?? undefined,
    datasetId: row.dataset_id ?? undefined,
    unproven: row.unproven ?? undefined,
    lake: row.lake_state === null ? undefined : { state: row.lake_state, detail: row.lake_detail ?? undefined },
  };
}

interface LakeSourceRow {
  readonly id: number;
  readonly sandbox: string | null;
  readonly flow_id: string | null;
  readonly dataset_id: string | null;
  readonly unproven: { readonly now: boolean } | null;
  readonly lake_state: LakeState | null;
  readonly lake_detail: string | null;
}
