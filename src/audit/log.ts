/** What our own database says of a source's events, in the order of ids, from one snapshot. */
import type { ClientBase } from 'pg';
import type { AuditedEvent, Standing } from '../domain/audit.js';
import type { Identified } from './merge.js';
import { type ExceptionRow, type PartitionRow, standingOf } from './standing.js';

export interface LoggedEvent extends Identified {
  readonly kind: number;
  readonly partition: number;
  readonly seq: number;
  readonly loggedAt: Date;
  readonly standing: Standing;
}

export interface AuditedPeriod {
  readonly sourceId: number;
  readonly since: Date;
  readonly until: Date;
}

/** As much of a connection or pool as reading needs. */
export type Connection = Pick<ClientBase, 'query'>;

const PAGE = 5_000;

/** @param client inside a read-only transaction at `repeatable read`, so that cursors, exceptions and ids belong together */
export async function* loggedEvents(client: Connection, period: AuditedPeriod): AsyncGenerator<LoggedEvent> {
  const partitions = await readPartitions(client, period.sourceId);
  await client.query(
    `declare audited no scroll cursor for
      select encode(i.event_id, 'hex') as id, i.kind, i.partition, i.seq, i.logged_at, x.state, x.next_action, x.resolution, x.decision
      from event_id i left join (
        select distinct on (event_id) event_id, state, next_action, resolution, decision from exception
        where source_id = $1 and reason not in ('conflict', 'repeated') order by event_id, id desc
      ) x on x.event_id = i.event_id
      where i.source_id = $1 and i.logged_at >= $2 and i.logged_at < $3
      order by i.event_id`,
    [period.sourceId, period.since, period.until],
  );
  for (;;) {
    const { rows } = await client.query<Row>(`fetch ${PAGE} from audited`);
    for (const row of rows) {
      yield {
        id: row.id,
        kind: row.kind,
        partition: row.partition,
        seq: row.seq,
        loggedAt: row.logged_at,
        standing: standingOf(row.seq, partitions.get(row.partition), exceptionOf(row)),
      };
    }
    if (rows.length < PAGE) break;
  }
  await client.query('close audited');
}

interface Row extends ExceptionColumns {
  readonly id: string;
  readonly kind: number;
  readonly partition: number;
  readonly seq: number;
  readonly logged_at: Date;
}

interface ExceptionColumns {
  readonly state: string | null;
  readonly next_action: string | null;
  readonly resolution: string | null;
  readonly decision: string | null;
}

function exceptionOf({ state, next_action, resolution, decision }: ExceptionColumns): ExceptionRow | undefined {
  return state === null ? undefined : { state, nextAction: next_action, resolution, decision };
}

async function readPartitions(client: Connection, sourceId: number): Promise<Map<number, PartitionRow>> {
  const { rows } = await client.query<PartitionRow & { partition: number }>(
    `select partition, cursor_seq as cursor, intended_seq as intended, decided from partition_cursor where source_id = $1`,
    [sourceId],
  );
  return new Map(rows.map((row) => [row.partition, row]));
}

/** The same body that came again after a decision is one event, asked about anew. */
const CONFLICTS = `
  from exception e where source_id = $1 and reason = 'conflict' and created_at >= $2 and created_at < $3
    and not exists (select from exception later where later.source_id = e.source_id and later.event_id = e.event_id
      and later.body_mac = e.body_mac and later.id > e.id)`;

/** Second arrivals in conflict with an event of the log: each is an event of its own, which a person decides about. */
export async function countConflicts(
  client: Connection,
  { sourceId, since, until }: AuditedPeriod,
): Promise<ReadonlyMap<Standing, number>> {
  const { rows } = await client.query<ExceptionColumns & { readonly count: number }>(
    `select state, next_action, resolution, decision, count(*) as count ${CONFLICTS} group by 1, 2, 3, 4`,
    [sourceId, since, until],
  );
  const counts = new Map<Standing, number>();
  for (const { count, ...row } of rows) {
    const standing = standingOf(0, undefined, exceptionOf(row));
    counts.set(standing, (counts.get(standing) ?? 0) + count);
  }
  return counts;
}

interface UndecidedConflict {
  readonly id: string;
  readonly kind: number;
  readonly at: Date;
}

/** Those of them that are not decided. */
export async function* undecidedConflicts(
  client: Connection,
  { sourceId, since, until }: AuditedPeriod,
): AsyncGenerator<UndecidedConflict> {
  await client.query(
    `declare undecided no scroll cursor for
      select encode(event_id, 'hex') as id, kind, created_at as at ${CONFLICTS} and state <> 'resolved'`,
    [sourceId, since, until],
  );
  for (;;) {
    const { rows } = await client.query<UndecidedConflict>(`fetch ${PAGE} from undecided`);
    yield* rows;
    if (rows.length < PAGE) break;
  }
  await client.query('close undecided');
}

/** Which of the ids this installation has taken, at any time and for any source. */
export async function knownIds(client: Connection, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ id: string }>(
    `select encode(event_id, 'hex') as id from event_id
     where source_id = any (array(select id from source)) and event_id = any ($1)`,
    [ids.map((id) => Buffer.from(id, 'hex'))],
  );
  return new Set(rows.map(({ id }) => id));
}

interface DeliveryTimes {
  readonly acceptedAt: Date;
  readonly occurredAt: Date;
  /** Null: no flow of the source is known. */
  readonly flowId: string | null;
  /** Under a mapping that does not tell events apart in the lake. */
  readonly unproven: boolean | null;
}

/** When and by which flow events were accepted, and their own time; an event is absent when its body is not kept any more. */
export async function deliveryTimes(
  client: Connection,
  sourceId: number,
  events: readonly LoggedEvent[],
): Promise<Map<string, DeliveryTimes>> {
  const { rows } = await client.query<DeliveryTimes & { readonly id: string }>(
    `select encode(b.event_id, 'hex') as id, b.occurred_at as "occurredAt",
       coalesce(r.recorded_at, x.resolved_at, b.logged_at) as "acceptedAt", d.flow_id as "flowId", d.unproven
     from unnest($2::smallint[], $3::bigint[], $4::timestamptz[]) as e (partition, seq, logged_at)
     join event_body b on b.source_id = $1 and b.partition = e.partition and b.seq = e.seq and b.logged_at = e.logged_at
     left join lateral (
       select max(recorded_at) as recorded_at from receipt
       where source_id = $1 and partition = e.partition and first_seq <= e.seq and last_seq >= e.seq
     ) r on true
     left join lateral (
       select max(resolved_at) as resolved_at from exception where source_id = $1 and event_id = b.event_id
     ) x on true
     left join lateral (
       select attempt_epochs[coalesce(accepted_attempt, attempts)] as epoch, coalesce(attempt_at, resolved_at) as sent_at
       from exception where source_id = $1 and event_id = b.event_id and seq = b.seq order by id desc limit 1
     ) last on true
     left join lateral (
       select epoch from partition_epoch p
       where last.sent_at is null and p.source_id = $1 and p.partition = b.partition and b.seq > p.cursor_seq
         and (b.seq > p.cursor_seq + 8 * octet_length(p.decided) or get_bit(p.decided, (b.seq - p.cursor_seq - 1)::int) = 0)
       order by epoch desc limit 1
     ) first on true
     left join lateral (
       select flow_id, exists (
           select from projection p where p.source_id = $1 and p.version = projection_version and p.projection ->> 'proof' = 'none'
         ) as unproven
       from epoch_destination, coalesce(last.sent_at, r.recorded_at, b.logged_at) as sent_at
       where source_id = $1
       order by epoch = coalesce(last.epoch, first.epoch) desc nulls last, since <= sent_at desc,
         case when since <= sent_at then since end desc, since, epoch desc
       limit 1
     ) d on true`,
    [
      sourceId,
      events.map(({ partition }) => partition),
      events.map(({ seq }) => seq),
      events.map(({ loggedAt }) => loggedAt),
    ],
  );
  return new Map(rows.map(({ id, ...times }) => [id, times]));
}

/** Of events that were sent more than once, each attempt's version of the source's projection, where one is known. */
export async function attemptVersions(
  client: Connection,
  sourceId: number,
  ids: readonly string[],
): Promise<ReadonlyMap<string, NonNullable<AuditedEvent['versions']>>> {
  const { rows } = await client.query<{ id: string; versions: (number | null)[] }>(
    `select encode(x.event_id, 'hex') as id, jsonb_agg(d.projection_version order by a.n) as versions
     from (
       select distinct on (event_id) event_id, attempt_epochs from exception
       where source_id = $1 and event_id = any ($2) and reason not in ('conflict', 'repeated') order by event_id, id desc
     ) x
       cross join lateral unnest(x.attempt_epochs) with ordinality as a (epoch, n)
       left join epoch_destination d on d.source_id = $1 and d.epoch = a.epoch
     group by x.event_id having count(*) > 1 and count(d.projection_version) > 0`,
    [sourceId, ids.filter((id) => OUR_ID.test(id)).map((id) => Buffer.from(id, 'hex'))],
  );
  return new Map(rows.map(({ id, versions }) => [id, versions]));
}

const OUR_ID = /^[0-9a-f]{64}$/;
