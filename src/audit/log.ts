/** What our own database says of a source's events, in the order of ids, from one snapshot. */
import type { ClientBase } from 'pg';
import type { Standing } from '../domain/audit.js';
import type { Identified } from './merge.js';
import { type ExceptionRow, type PartitionRow, standingOf } from './standing.js';

export interface LoggedEvent extends Identified {
  readonly kind: number;
  readonly partition: number;
  readonly seq: number;
  readonly loggedAt: Date;
  readonly standing: Standing;
}

export interface Window {
  readonly sourceId: number;
  readonly since: Date;
  readonly until: Date;
}

/** As much of a connection or pool as reading needs. */
export type Connection = Pick<ClientBase, 'query'>;

const PAGE = 5_000;

/** @param client inside a read-only transaction at `repeatable read`, so that cursors, exceptions and ids belong together */
export async function* loggedEvents(client: Connection, window: Window): AsyncGenerator<LoggedEvent> {
  const partitions = await readPartitions(client, window.sourceId);
  await client.query(
    `declare audited no scroll cursor for
      select encode(i.event_id, 'hex') as id, i.kind, i.partition, i.seq, i.logged_at, x.state, x.next_action, x.resolution, x.decision
      from event_id i left join (
        select distinct on (event_id) event_id, state, next_action, resolution, decision from exception
        where source_id = $1 and reason not in ('conflict', 'repeated') order by event_id, id desc
      ) x on x.event_id = i.event_id
      where i.source_id = $1 and i.logged_at >= $2 and i.logged_at < $3
      order by i.event_id`,
    [window.sourceId, window.since, window.until],
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

/** Second arrivals in conflict with an event of the log: each is an event of its own, which a person decides about. */
export async function conflictsBetween(
  client: Connection,
  { sourceId, since, until }: Window,
  limit: number,
): Promise<{
  readonly counts: ReadonlyMap<Standing, number>;
  /** The first that are not decided. */
  readonly undecided: readonly { readonly id: string; readonly kind: number; readonly at: Date }[];
}> {
  // The same body that came again after a decision is one event, asked about anew.
  const newest = `
    from exception e where source_id = $1 and reason = 'conflict' and created_at >= $2 and created_at < $3
      and not exists (select from exception later where later.source_id = e.source_id and later.event_id = e.event_id
        and later.body_mac = e.body_mac and later.id > e.id)`;
  const between = [sourceId, since, until];
  const counted = await client.query<ExceptionColumns & { readonly count: number }>(
    `select state, next_action, resolution, decision, count(*) as count ${newest} group by 1, 2, 3, 4`,
    between,
  );
  const open = await client.query<{ id: string; kind: number; at: Date }>(
    `select encode(event_id, 'hex') as id, kind, created_at as at ${newest} and state <> 'resolved' order by id limit $4`,
    [...between, limit],
  );
  const counts = new Map<Standing, number>();
  for (const { count, ...row } of counted.rows) {
    const standing = standingOf(0, undefined, exceptionOf(row));
    counts.set(standing, (counts.get(standing) ?? 0) + count);
  }
  return { counts, undecided: open.rows };
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

/** When events were accepted, and their own time; an event is absent when its body is not kept any more. */
export async function deliveryTimes(
  client: Connection,
  sourceId: number,
  events: readonly LoggedEvent[],
): Promise<Map<string, { readonly acceptedAt: Date; readonly occurredAt: Date }>> {
  const { rows } = await client.query<{ id: string; accepted_at: Date; occurred_at: Date }>(
    `select encode(b.event_id, 'hex') as id, b.occurred_at,
       coalesce(r.recorded_at, x.resolved_at, b.logged_at) as accepted_at
     from unnest($2::smallint[], $3::bigint[], $4::timestamptz[]) as e (partition, seq, logged_at)
     join event_body b on b.source_id = $1 and b.partition = e.partition and b.seq = e.seq and b.logged_at = e.logged_at
     left join lateral (
       select max(recorded_at) as recorded_at from receipt
       where source_id = $1 and partition = e.partition and first_seq <= e.seq and last_seq >= e.seq
     ) r on true
     left join lateral (
       select max(resolved_at) as resolved_at from exception where source_id = $1 and event_id = b.event_id
     ) x on true`,
    [
      sourceId,
      events.map(({ partition }) => partition),
      events.map(({ seq }) => seq),
      events.map(({ loggedAt }) => loggedAt),
    ],
  );
  return new Map(rows.map((row) => [row.id, { acceptedAt: row.accepted_at, occurredAt: row.occurred_at }]));
}
