/** Which kinds of a source wait for their canary: see `domain/delivery/canary.ts`. */
import type { ClientBase } from 'pg';
import type { Canaries, CanaryStanding } from '../../domain/delivery/canary.js';
import { KIND_FACTS, type Kind, kindOfCode, KINDS } from '../../domain/events/kinds.js';
import type { CanaryView } from '../../domain/events/shownEvents.js';
import { type Database, inTransaction } from '../connection/database.js';
import { wakePartitions } from '../connection/wakePartitions.js';
import { PLACE } from '../exceptions/writing.js';
import type { PartitionId } from './claim.js';

/**
 * Every kind waits for its first event from now on.
 *
 * @param version of the projection; absent for a source that keeps no originals
 */
export async function beginCanaries(client: ClientBase, sourceId: number, version?: number): Promise<void> {
  await client.query(
    `insert into canary (source_id, kind, projection_version) select $1, kind, $2 from unnest($3::smallint[]) kind
     on conflict (source_id, kind) do update set projection_version = excluded.projection_version,
       event_id = null, accepted_at = null, look_at = null`,
    [sourceId, version ?? null, KINDS.map((kind) => KIND_FACTS[kind].code)],
  );
}

export async function endCanaries(client: Pick<ClientBase, 'query'>, sourceId: number): Promise<void> {
  await client.query('delete from canary where source_id = $1', [sourceId]);
}

export async function readCanaries(database: Database, sourceId: number): Promise<Canaries> {
  const { rows } = await database.pool.query<{ kind: number; event_id: Buffer | null }>({
    name: 'read-canaries',
    text: 'select kind, event_id from canary where source_id = $1',
    values: [sourceId],
  });
  return new Map(
    rows.flatMap(({ kind: code, event_id: eventId }) => {
      const kind = kindOfCode(code);
      return kind === undefined ? [] : [[kind, eventId?.toString('hex')] as const];
    }),
  );
}

/** An event that could be the first of its kind. */
export interface Candidate {
  readonly kind: Kind;
  readonly eventId: Buffer;
}

/**
 * Chooses a canary for each kind that has none: one of the partition's resends that are due, else one of the given events.
 *
 * @param firstLookInMs when it is to be looked for
 * @returns all canaries, as they are now
 */
export async function chooseCanaries(
  database: Database,
  { sourceId, partition }: PartitionId,
  candidates: readonly Candidate[],
  firstLookInMs: number,
): Promise<Canaries> {
  await database.pool.query(
    `update canary c set event_id = chosen.event_id, look_at = clock_timestamp() + $5::float8 * interval '1 millisecond'
     from (
       select distinct on (kind) kind, event_id from (
         select 1 as rank, kind, event_id from unnest($3::smallint[], $4::bytea[]) as given (kind, event_id)
         union all
         select 0, kind, event_id from (
           select kind, event_id from exception where source_id = $1 and partition = $2
             and state = 'waiting' and next_action = 'resend' and next_at <= clock_timestamp() order by next_at
         ) due
       ) candidate order by kind, rank
     ) chosen
     where c.source_id = $1 and c.kind = chosen.kind and c.event_id is null`,
    [
      sourceId,
      partition,
      candidates.map(({ kind }) => KIND_FACTS[kind].code),
      candidates.map(({ eventId }) => eventId),
      firstLookInMs,
    ],
  );
  return readCanaries(database, sourceId);
}

/** A canary that was chosen. */
export interface ChosenCanary extends CanaryStanding {
  readonly kind: Kind;
  /** Lower case hex. */
  readonly eventId: string;
  readonly occurredAt: Date;
  /** When it was first seen to be accepted, and how long ago that is, by the database's clock. */
  readonly accepted?: { readonly at: Date; readonly forMs: number };
  /** Failed batches that were read, of attempts before. */
  readonly refusedIn: readonly string[];
}

export async function chosenCanaries(database: Database, sourceId: number): Promise<ChosenCanary[]> {
  const { rows } = await database.pool.query<ChosenRow>(
    `select c.kind, encode(c.event_id, 'hex') as event_id, c.accepted_at, c.refused_in, x.place, x.resolution,
       (extract(epoch from clock_timestamp() - c.accepted_at) * 1000)::float8 as accepted_for_ms,
       coalesce(b.occurred_at, x.occurred_at, i.logged_at, clock_timestamp()) as occurred_at,
       coalesce(i.seq > 0 and (i.seq <= p.cursor_seq or case
         when i.seq <= p.intended_seq and i.seq <= p.cursor_seq + octet_length(p.decided) * 8
         then get_bit(p.decided, (i.seq - p.cursor_seq - 1)::int) = 1 else false end), false) as is_decided
     from canary c left join event_id i on i.source_id = c.source_id and i.event_id = c.event_id
       left join partition_cursor p on p.source_id = i.source_id and p.partition = i.partition
       left join event_body b
         on b.source_id = i.source_id and b.partition = i.partition and b.seq = i.seq and b.logged_at = i.logged_at
       left join lateral (
         select ${PLACE} as place, e.resolution, e.occurred_at from exception e
         where e.source_id = c.source_id and e.event_id = c.event_id order by e.id desc limit 1
       ) x on true
     where c.source_id = $1 and c.event_id is not null`,
    [sourceId],
  );
  return rows.flatMap((row) => {
    const kind = kindOfCode(row.kind);
    if (kind === undefined) return [];
    const { accepted_at: at, accepted_for_ms: forMs } = row;
    return [
      {
        kind,
        eventId: row.event_id,
        occurredAt: row.occurred_at,
        refusedIn: row.refused_in,
        accepted: at === null ? undefined : { at, forMs: forMs ?? 0 },
        isDecided: row.is_decided,
        place: row.place ?? undefined,
        resolution: row.resolution ?? undefined,
      },
    ];
  });
}

interface ChosenRow {
  readonly kind: number;
  readonly event_id: string;
  readonly accepted_at: Date | null;
  readonly refused_in: string[];
  readonly accepted_for_ms: number | null;
  readonly occurred_at: Date;
  readonly is_decided: boolean;
  readonly place: NonNullable<CanaryStanding['place']> | null;
  readonly resolution: NonNullable<CanaryStanding['resolution']> | null;
}

/** Those that are waited for, for people. */
export async function readAwaitedCanaries(database: Database, sourceId: number): Promise<CanaryView[]> {
  const { rows } = await database.pool.query<{
    kind: number;
    event_id: string;
    accepted_for_ms: number | null;
    at_most_ms: number;
  }>(
    `select kind, encode(event_id, 'hex') as event_id, (s.delivery ->> 'lakeLatencyMs')::float8 as at_most_ms,
       (extract(epoch from clock_timestamp() - accepted_at) * 1000)::float8 as accepted_for_ms
     from canary c join source s on s.id = c.source_id where source_id = $1 and event_id is not null order by kind`,
    [sourceId],
  );
  return rows.flatMap(({ kind: code, event_id: eventId, accepted_for_ms: acceptedForMs, at_most_ms: atMostMs }) => {
    const kind = kindOfCode(code);
    return kind === undefined ? [] : [{ kind, eventId, acceptedForMs: acceptedForMs ?? undefined, atMostMs }];
  });
}

export type CanaryNews =
  /** It is looked for again. */
  | { readonly kind: 'look-again'; readonly inMs: number; readonly isAccepted: boolean }
  /** Its kind is sent as it comes. */
  | { readonly kind: 'proven' }
  /** The next event of its kind takes its place. */
  | { readonly kind: 'replaced' }
  /** The same, and whoever is asked next knows where it was refused. */
  | { readonly kind: 'refused'; readonly refusedIn: readonly string[] };

/** Does nothing where another event has become the canary meanwhile. */
export async function recordCanary(
  database: Database,
  sourceId: number,
  canary: Pick<ChosenCanary, 'kind' | 'eventId'>,
  news: CanaryNews,
): Promise<void> {
  await inTransaction(database, (client) => recordCanaryIn(client, sourceId, canary, news));
}

const REPLACED = 'event_id = null, accepted_at = null, look_at = null';

/** The same as a part of a transaction. */
export async function recordCanaryIn(
  client: ClientBase,
  sourceId: number,
  { kind, eventId }: Pick<ChosenCanary, 'kind' | 'eventId'>,
  news: CanaryNews,
): Promise<void> {
  const mine = [sourceId, KIND_FACTS[kind].code, eventId];
  const where = `source_id = $1 and kind = $2 and event_id = decode($3, 'hex')`;
  switch (news.kind) {
    case 'look-again':
      await client.query(
        `update canary set look_at = clock_timestamp() + $4::float8 * interval '1 millisecond',
           accepted_at = case when $5 then coalesce(accepted_at, clock_timestamp()) end where ${where}`,
        [...mine, news.inMs, news.isAccepted],
      );
      return;
    case 'proven':
      await client.query(`delete from canary where ${where}`, mine);
      break;
    case 'replaced':
      await client.query(`update canary set ${REPLACED} where ${where}`, mine);
      break;
    case 'refused':
      await client.query(`update canary set refused_in = refused_in || $4, ${REPLACED} where ${where}`, [
        ...mine,
        news.refusedIn,
      ]);
      break;
    default:
      news satisfies never;
  }
  await wakePartitions(client, sourceId);
}
