/**
 * After the database was set back to an earlier state: what it believes to be unsent may have been sent since. All gates
 * are closed, and everything that was in the log then and is not delivered becomes `unknown`, as of now: it is looked for in
 * the lake, and held where that cannot tell.
 */
import type { PoolClient } from 'pg';
import { countUndecided, emptyWindow, record, sequencesIn, type Window } from '../domain/cursor.js';
import type { RestoredReport, RestoredSource } from '../domain/passingEvents.js';
import { withoutException } from './bodies.js';
import { lockCursor, type PartitionId, settleLeftovers } from './claim.js';
import { type Database, inTransaction, withoutTimeLimits } from './database.js';
import { closeGate } from './gate.js';

/** @param by who says that it was set back */
export async function restoredReport(
  database: Database,
  { since, apply, by }: { readonly since: string; readonly apply: boolean; readonly by: string },
): Promise<RestoredReport> {
  const at = new Date(since);
  const sources = apply
    ? await settleRestored(database, at, `the database was set back to ${since} (said by ${by})`)
    : await previewRestored(database, at);
  return { v: 1, since, applied: apply, sources };
}

/** What {@link settleRestored} would do. Nothing is changed. */
export async function previewRestored(database: Database, since: Date): Promise<RestoredSource[]> {
  return withoutTimeLimits(database, async ({ pool }) => {
    const { rows } = await pool.query<RestoredSource>(
      `select s.name,
         (select count(*) from event_body b left join partition_cursor c using (source_id, partition)
          where b.source_id = s.id and b.logged_at <= $1 and b.seq > coalesce(c.cursor_seq, 0)) as events,
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
export async function settleRestored(database: Database, since: Date, reason: string): Promise<RestoredSource[]> {
  const { rows: sources } = await database.pool.query<{ id: number; name: string }>(
    'select id, name from source where retired_at is null order by name',
  );
  // All first: no intent is written from here on.
  for (const { id } of sources) await closeGate(database, id, reason);
  return withoutTimeLimits(database, async (patient) => {
    const settled: RestoredSource[] = [];
    for (const { id, name } of sources) {
      let events = 0;
      for (const partition of await partitionsOf(patient, id)) {
        const at = { sourceId: id, partition };
        events += await inTransaction(patient, (client) => settlePartition(client, at, { loggedUntil: since }));
      }
      settled.push({ name, events, exceptions: await settleExceptions(patient.pool, { sourceId: id }, since) });
    }
    return settled;
  });
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

const FACT = `jsonb_build_object('at', clock_timestamp(), 'fact', 'the database was set back: it may have been sent since')`;

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
export async function settlePartition(client: PoolClient, id: PartitionId, sent: MaySent): Promise<number> {
  const row = await lockCursor(client, id);
  const leftovers = countUndecided(row.window);
  const window = leftovers === 0 ? row.window : await settleLeftovers(client, id, row);
  const through = Math.max(
    window.cursor,
    'throughSeq' in sent ? sent.throughSeq : await lastLogged(client, id, sent.loggedUntil),
  );
  const fence = 'fence' in sent ? sent.fence : undefined;
  const { rowCount } = await client.query(
    `insert into exception (source_id, partition, kind, event_id, seq, logged_at, occurred_at, reason, state,
       next_action, next_at, attempts, attempt_fence, attempt_at, evidence)
     select source_id, partition, kind, event_id, seq, logged_at, occurred_at, 'unknown', 'waiting',
       'look-up', clock_timestamp(), 1, $6::bigint, clock_timestamp(), jsonb_build_array(${FACT})
     from event_body b where source_id = $1 and partition = $2 and seq > $3 and seq <= $4 and not seq = any ($5)
       and ${withoutException('b')}`,
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
function passThrough(window: Window, through: number): Window {
  if (through >= window.intended) return emptyWindow(Math.max(through, window.cursor));
  const decided = Array.from({ length: Math.max(through - window.cursor, 0) }, (_none, n) => window.cursor + 1 + n);
  return record(window, { decided, withdrawn: [] });
}

/** What was to be sent again may have been, and what is waited for may never be answered. */
export async function settleExceptions(
  connection: Pick<PoolClient, 'query'>,
  { sourceId, partition }: { readonly sourceId: number; readonly partition?: number },
  since: Date,
): Promise<number> {
  const { rowCount } = await connection.query(
    `update exception set state = 'waiting', reason = 'unknown', next_action = 'look-up', next_at = clock_timestamp(),
       attempts = greatest(attempts, 1), attempt_at = clock_timestamp(), version = version + 1, evidence = evidence || ${FACT}
     where source_id = $1 and ($3::smallint is null or partition = $3)
       and state in ('waiting', 'sending') and created_at <= $2`,
    [sourceId, since, partition ?? null],
  );
  return rowCount ?? 0;
}
