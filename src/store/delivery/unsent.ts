/**
 * What a source that was torn down has not sent, or not learnt the outcome of, is held for a person: nobody sends it or looks for
 * it any more, and undecided it would keep the bodies of its days, those of other sources among them, for ever.
 */
import type { PoolClient } from 'pg';
import { record, sequencesIn } from '../../domain/delivery/cursor.js';
import { withoutException } from '../bodies/bodies.js';
import { lockCursor, type LoggedAt, makeLeftoversUnknown, type PartitionId } from './claim.js';
import { type Database, inTransaction } from '../connection/database.js';
import { expireUnanswered } from '../exceptions/exceptions.js';
import { loggedEvent, movingSql, openingSql } from '../exceptions/writing.js';

/** Events of one transaction. */
const PAGE = 1_000;

/** Sources that were torn down and have something that waits: a spool may have brought it afterwards. */
export async function sourcesWithUnsent(database: Database): Promise<number[]> {
  const { rows } = await database.pool.query<{ id: number }>(
    `select id from source s where retired_at is not null and (
       exists (select from partition_head h left join partition_cursor c using (source_id, partition)
               where h.source_id = s.id and h.last_seq > coalesce(c.cursor_seq, 0))
       or exists (select from exception e where e.source_id = s.id
                  and (e.state = 'waiting' or (e.state = 'sending' and e.next_at < clock_timestamp()))))
     order by id`,
  );
  return rows.map(({ id }) => id);
}

/**
 * Does nothing for a source that is not torn down. May be done again after an interruption.
 *
 * @param progress called between transactions; throws to interrupt
 * @returns how many events of the source are now held for a person, for whatever reason
 */
export async function holdUnsent(database: Database, sourceId: number, progress: () => void): Promise<number> {
  await expireUnanswered(database, sourceId);
  const { rows } = await database.pool.query<{ partition: number }>(
    'select partition from partition_head where source_id = $1 order by partition',
    [sourceId],
  );
  for (const { partition } of rows) {
    do progress();
    while (await inTransaction(database, (client) => holdPage(client, { sourceId, partition })));
  }
  do progress();
  while (await inTransaction(database, (client) => holdWaiting(client, sourceId)));
  const held = await database.pool.query<{ count: number }>(
    `select count(*) as count from exception where source_id = $1 and state = 'held' and reason <> 'repeated'`,
    [sourceId],
  );
  return held.rows[0]?.count ?? 0;
}

/** Locked, so that it is not provisioned again meanwhile. */
async function isRetired(client: PoolClient, sourceId: number): Promise<boolean> {
  const { rowCount } = await client.query('select from source where id = $1 and retired_at is not null for share', [
    sourceId,
  ]);
  return rowCount === 1;
}

const HELD_UNSENT = openingSql('unsent', {
  event: loggedEvent('page'),
  fact: `'the source was torn down before it was sent'`,
  from: `page where ${withoutException('page')}`,
});

/** Moves the cursor over the next events, which become exceptions. @returns whether there may be more */
async function holdPage(client: PoolClient, id: PartitionId): Promise<boolean> {
  if (!(await isRetired(client, id.sourceId))) return false;
  await client.query('insert into partition_cursor (source_id, partition) values ($1, $2) on conflict do nothing', [
    id.sourceId,
    id.partition,
  ]);
  const row = await lockCursor(client, id);
  // A drain still has it: what it leaves is held the next time.
  if (row.leaseLeftMs > 0) return false;
  const window = await makeLeftoversUnknown(client, id, row);
  const withdrawn = sequencesIn(window, 'withdrawn');
  const passed = record(window, { decided: withdrawn, withdrawn: [] });
  const { rows } = await client.query<{ seq: number; loggedAt: LoggedAt }>(
    `with page as (
       select source_id, partition, kind, event_id, seq, logged_at, occurred_at from event_body
       where source_id = $1 and partition = $2 and logged_at >= $3 and seq > $4 and (seq > $5 or seq = any ($6))
       order by seq limit $7
     ), held as (
       ${HELD_UNSENT}
     )
     select seq, logged_at as "loggedAt" from page order by seq desc limit 1`,
    [id.sourceId, id.partition, row.cursorLoggedAt, window.cursor, window.intended, withdrawn, withdrawn.length + PAGE],
  );
  const last = rows[0];
  const cursor = Math.max(passed.cursor, last?.seq ?? 0);
  await client.query(
    `update partition_cursor set cursor_seq = $3, intended_seq = $3, decided = '', withdrawn = '', undecided = 0
     where source_id = $1 and partition = $2`,
    [id.sourceId, id.partition, cursor],
  );
  return last !== undefined && last.seq > window.intended;
}

/** Exceptions that wait for being sent again or looked for. @returns whether there may be more */
async function holdWaiting(client: PoolClient, sourceId: number): Promise<boolean> {
  if (!(await isRetired(client, sourceId))) return false;
  const { rowCount } = await client.query(
    movingSql('torn-down', {
      fact: `'the source was torn down: a person must decide'`,
      where: `e.id in (select id from exception where source_id = $1 and state = 'waiting' order by id limit $2 for update)`,
    }),
    [sourceId, PAGE],
  );
  return rowCount === PAGE;
}
