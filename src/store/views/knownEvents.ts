/** Which of some event ids are a source's own, and which of them are among its exceptions. */
import { type Kind, kindOfCode } from '../../domain/events/kinds.js';
import type { ExceptionReason } from '../../domain/exceptions/exceptions.js';
import type { ExceptionState } from '../../domain/exceptions/heldEvents.js';
import type { Database } from '../connection/database.js';

export interface KnownEvent {
  /** Absent for one of a later release. */
  readonly kind?: Kind;
  /** The newest. */
  readonly exception?: { readonly id: number; readonly reason: ExceptionReason; readonly state: ExceptionState };
}

/** By id, lower case hex; ids that the source never had are left out. */
export async function findKnownEvents(
  { pool }: Database,
  sourceId: number,
  eventIds: readonly string[],
): Promise<ReadonlyMap<string, KnownEvent>> {
  const { rows } = await pool.query<{
    event_id: string;
    kind: number;
    id: number | null;
    reason: ExceptionReason;
    state: ExceptionState;
  }>(
    `select encode(sought.event_id, 'hex') as event_id, coalesce(i.kind, x.kind) as kind, x.id, x.reason, x.state
     from unnest($2::bytea[]) sought (event_id)
       left join event_id i on i.source_id = $1 and i.event_id = sought.event_id
       left join lateral (
         select e.id, e.kind, e.reason, e.state from exception e
         where e.source_id = $1 and e.event_id = sought.event_id order by e.id desc limit 1
       ) x on true
     where i.kind is not null or x.id is not null`,
    [sourceId, eventIds.map((id) => Buffer.from(id, 'hex'))],
  );
  return new Map(
    rows.map(({ event_id: eventId, kind, id, reason, state }) => [
      eventId,
      { kind: kindOfCode(kind), ...(id === null ? {} : { exception: { id, reason, state } }) },
    ]),
  );
}
