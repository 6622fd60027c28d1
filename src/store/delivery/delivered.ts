/** What the store knows of whether a source's dataset may hold events. */
import type { Database } from '../connection/database.js';

/**
 * True once anything was intended or sent: cursors and exceptions that were attempted stay for ever. True also while webhooks
 * are taken and the gate is open: a forwarder may be about to send the first one. A source that never came so far has
 * delivered nothing.
 */
export async function mayHaveDelivered(database: Database, sourceId: number): Promise<boolean> {
  const { rows } = await database.pool.query<{ may: boolean }>(
    `select exists (select from partition_cursor where source_id = $1 and intended_seq > 0)
       or exists (select from exception where source_id = $1 and attempts > 0)
       or exists (select from gate join route using (source_id)
                  where source_id = $1 and open and (expires_at is null or expires_at > clock_timestamp())) as may`,
    [sourceId],
  );
  return rows[0]?.may ?? true;
}
