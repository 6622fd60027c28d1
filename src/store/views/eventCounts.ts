/**
 * How many events a source has, and where each of them is: from one snapshot, so that the parts add up.
 *
 * Events are counted, not attempts: one that was accepted, found missing and sent again is one event.
 */
import type { ClientBase } from 'pg';
import { EVENT_PARTS, type EventPart, type EventParts, partOfException } from '../../domain/events/eventParts.js';
import type { ForwarderCounters } from '../../domain/delivery/forwarder.js';
import { type Database, inTransaction } from '../connection/database.js';
import { tallyPartitions } from './tally.js';

export interface EventCounts extends ForwarderCounters {
  readonly parts: EventParts;
}

export interface Counted {
  /** By the database's clock. */
  readonly asOf: Date;
  /** All partitions that hold events or may come to: those of an earlier, larger number among them. */
  readonly partitions: readonly number[];
  /** Exceptions that are not resolved. */
  readonly open: readonly OpenExceptions[];
  readonly counters: EventCounts;
}

interface OpenExceptions {
  readonly reason: string;
  readonly state: string;
  readonly count: number;
  /** Of the oldest one. */
  readonly oldestMs: number;
}

export async function countEvents(database: Database, sourceId: number): Promise<Counted> {
  const counted = await countEventsOf(database, [sourceId]);
  return counted.get(sourceId) ?? count({ partitions: [], apart: [], open: [], lake: UNKNOWN_LAKE });
}

/** As many statements for a thousand sources as for one. @returns by number of the source */
export async function countEventsOf(
  database: Database,
  sourceIds: readonly number[],
): Promise<ReadonlyMap<number, Counted>> {
  // Brings the running counts forward, so that what is left to count below is little.
  await tallyPartitions(database, sourceIds);
  const rows = await inTransaction(
    database,
    async (client) => ({
      partitions: bySource(await readPartitions(client, sourceIds)),
      apart: bySource(await readApart(client, sourceIds)),
      open: bySource(await readOpen(client, sourceIds)),
      lakes: bySource(await readLakes(client, sourceIds)),
    }),
    'isolation level repeatable read read only',
  );
  const of = (id: number) => ({
    partitions: rows.partitions.get(id) ?? [],
    apart: rows.apart.get(id) ?? [],
    open: rows.open.get(id) ?? [],
    lake: rows.lakes.get(id)?.[0] ?? UNKNOWN_LAKE,
  });
  return new Map(sourceIds.map((id) => [id, count(of(id))]));
}

interface RowsOfSource {
  readonly partitions: readonly PartitionRow[];
  readonly apart: readonly ApartRow[];
  readonly open: readonly OpenRow[];
  readonly lake: Omit<LakeRow, 'sourceId'>;
}

function count({ partitions, apart, open, lake }: RowsOfSource): Counted {
  const held = open.filter(({ state, reason }) => state === 'held' && reason !== 'repeated');
  const logged = sum(partitions, ({ taken }) => taken);
  const inLog = { waiting: sum(partitions, waitingIn), sending: sum(partitions, ({ undecided }) => undecided) };
  const arrivals = apart.filter(({ isArrival }) => isArrival);
  const excepted = sum(apart, ({ isArrival, count }) => (isArrival ? 0 : count));
  const inPart = (part: EventPart): number => sum(apart, (row) => (partOfException(row) === part ? row.count : 0));
  const parts = {
    ...(Object.fromEntries(EVENT_PARTS.map((part) => [part, inPart(part)])) as EventParts),
    waiting: Math.max(inLog.waiting - inLog.sending, 0) + inPart('waiting'),
    sending: Math.min(inLog.sending, inLog.waiting) + inPart('sending'),
    accepted: logged - inLog.waiting - excepted,
  };
  return {
    asOf: lake.asOf ?? new Date(),
    partitions: partitions.map(({ partition }) => partition),
    open: open.map(({ reason, state, count: events, oldest_ms: oldestMs }) => ({
      reason,
      state,
      count: events,
      oldestMs,
    })),
    counters: {
      taken: logged + sum(arrivals, ({ count }) => count),
      accepted: parts.accepted,
      ...(lake.readable ? { confirmed: sum(partitions, ({ confirmed }) => confirmed), repeated: lake.repeated } : {}),
      waiting: inLog.waiting,
      oldestWaitingMs: oldest(partitions),
      exceptions: byReason(open),
      oldestExceptionMs: oldest(open),
      parts,
      heldBy: byReason(held),
      oldestHeldMs: oldest(held),
    },
  };
}

interface OfSource {
  readonly sourceId: number;
}

interface PartitionRow extends OfSource {
  readonly partition: number;
  readonly taken: number;
  readonly passed: number;
  /** Behind the cursor's back: decided out of order. */
  readonly decided: number;
  readonly undecided: number;
  readonly confirmed: number;
  readonly oldest_ms: number | null;
}

/** Neither delivered nor in the exceptions. */
function waitingIn({ taken, passed, decided }: PartitionRow): number {
  return taken - passed - decided;
}

async function readPartitions(client: ClientBase, sourceIds: readonly number[]): Promise<PartitionRow[]> {
  const { rows } = await client.query<PartitionRow>(
    // What is not there to be counted is not looked for: a look costs one into each day's partition.
    `select h.source_id as "sourceId", h.partition, coalesce(c.undecided, 0) as undecided,
       coalesce(a.confirmed_count, 0) as confirmed,
       coalesce(t.taken_count, 0) + case when h.last_seq > coalesce(t.taken_seq, 0) then (
         select count(*) from event_body b where b.source_id = h.source_id and b.partition = h.partition
           and b.seq > coalesce(t.taken_seq, 0) and b.seq <= h.last_seq
           and b.logged_at >= coalesce(t.taken_logged_at, '-infinity')
       ) else 0 end as taken,
       coalesce(t.passed_count, 0) + case when c.cursor_seq > coalesce(t.passed_seq, 0) then (
         select count(*) from event_body b where b.source_id = h.source_id and b.partition = h.partition
           and b.seq > coalesce(t.passed_seq, 0) and b.seq <= c.cursor_seq
           and b.logged_at >= coalesce(t.passed_logged_at, '-infinity')
       ) else 0 end as passed,
       case when octet_length(c.decided) > 0 then (
         select count(*) from event_body b where b.source_id = h.source_id and b.partition = h.partition
           and b.seq > c.cursor_seq and b.seq <= c.cursor_seq + octet_length(c.decided) * 8
           and b.logged_at >= c.cursor_logged_at and get_bit(c.decided, (b.seq - c.cursor_seq - 1)::int) = 1
       ) else 0 end + case when h.last_seq > coalesce(c.intended_seq, 0) then (
         -- Put back after a loss: in the exceptions before any drain has come to them.
         select count(distinct x.seq) from exception x where x.source_id = h.source_id and x.partition = h.partition
           and x.seq > coalesce(c.intended_seq, 0) and x.seq <= h.last_seq
       ) else 0 end as decided,
       (extract(epoch from clock_timestamp() - oldest.logged_at) * 1000)::float8 as oldest_ms
     from partition_head h left join partition_cursor c using (source_id, partition)
       left join partition_tally t using (source_id, partition)
       left join partition_audit a using (source_id, partition)
       left join lateral (
         select b.logged_at from event_body b
         where b.source_id = h.source_id and b.partition = h.partition and b.seq > coalesce(c.cursor_seq, 0)
           and b.logged_at >= coalesce(c.cursor_logged_at, '-infinity') and h.last_seq > coalesce(c.cursor_seq, 0)
         order by b.seq limit 1
       ) oldest on true
     where h.source_id = any ($1) order by h.source_id, h.partition`,
    [sourceIds],
  );
  return rows;
}

interface ApartRow extends OfSource {
  /** Never in the log: unreadable, too large, or in conflict with an event of the same id. */
  readonly isArrival: boolean;
  readonly state: string;
  readonly nextAction: string | null;
  readonly resolution: string | null;
  readonly decision: string | null;
  readonly count: number;
}

/** Exceptions whose event is not accepted, each event by its newest one; a repeated event is delivered, and stands beside. */
async function readApart(client: ClientBase, sourceIds: readonly number[]): Promise<ApartRow[]> {
  const { rows } = await client.query<ApartRow>(
    `select e.source_id as "sourceId", e.body_mac is not null as "isArrival", e.state, e.next_action as "nextAction", e.resolution, e.decision,
       count(*) as count
     from exception e
     where e.source_id = any ($1) and e.reason <> 'repeated'
       and (e.state <> 'resolved' or e.resolution <> 'delivered' or e.decision = 'mark-delivered')
       and not exists (
         select from exception later where later.source_id = e.source_id and later.partition = e.partition
           and later.seq = e.seq and later.id > e.id)
       and not exists (
         select from exception later where later.source_id = e.source_id and later.event_id = e.event_id
           and later.body_mac = e.body_mac and later.id > e.id)
     group by 1, 2, 3, 4, 5, 6`,
    [sourceIds],
  );
  return rows;
}

interface OpenRow extends OfSource {
  readonly reason: string;
  readonly state: string;
  readonly count: number;
  readonly oldest_ms: number;
}

async function readOpen(client: ClientBase, sourceIds: readonly number[]): Promise<OpenRow[]> {
  const { rows } = await client.query<OpenRow>(
    `select source_id as "sourceId", reason, state, count(*) as count,
       (extract(epoch from clock_timestamp() - min(created_at)) * 1000)::float8 as oldest_ms
     from exception where source_id = any ($1) and state <> 'resolved'
     group by source_id, reason, state order by source_id, reason, state`,
    [sourceIds],
  );
  return rows;
}

interface LakeRow extends OfSource {
  readonly asOf?: Date;
  readonly readable: boolean;
  readonly repeated: number;
}

/** Of a source that is not there. */
const UNKNOWN_LAKE = { readable: false, repeated: 0 } as const;

async function readLakes(client: ClientBase, sourceIds: readonly number[]): Promise<LakeRow[]> {
  const { rows } = await client.query<LakeRow>(
    `select id as "sourceId", clock_timestamp() as "asOf", coalesce(lake_state <> 'refused', false) as readable,
       (select count(*) from exception e where e.source_id = s.id and reason = 'repeated') as repeated
     from source s where id = any ($1)`,
    [sourceIds],
  );
  return rows;
}

function bySource<Row extends OfSource>(rows: readonly Row[]): ReadonlyMap<number, readonly Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.sourceId);
    if (group === undefined) groups.set(row.sourceId, [row]);
    else group.push(row);
  }
  return groups;
}

function byReason(rows: readonly OpenRow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason, count } of rows) counts[reason] = (counts[reason] ?? 0) + count;
  return counts;
}

function sum<Row>(rows: readonly Row[], of: (row: Row) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

function oldest(rows: readonly { readonly oldest_ms: number | null }[]): number | undefined {
  const ages = rows.flatMap((row) => (row.oldest_ms === null ? [] : [Math.round(row.oldest_ms)]));
  return ages.length === 0 ? undefined : Math.max(...ages);
}
