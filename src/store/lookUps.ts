/** Exceptions whose event is looked for in the lake: which are due, and what a look has settled. */
import type { PoolClient } from 'pg';
import { type Database, inTransaction } from './database.js';
import { WAKE_CHANNEL } from './listen.js';

export interface DueLookUp {
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
       (extract(epoch from clock_timestamp() - coalesce(attempt_at, created_at)) * 1000)::float8 as "ageMs"
     from exception e left join event_body b
       on b.source_id = e.source_id and b.partition = e.partition and b.seq = e.seq and b.logged_at = e.logged_at
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
    `update exception set state = 'waiting', next_action = 'look-up', next_at = clock_timestamp(), version = version + 1,
       evidence = evidence || jsonb_build_object('at', clock_timestamp(), 'fact', 'the lake can be read again: looked for')
     from unnest($1::bigint[], $2::text[]) as l (exception_id, sought)
     where id = exception_id and event_id = decode(sought, 'hex') and ${AWAITING_LAKE}`,
    [lookUps.map(({ exceptionId }) => exceptionId), lookUps.map(({ eventId }) => eventId)],
  );
}

export type LookUpOutcome =
  | { readonly kind: 'delivered'; readonly copies: number }
  | { readonly kind: 'resend' }
  /** `awaitsLake`: only until the lake can be read again. */
  | { readonly kind: 'held'; readonly reason: 'unknown' | 'invalid'; readonly awaitsLake?: true }
  | { readonly kind: 'look-again'; readonly inMs: number };

export interface SettledLookUp {
  readonly lookUp: Pick<DueLookUp, 'exceptionId' | 'partition' | 'attempts' | 'eventId'>;
  readonly outcome: LookUpOutcome;
  /** For people; kept for ever. Absent: nothing new is known. */
  readonly fact?: string;
}

const MINE = `where id = $1 and attempts = $2 and event_id = $3 and state = 'waiting' and next_action = 'look-up'`;
const NOTE = `version = version + 1, evidence = evidence || jsonb_build_object('at', clock_timestamp(), 'fact', $4::text)`;

/** Does nothing for an exception that has changed meanwhile: an answer that came late, or another look, was faster. */
export async function settleLookUps(
  database: Database,
  sourceId: number,
  settled: readonly SettledLookUp[],
): Promise<void> {
  await inTransaction(database, async (client) => {
    const resent = new Set<number>();
    for (const one of settled) {
      const changed = await settleOne(client, sourceId, one);
      if (changed && one.outcome.kind === 'resend') resent.add(one.lookUp.partition);
    }
    await wake(client, sourceId, [...resent]);
  });
}

async function settleOne(client: PoolClient, sourceId: number, { lookUp, outcome, fact }: SettledLookUp) {
  const { exceptionId, attempts, partition, eventId } = lookUp;
  const mine = [exceptionId, attempts, Buffer.from(eventId, 'hex')];
  switch (outcome.kind) {
    case 'look-again': {
      const note = fact === undefined ? '' : `, ${NOTE}`;
      const values = fact === undefined ? [...mine, outcome.inMs] : [...mine, fact, outcome.inMs];
      const inMs = `$${values.length}::float8 * interval '1 millisecond'`;
      await client.query(`update exception set next_at = clock_timestamp() + ${inMs}${note} ${MINE}`, values);
      return true;
    }
    case 'resend':
      return didChange(
        await client.query(
          `update exception set ${NOTE}, next_action = 'resend', next_at = clock_timestamp() ${MINE}`,
          [...mine, fact ?? ''],
        ),
      );
    case 'held':
      return didChange(
        await client.query(
          `update exception set ${NOTE}, state = 'held', reason = $5, next_action = null, next_at = null,
             awaits_lake = case when $6 then version + 1 end ${MINE}`,
          [...mine, fact ?? '', outcome.reason, outcome.awaitsLake === true],
        ),
      );
    case 'delivered': {
      const changed = didChange(
        await client.query(
          `update exception set ${NOTE}, state = 'resolved', resolution = 'delivered', next_action = null, next_at = null,
             resolved_at = clock_timestamp(), confirmed_at = clock_timestamp() ${MINE}`,
          [...mine, fact ?? ''],
        ),
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
    `insert into exception (source_id, partition, kind, event_id, reason, state, attempts, evidence)
     select $1, partition, kind, event_id, 'repeated', 'held', r.attempts,
       jsonb_build_array(jsonb_build_object('at', clock_timestamp(), 'fact', r.fact))
     from unnest($2::text[], $3::int[], $4::text[]) as r (id, attempts, fact)
       join event_id i on i.source_id = $1 and i.event_id = decode(r.id, 'hex')
     on conflict (source_id, event_id) where reason = 'repeated' do nothing`,
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

async function wake(client: PoolClient, sourceId: number, partitions: readonly number[]): Promise<void> {
  if (partitions.length === 0) return;
  await client.query(
    `with woken as (
       update partition_head set wake_seq = last_seq where source_id = $1 and partition = any ($2) returning partition
     )
     select pg_notify($3, $1 || '/' || partition) from woken`,
    [sourceId, partitions, WAKE_CHANNEL],
  );
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
  /** As it was noted last. */
  readonly lake?: { readonly state: LakeState; readonly detail?: string };
}

export async function findLakeSource(database: Database, uid: string): Promise<LakeSource | undefined> {
  const { rows } = await database.pool.query<LakeSourceRow>(
    'select s.id, sandbox, flow_id, lake_state, lake_detail from source s left join gate g on g.source_id = s.id where uid = $1',
    [uid],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    id: row.id,
    sandbox: row.sandbox ?? undefined,
    flowId: row.flow_id ?? undefined,
    lake: row.lake_state === null ? undefined : { state: row.lake_state, detail: row.lake_detail ?? undefined },
  };
}

interface LakeSourceRow {
  readonly id: number;
  readonly sandbox: string | null;
  readonly flow_id: string | null;
  readonly lake_state: LakeState | null;
  readonly lake_detail: string | null;
}
