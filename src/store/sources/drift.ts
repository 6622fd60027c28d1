/** What the last look at a source's objects in Adobe has found: how much is not as it was left. */
import type { Database } from '../connection/database.js';

export async function noteDrift({ pool }: Database, sourceId: number, count: number): Promise<void> {
  await pool.query(
    `insert into source_drift (source_id, looked_at, drifted) values ($1, clock_timestamp(), $2)
     on conflict (source_id) do update set looked_at = excluded.looked_at, drifted = excluded.drifted`,
    [sourceId, count],
  );
}
