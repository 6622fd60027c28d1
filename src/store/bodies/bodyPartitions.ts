/** Daily partitions of event bodies: made ahead, so that old bodies can be dropped whole. */
import type { Database } from '../connection/database.js';

const DAY_MS = 86_400_000;
/** A receiver calls every hour; three days are enough for a long weekend without one. */
const DAYS_AHEAD = 3;
/** PostgreSQL, appendix A: check_violation. Here: the default partition has rows of that day already. */
const CHECK_VIOLATION = '23514';

/** The days, as `YYYY-MM-DD` in UTC, that must have a partition. */
export function bodyDays(nowMs: number, daysAhead: number): string[] {
  return Array.from({ length: daysAhead + 1 }, (_, day) => isoDay(nowMs + day * DAY_MS));
}

/** `event_body_20261121` for `2026-11-21`. */
export function bodyPartitionName(day: string): string {
  return `event_body_${day.replaceAll('-', '')}`;
}

/**
 * Makes the partitions of today and the coming days where they are missing. Called after the migrations and every hour by each
 * receiver. A day that is missed costs nothing but that its bodies lie in the default partition.
 */
export async function ensureBodyPartitions(database: Database, daysAhead = DAYS_AHEAD): Promise<void> {
  const missing = await database.pool.query<{ day: string }>(
    `select day from unnest($1::text[]) as day where to_regclass('event_body_' || replace(day, '-', '')) is null`,
    [bodyDays(Date.now(), daysAhead)],
  );
  for (const { day } of missing.rows) await makePartition(database, day);
}

async function makePartition(database: Database, day: string): Promise<void> {
  try {
    await database.pool.query('select make_body_day($1)', [day]);
  } catch (error) {
    if ((error as { code?: string }).code !== CHECK_VIOLATION) throw error;
  }
}

function isoDay(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
