/** A source whose cursor has passed its events, and exceptions of them as the table may have them. */
import type { Database } from '../../../src/store/connection/database.js';
import { type LoggedSource, loggedSource } from '../delivery/claimedSource.js';

/** The cursor of its only partition stands at the last of so many events. */
export async function passedSource(database: Database, count: number): Promise<LoggedSource> {
  const source = await loggedSource(database, count);
  await passTo(database, source.sourceId, 0, count);
  return source;
}

export async function passTo(database: Database, sourceId: number, partition: number, seq: number): Promise<void> {
  await database.pool.query(
    `insert into partition_cursor (source_id, partition, cursor_seq, intended_seq) values ($1, $2, $3, $3)
     on conflict (source_id, partition) do update set cursor_seq = $3, intended_seq = $3`,
    [sourceId, partition, seq],
  );
}

/** Some columns of an exception, as SQL expressions. */
export type Columns = Readonly<Record<string, string>>;

/** It was accepted by its only attempt, two minutes ago, and nobody has looked for it since. */
export const DELIVERED: Columns = {
  reason: `'unknown'`,
  state: `'resolved'`,
  resolution: `'delivered'`,
  resolved_at: ago('2 minutes'),
  attempts: '1',
};

/** An attempt began a minute ago, and its answer should have come a second ago. */
export const OVERDUE: Columns = {
  reason: `'missing'`,
  state: `'sending'`,
  attempts: '2',
  attempt_at: ago('1 minute'),
  next_at: ago('1 second'),
};

/** It is to be sent again, as soon as a drain comes to it. */
export const TO_RESEND: Columns = {
  reason: `'refused'`,
  state: `'waiting'`,
  next_action: `'resend'`,
  attempts: '1',
  next_at: ago('1 second'),
};

/** The lake could not be read when it was looked for. */
export const AWAITS_LAKE: Columns = {
  reason: `'unknown'`,
  state: `'held'`,
  attempts: '1',
  version: '3',
  awaits_lake: '3',
};

export function ago(interval: string): string {
  return `clock_timestamp() - interval '${interval}'`;
}

/** Later than the database's clock. */
export function ahead(interval: string): string {
  return `clock_timestamp() + interval '${interval}'`;
}

/** Of the event with that number in the source's only partition. @returns the number of the exception */
export async function except(database: Database, sourceId: number, seq: number, columns: Columns): Promise<number> {
  const { rows } = await database.pool.query<{ id: number }>(
    `insert into exception (source_id, partition, kind, event_id, seq, logged_at, ${Object.keys(columns).join(', ')})
     select source_id, partition, kind, event_id, seq, logged_at, ${Object.values(columns).join(', ')}
     from event_body where source_id = $1 and seq = $2 returning id`,
    [sourceId, seq],
  );
  if (rows[0] === undefined) throw new Error(`the source has no event ${seq}`);
  return rows[0].id;
}

export interface ExceptionNow {
  readonly reason: string;
  readonly state: string;
  readonly nextAction: string | null;
  readonly resolution: string | null;
  readonly attempts: number;
  readonly version: number;
  readonly confirmed: boolean;
  /** Whether its next action is due. */
  readonly due: boolean;
  readonly facts: readonly string[];
}

/** Of the source, oldest first. */
export async function exceptionsNow(database: Database, sourceId: number): Promise<ExceptionNow[]> {
  const { rows } = await database.pool.query<ExceptionNow>(
    `select reason, state, next_action as "nextAction", resolution, attempts, version, confirmed_at is not null as confirmed,
       coalesce(next_at <= clock_timestamp(), false) as due,
       array(select fact ->> 'fact' from jsonb_array_elements(evidence) fact) as facts
     from exception where source_id = $1 order by id`,
    [sourceId],
  );
  return rows;
}

/** How many events of the partition were found in the lake; undefined: it has no row. */
export async function confirmedCount(database: Database, sourceId: number, partition = 0): Promise<number | undefined> {
  const { rows } = await database.pool.query<{ confirmed_count: number }>(
    'select confirmed_count from partition_audit where source_id = $1 and partition = $2',
    [sourceId, partition],
  );
  return rows[0]?.confirmed_count;
}
