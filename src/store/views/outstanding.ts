/** What of a source is not done yet: to be sent, or sent and not yet known to be in the lake. */
import { NO_PROOF } from '../../domain/exceptions/proof.js';
import type { UnconfirmedCount, UnsentCount } from '../../domain/source/teardown.js';
import type { Database } from '../connection/database.js';
import { UNCONFIRMED } from '../exceptions/confirmation.js';
import { isUnproven } from '../exceptions/destinations.js';
import { countEvents } from './eventCounts.js';
import { readGate } from '../delivery/gate.js';

export async function countUnsent(database: Database, sourceId: number): Promise<UnsentCount> {
  const [{ counters }, gate] = await Promise.all([countEvents(database, sourceId), readGate(database, sourceId)]);
  const count = counters.parts.waiting + counters.parts.sending;
  return { count, ...(gate === undefined || gate.opensInMs === 0 ? {} : { closed: gate.reason }) };
}

interface Row {
  readonly accepted: number;
  readonly excepted: number;
  readonly held: number;
  readonly lake: 'readable' | 'refused' | 'away' | null;
}

/**
 * Those that a cursor has passed and the look into the lake has not; and of the exceptions those that were sent.
 *
 * @param options.discard what waits to be sent again is not counted: it will not be
 */
export async function countUnconfirmed(
  database: Database,
  sourceId: number,
  { discard }: { readonly discard: boolean },
): Promise<UnconfirmedCount> {
  const { rows } = await database.pool.query<Row>(
    `select
       (select coalesce(sum(case when proof.never then 0 else greatest(c.cursor_seq - coalesce(a.audited_seq, 0), 0) end + c.undecided), 0)::float8
          from partition_cursor c left join partition_audit a using (source_id, partition)
            cross join (
              select coalesce(bool_and(${isUnproven('d')}), false) as never
              from partition_epoch join epoch_destination d using (source_id, epoch) where source_id = $1
            ) proof where c.source_id = $1) as accepted,
       (select count(*) from exception e where e.source_id = $1 and (${UNCONFIRMED} or state = 'sending'
          or (state = 'waiting' and not ($2 and next_action = 'resend')))) as excepted,
       (select count(*) from exception where source_id = $1 and state = 'held' and attempts > 0 and reason <> 'repeated') as held,
       (select case when s.lake_state = 'refused' and s.lake_detail = $3 then 'readable' else s.lake_state end
          from source s where s.id = $1) as lake`,
    // Nothing is looked for, so nothing is waited for that the lake would have to show.
    [sourceId, discard, NO_PROOF],
  );
  const { accepted = 0, excepted = 0, held = 0, lake } = rows[0] ?? {};
  return { count: accepted + excepted, held, ...(lake === 'refused' || lake === 'away' ? { lake } : {}) };
}
