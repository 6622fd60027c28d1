/** What of the events that were sent to one flow is not known yet. */
import type { FlowOutstanding } from '../../domain/source/updating/replacing.js';
import type { Database } from '../connection/database.js';
import { UNCONFIRMED } from '../exceptions/confirmation.js';
import { isUnproven } from '../exceptions/destinations.js';
import { DELIVERED } from '../exceptions/writing.js';

/** Highest seq that a cursor stands for, whatever lies between. */
const sentThrough = (row: string): string => `(${row}.cursor_seq + coalesce((
  select max(n) + 1 from generate_series(0, octet_length(${row}.decided) * 8 - 1) n where get_bit(${row}.decided, n::int) = 1), 0))`;

/**
 * By the epochs of the gate under which it was led to. Of attempts of which no epoch is known it counts as one of them.
 *
 * What is to be sent again is known not to be there, and what was accepted where there is no proof is never looked for. Accepted events: those up to where the first claim under a later epoch began that the look into the lake has not passed.
 */
export async function countOfFlow(database: Database, sourceId: number, flowId: string): Promise<FlowOutstanding> {
  const { rows } = await database.pool.query<FlowOutstanding>(
    `with led as (
       select d.epoch, ${isUnproven('d')} as unproven from epoch_destination d where d.source_id = $1 and d.flow_id = $2
     ), own as (
       select e.*,
         -- Until the look into the lake has passed it, it is counted with what was accepted.
         e.seq > coalesce(a.audited_seq, 0) as ahead
       from exception e left join partition_audit a using (source_id, partition)
       where e.source_id = $1 and e.attempts > 0 and e.reason <> 'repeated'
         and (e.state <> 'resolved' or ${DELIVERED})
         and (cardinality(e.attempt_epochs) = 0 or exists (
           select from unnest(e.attempt_epochs) attempt (epoch) where attempt.epoch is null or attempt.epoch in (select epoch from led)))
     ), without_proof as (
       select bool_and(unproven) as "all" from led
     ), accepted as (
       select greatest(sent.through - coalesce(a.audited_seq, 0), 0) as count
       from partition_cursor c left join partition_audit a using (source_id, partition)
       left join lateral (
         select p.cursor_seq, p.decided from partition_epoch p
         where p.source_id = c.source_id and p.partition = c.partition and p.epoch > (select max(epoch) from led)
         order by p.epoch limit 1
       ) later on true
       cross join lateral (
         select case when later.cursor_seq is null then ${sentThrough('c')} else ${sentThrough('later')} end as through
       ) sent
       where c.source_id = $1 and exists (
         select from partition_epoch p where p.source_id = c.source_id and p.partition = c.partition and p.epoch in (select epoch from led))
     )
     select
       ((select case when (select "all" from without_proof) then 0 else coalesce(sum(count), 0) end from accepted)
         + (select count(*) from own e where (ahead is not true or (select "all" from without_proof)) and (${UNCONFIRMED} or state = 'sending'
             or (state = 'waiting' and next_action <> 'resend'))))::float8 as count,
       (select count(*) from own where state = 'held' and reason in ('unknown', 'missing')) as held,
       exists (select from led) as used`,
    [sourceId, flowId],
  );
  return rows[0] ?? { count: 0, held: 0, used: true };
}
