import type { Database } from './database.js';

/** The time by the one clock that leases, the gate and every deadline go by. */
export async function readClock(database: Database): Promise<Date> {
  const { rows } = await database.pool.query<{ now: Date }>('select clock_timestamp() as now');
  return rows[0]?.now ?? new Date();
}
