/** Erases bodies that the log could not carry, some time after a person has decided about them. Undecided ones stay for ever. */
import type { Database } from './database.js';

/** Of an abandoned one: time to see that the decision was a wrong one, and to restore the row by hand. */
const GRACE = '1 day';
const ERASED_AT_ONCE = 500;
/** What was turned away has no body, only its id and digest. */
const NOTED_FOR = '90 days';

/** @returns how many */
export async function eraseDecidedBodies({ pool }: Database): Promise<number> {
  const { rowCount } = await pool.query(
    `update exception set sealed = null, version = version + 1,
       evidence = evidence || jsonb_build_object('at', clock_timestamp(), 'fact', 'its body was erased')
     where id in (
       select e.id from exception e join source s on s.id = e.source_id
         cross join lateral (
           select coalesce((s.delivery ->> 'retentionMs')::float8, 0) * interval '1 millisecond' as retention
         ) kept
       where e.sealed is not null and e.state = 'resolved' and e.resolved_at
         + case when e.resolution = 'abandoned' then least(interval '${GRACE}', retention) else retention end
         < clock_timestamp()
       limit ${ERASED_AT_ONCE} for update of e skip locked
     )`,
  );
  return rowCount ?? 0;
}

export async function forgetTurnedAway({ pool }: Database): Promise<void> {
  await pool.query(`delete from turned_away where last_at < clock_timestamp() - interval '${NOTED_FOR}'`);
}
