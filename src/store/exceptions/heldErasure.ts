/**
 * Erases the bodies of events, some time after a person has decided that they are not to be sent: those that the log could not
 * carry, and those that it has. Undecided ones stay for ever.
 */
import type { Database } from '../connection/database.js';
import { movingSql } from './writing.js';

/** Of an abandoned one: time to see that the decision was a wrong one, and to restore the row by hand. */
const GRACE = '1 day';
const ERASED_AT_ONCE = 500;
/** Of the source `s`: what a delivered event is kept for. */
const RETENTION = `coalesce((s.delivery ->> 'retentionMs')::float8, 0) * interval '1 millisecond'`;
const ERASED_FACT = `'its body was erased'`;
/** What was turned away has no body, only its id and digest. */
const NOTED_FOR = '90 days';

/** @returns how many */
export async function eraseDecidedBodies({ pool }: Database): Promise<number> {
  const { rowCount } = await pool.query(
    movingSql('body-erased', {
      fact: ERASED_FACT,
      where: `e.id in (
       select e.id from exception e join source s on s.id = e.source_id
         cross join lateral (select ${RETENTION} as retention) kept
       where e.sealed is not null and e.state = 'resolved' and e.resolved_at
         + case when e.resolution = 'abandoned' then least(interval '${GRACE}', retention) else retention end
         < clock_timestamp()
       limit ${ERASED_AT_ONCE} for update of e skip locked
     )`,
    }),
  );
  return rowCount ?? 0;
}

/**
 * The log's row stays, emptied: counts, audits and later looks into the lake go by it. What the inlet said of the event, which may
 * quote it, goes as well.
 *
 * @returns how many
 */
export async function eraseAbandonedBodies({ pool }: Database): Promise<number> {
  const { rowCount } = await pool.query(
    `with due as (
       select e.id, e.source_id, e.partition, e.seq, e.logged_at, e.event_id
       from exception e join source s on s.id = e.source_id
       where e.seq is not null and e.state = 'resolved' and e.resolution = 'abandoned' and e.body_erased_at is null
         and e.resolved_at < clock_timestamp() - least(interval '${GRACE}', ${RETENTION})
         and not exists (
           select from exception o where o.source_id = e.source_id and o.event_id = e.event_id and o.seq is not null
             and o.state <> 'resolved'
         )
       order by e.resolved_at limit ${ERASED_AT_ONCE} for update of e skip locked
     ), emptied as (
       update event_body b set sealed = '' from due d
       where b.source_id = d.source_id and b.partition = d.partition and b.seq = d.seq and b.logged_at = d.logged_at
     ), unquoted as (
       delete from inlet_answer a using due d where a.source_id = d.source_id and a.event_id = d.event_id
     )
     ${movingSql('log-body-erased', { fact: ERASED_FACT, from: 'due d', where: 'e.id = d.id' })}`,
  );
  return rowCount ?? 0;
}

export async function forgetTurnedAway({ pool }: Database): Promise<void> {
  await pool.query(`delete from turned_away where last_at < clock_timestamp() - interval '${NOTED_FOR}'`);
}
