/**
 * After the database was set back to an earlier state: what it believes to be unsent may have been sent since. All gates
 * are closed, and everything that was in the log then and is not delivered becomes `unknown`, as of now: it is looked for in
 * the lake, and held where that cannot tell.
 */
import type { PoolClient } from 'pg';
import { countUndecided, type CursorWindow, emptyWindow, record, sequencesIn } from '../../domain/delivery/cursor.js';
import type { RestoredReport, RestoredSource } from '../../domain/events/shownEvents.js';
import { withoutException } from '../bodies/bodies.js';
import { lockCursor, makeLeftoversUnknown, type PartitionId } from './claim.js';
import { type Database, inTransaction, withoutTimeLimits } from '../connection/database.js';
import { loggedEvent, movingSql, openingSql } from '../exceptions/writing.js';
import { closeGate } from './gate.js';
import { recordDone } from '../history/operations.js';

/** @param by who says that it was set back */
export async function restoredReport(
  database: Database,
  { since, apply, by }: { readonly since: string; readonly apply: boolean; readonly by: string },
): Promise<RestoredReport> {
  const at = new Date(since);
  const sources = apply
    ? await applyRestored(database, at, `the database was restored to ${since} (reported by ${by})`, by)
    : await previewRestored(database, at);
  return { v: 1, since, applied: apply, sources };
}

/** By the cursor that stands before it. Bits are numbered from the lowest of each byte, as in `domain/delivery/cursor.ts`. */
const DECIDED = `case when b.seq <= c.intended_seq and b.seq <= c.cursor_seq + octet_length(c.decided) * 8
  then get_bit(c.decided, (b.seq - c.cursor_seq - 1)::int) = 1 else false end`;

/** What {@link applyRestored} would do. Nothing is changed. */
export async function previewRestored(database: Database, since: Date): Promise<RestoredSource[]> {
  return withoutTimeLimits(database, async ({ pool }) => {
    const { rows } = await pool.query<RestoredSource>(
      `select s.name,
         (select count(*) from event_body b left join partition_cursor c using (source_id, partition)
          where b.source_id = s.id and b.logged_at <= $1 and b.seq > coalesce(c.cursor_seq, 0) and not ${DECIDED}
            and ${withoutException('b', { sourceId: 'b.source_id', partition: 'b.partition' })}) as events,
         (select count(*) from exception e
          where e.source_id = s.id and e.created_at <= $1 and e.state in ('waiting', 'sending')) as exceptions
       from source s where retired_at is null order by s.name`,
      [since],
    );
    return rows;
  });
}

/**
 * @param since the time to which the database was set back
 * @param reason why the gates are closed, for people
 */
export async function applyRestored(
  database: Database,
  since: Date,
  reason: string,
  by?: string,
): Promise<RestoredSource[]> {
  const { rows: sources } = await database.pool.query<{ id: number; name: string }>(
    'select id, name from source where retired_at is null order by name',
  );
  const isRecorded = await hasHistory(database);
  // All first: no intent is written from here on.
  for (const { id } of sources) await closeGate(database, id, reason, { until: 'unpaused' });
  if (isRecorded) {
    const done = {
      id: `restored:${since.toISOString()}`,
      kind: 'doctor --restored',
      by,
      input: { since: since.toISOString() },
    };
    for (const { id } of sources) await recordDone(database.pool, id, done);
  }
  return withoutTimeLimits(database, async (patient) => {
    const reports: RestoredSource[] = [];
    for (const { id, name } of sources) {
      let events = 0;
      for (const partition of await partitionsOf(patient, id)) {
        const at = { sourceId: id, partition };
        events += await inTransaction(patient, (client) => makePartitionUnknown(client, at, { loggedUntil: since }));
      }
      reports.push({ name, events, exceptions: await makeExceptionsUnknown(patient.pool, { sourceId: id }, since) });
    }
    return reports;
  });
}

/** A copy of a database of 0.1 has none until a worker runs, which must not before. */
async function hasHistory({ pool }: Database): Promise<boolean> {
  const { rows } = await pool.query<{ has: boolean }>(`select to_regclass('operation') is not null as has`);
  return rows[0]?.has === true;
}

async function partitionsOf({ pool }: Database, sourceId: number): Promise<number[]> {
  await pool.query(
    `insert into partition_cursor (source_id, partition)
     select source_id, partition from partition_head where source_id = $1 on conflict do nothing`,
    [sourceId],
  );
  const { rows } = await pool.query<{ partition: number }>(
    'select partition from partition_cursor where source_id = $1 order by partition',
    [sourceId],
  );
  return rows.map(({ partition }) => partition);
}

const FACT = `'the database has gone back to an earlier state: the event may have been sent since'`;

/** What may have been sent: everything that was logged until then, or that one drain may have sent. */
export type MaySent =
  | { readonly loggedUntil: Date }
  | {
      readonly throughSeq: number /** Of that drain: what it learns of its attempts counts. */;
      readonly fence: number;
    };

/** Beyond every fence that anybody remembers from before. */
const FENCE_LEAP = 1_000_000;

/** Takes the fence, so that a drain that still runs records what it knows as facts and intends nothing more. */
export async function makePartitionUnknown(client: PoolClient, id: PartitionId, sent: MaySent): Promise<number> {
  const row = await lockCursor(client, id);
  const leftovers = countUndecided(row.window);
  const window = leftovers === 0 ? row.window : await makeLeftoversUnknown(client, id, row);
  const through = Math.max(
    window.cursor,
    'throughSeq' in sent ? sent.throughSeq : await lastLogged(client, id, sent.loggedUntil),
  );
  const fence = 'fence' in sent ? sent.fence : undefined;
  const { rowCount } = await client.query(
    openingSql('perhaps-sent', {
      event: loggedEvent('b'),
      fact: FACT,
      attemptFence: '$6::bigint',
      attemptAt: 'clock_timestamp()',
      from: `event_body b where source_id = $1 and partition = $2 and seq > $3 and seq <= $4 and not seq = any ($5)
               and ${withoutException('b')}`,
    }),
    [id.sourceId, id.partition, window.cursor, through, sequencesIn(window, 'decided'), fence ?? null],
  );
  const passed = passThrough(window, through);
  await client.query(
    `update partition_cursor set fence = greatest(fence + $8::bigint, $7::bigint) + 1, flush_number = 0, holder = null,
       lease_until = clock_timestamp(), handover_asked = false, cursor_seq = $3, intended_seq = $4, decided = $5,
       withdrawn = $6, undecided = 0
     where source_id = $1 and partition = $2`,
    [
      id.sourceId,
      id.partition,
      passed.cursor,
      passed.intended,
      passed.decided,
      passed.withdrawn,
      fence ?? 0,
      fence === undefined ? FENCE_LEAP : 0,
    ],
  );
  return leftovers + (rowCount ?? 0);
}

async function lastLogged(client: PoolClient, id: PartitionId, until: Date): Promise<number> {
  const { rows } = await client.query<{ through: number | null }>(
    'select max(seq) as through from event_body where source_id = $1 and partition = $2 and logged_at <= $3',
    [id.sourceId, id.partition, until],
  );
  return rows[0]?.through ?? 0;
}

/** The window once everything up to a number is decided. */
function passThrough(window: CursorWindow, through: number): CursorWindow {
  if (through >= window.intended) return emptyWindow(Math.max(through, window.cursor));
  const decided = Array.from({ length: Math.max(through - window.cursor, 0) }, (_none, n) => window.cursor + 1 + n);
  return record(window, { decided, withdrawn: [] });
}

/** What was to be sent again may have been, and what is waited for may never be answered. @param since absent: all, whatever our clock says */
export async function makeExceptionsUnknown(
  connection: Pick<PoolClient, 'query'>,
  { sourceId, partition }: { readonly sourceId: number; readonly partition?: number },
  since?: Date,
): Promise<number> {
  const { rowCount } = await connection.query(
    movingSql('set-back', {
      fact: FACT,
      where: `e.source_id = $1 and ($3::smallint is null or e.partition = $3) and e.created_at <= coalesce($2::timestamptz, 'infinity')`,
    }),
    [sourceId, since ?? null, partition ?? null],
  );
  return rowCount ?? 0;
}
