/** Reads whether commits are durable. What the role may not see is left out, and said to be unknown. */
import { type Durability, durabilityOf } from '../../domain/durability.js';
import type { Database } from './database.js';

/** Connections of ours ask for `synchronous_commit`, and refuse a server without `fsync`, in `session.ts`. */
export async function readDurability(database: Database): Promise<Durability> {
  const { rows } = await database.pool.query<Row>(
    `select current_setting('fsync', true) as fsync, current_setting('full_page_writes', true) as "fullPageWrites",
       current_setting('synchronous_commit', true) as "synchronousCommit",
       current_setting('synchronous_standby_names', true) as "synchronousStandbys",
       (select coalesce(json_agg(sync_state), '[]') from pg_stat_replication) as standbys`,
  );
  const [row] = rows;
  return durabilityOf({
    fsync: row?.fsync ?? undefined,
    fullPageWrites: row?.fullPageWrites ?? undefined,
    synchronousCommit: row?.synchronousCommit ?? undefined,
    synchronousStandbys: row?.synchronousStandbys ?? undefined,
    standbys: (row?.standbys ?? []).map((state) => state ?? undefined),
  });
}

interface Row {
  readonly fsync: string | null;
  readonly fullPageWrites: string | null;
  readonly synchronousCommit: string | null;
  readonly synchronousStandbys: string | null;
  readonly standbys: readonly (string | null)[];
}
