/** What was refused in one form is sent again in another, in the same transaction in which the other becomes what leaves. */
import type { Projection } from '../../domain/projection/projection.js';
import { type Database, inTransaction } from '../connection/database.js';
import { epochOf } from '../exceptions/destinations.js';
import { loggedEvent, movingSql, openingSql } from '../exceptions/writing.js';
import { type ChosenCanary, recordCanaryIn } from './canaries.js';
import { setProjectionIn } from './projections.js';

export interface RefusedCanary extends Pick<ChosenCanary, 'kind' | 'eventId'> {
  /** Failed batches that have it. */
  readonly refusedIn: readonly string[];
  /** For people; kept for ever. */
  readonly fact: string;
}

/** With the gate closed and nothing under way. They were refused by Adobe, so no copy of them is in the lake. */
export async function sendReshaped(
  database: Database,
  sourceId: number,
  projection: Projection,
  refused: readonly RefusedCanary[],
): Promise<void> {
  await inTransaction(database, async (client) => {
    for (const { refusedIn, ...canary } of refused) {
      await recordCanaryIn(client, sourceId, canary, { kind: 'refused', refusedIn });
      const values = [sourceId, canary.eventId, canary.fact];
      const moved = await client.query(
        movingSql('reshaped', {
          fact: '$3',
          where: `e.source_id = $1 and e.event_id = decode($2, 'hex')`,
          returning: 'e.id',
        }),
        values,
      );
      if (moved.rowCount !== 0) continue;
      await client.query(
        openingSql('reshaped', {
          event: loggedEvent('b'),
          fact: '$3',
          attemptAt: 'clock_timestamp()',
          attemptEpoch: 'b.epoch',
          from: `(
            select b.*, ${epochOf('b')} as epoch from event_id i join event_body b
              on b.source_id = i.source_id and b.partition = i.partition and b.seq = i.seq and b.logged_at = i.logged_at
            where i.source_id = $1 and i.event_id = decode($2, 'hex')
              and not exists (select from exception x where x.source_id = i.source_id and x.event_id = i.event_id)
          ) b`,
        }),
        values,
      );
    }
    await setProjectionIn(client, sourceId, projection, { canaries: true });
  });
}
