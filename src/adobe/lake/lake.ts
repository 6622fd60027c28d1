/** What the lake holds of given events: the documented look-up by id, bounded by time. */
import type { LakeSession } from './lakeSession.js';
import { codedError } from '../../domain/errors.js';

export interface SoughtEvent {
  /** `_id`: 64 hexadecimal digits. */
  readonly eventId: string;
  /** As the event's `timestamp`. */
  readonly occurredAt: Date;
}

/** Ids in one statement: some 70 kB of it. */
const PAGE_EVENTS = 1_000;
/** A mapping may shift an event's time, as a zone's offset would; lake tables are partitioned by the day of `timestamp`. */
const MARGIN_MS = 86_400_000;

const EVENT_ID = /^[0-9a-f]{64}$/;
const TABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * @param table the dataset's tag `adobe/pqs/table`
 * @returns rows per event id; an id that has none is absent
 * @throws CodedError `CAEP_LAKE_REFUSED`, `CAEP_LAKE_UNAVAILABLE`
 */
export async function copiesOf(
  session: Pick<LakeSession, 'query'>,
  table: string,
  events: readonly SoughtEvent[],
): Promise<Map<string, number>> {
  const copies = new Map<string, number>();
  // Neighbours in time share a statement, so that its bounds leave out most of the table.
  const sorted = [...events].sort((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime());
  for (let start = 0; start < sorted.length; start += PAGE_EVENTS) {
    const rows = await session.query(lookUpStatement(table, sorted.slice(start, start + PAGE_EVENTS)));
    for (const row of rows) copies.set(String(row['_id']), Number(row['copies']));
  }
  return copies;
}

/** "Query Service: always bound by time"; without LIMIT an answer ends at 50,000 rows. */
export function lookUpStatement(table: string, events: readonly SoughtEvent[]): string {
  if (!TABLE.test(table) || !events.every(({ eventId }) => EVENT_ID.test(eventId))) {
    throw codedError('CAEP_INTERNAL', { reason: 'a table name or event id is not what it must be' });
  }
  const times = events.map(({ occurredAt }) => occurredAt.getTime());
  const from = timestampLiteral(Math.min(...times) - MARGIN_MS);
  const to = timestampLiteral(Math.max(...times) + MARGIN_MS);
  const ids = events.map(({ eventId }) => `'${eventId}'`).join(',');
  return `SELECT _id, count(*) AS copies FROM ${table} WHERE timestamp >= ${from} AND timestamp < ${to} AND _id IN (${ids}) GROUP BY _id LIMIT ${events.length}`;
}

function timestampLiteral(ms: number): string {
  return `TIMESTAMP '${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}'`;
}
