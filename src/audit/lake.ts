/** What the lake holds, in the order of ids, over Query Service: in pages, each bounded by time. */
import { type Identified, join, none } from './merge.js';

export interface LakeCopies extends Identified {
  readonly copies: number;
}

/** Runs one statement; values stand in its text. */
export type LakeQuery = (text: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;

export interface LakeTable {
  readonly query: LakeQuery;
  /** The dataset's tag `adobe/pqs/table`. */
  readonly table: string;
}

/** Most rows of an answer without LIMIT ("Query Service guardrails"). */
const PAGE = 50_000;
const OUR_ID = /^[0-9a-f]{64}$/;
const TABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const FOUND_AT_ONCE = 500;

/**
 * Of all tables together, ascending. Rows whose `_id` has another form than ours are given to `onForeign`: they have no place in the
 * order of ours.
 */
export function lakeCopies(
  lakes: readonly LakeTable[],
  between: Between,
  onForeign: (row: LakeCopies) => void,
): AsyncIterable<LakeCopies> {
  const each = lakes.map((lake) => copiesInTable(lake, between, onForeign));
  return each.reduce<AsyncIterable<LakeCopies>>(together, none());
}

async function* together(left: AsyncIterable<LakeCopies>, right: AsyncIterable<LakeCopies>) {
  for await (const { id, a, b } of join(left, right)) yield { id, copies: (a?.copies ?? 0) + (b?.copies ?? 0) };
}

interface Between {
  readonly from: Date;
  readonly to: Date;
}

async function* copiesInTable(
  { query, table }: LakeTable,
  between: Between,
  onForeign: (row: LakeCopies) => void,
): AsyncGenerator<LakeCopies> {
  let after = '';
  for (;;) {
    const rows = await query(
      `SELECT _id, count(*) AS copies FROM ${named(table)} WHERE ${within(between)} AND _id > '${after.replaceAll("'", "''")}' GROUP BY _id ORDER BY _id LIMIT ${PAGE}`,
    );
    for (const row of rows.map(copiesIn)) {
      if (OUR_ID.test(row.id)) yield row;
      else onForeign(row);
    }
    if (rows.length < PAGE) return;
    after = String(rows.at(-1)?.['_id']);
  }
}

/** Looks for single events in all tables, wherever their own time puts them. */
export async function findCopies(
  lakes: readonly LakeTable[],
  events: readonly SoughtEvent[],
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const lake of lakes) await addCopies(found, lake, events);
  return found;
}

interface SoughtEvent {
  readonly id: string;
  readonly occurredAt: Date;
}

async function addCopies(found: Map<string, number>, { query, table }: LakeTable, events: readonly SoughtEvent[]) {
  for (let start = 0; start < events.length; start += FOUND_AT_ONCE) {
    const some = events.slice(start, start + FOUND_AT_ONCE).filter(({ id }) => OUR_ID.test(id));
    const times = some.map(({ occurredAt }) => occurredAt.getTime());
    const between = { from: new Date(Math.min(...times)), to: new Date(Math.max(...times)) };
    const rows = await query(
      `SELECT _id, count(*) AS copies FROM ${named(table)} WHERE ${within(between)} AND _id IN (${some.map(({ id }) => `'${id}'`).join(', ')}) GROUP BY _id LIMIT ${FOUND_AT_ONCE}`,
    );
    for (const { id, copies } of rows.map(copiesIn)) found.set(id, (found.get(id) ?? 0) + copies);
  }
}

function copiesIn(row: Readonly<Record<string, unknown>>): LakeCopies {
  return { id: String(row['_id']), copies: Number(row['copies']) };
}

/** Tables of the lake are partitioned by the day of `timestamp`; a day more on both sides forgives time zones. */
function within({ from, to }: { readonly from: Date; readonly to: Date }): string {
  return `timestamp >= ${literal(from.getTime() - DAY_MS)} AND timestamp < ${literal(to.getTime() + DAY_MS)}`;
}

const DAY_MS = 86_400_000;

function literal(timeMs: number): string {
  return `TIMESTAMP '${new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')}'`;
}

function named(table: string): string {
  if (!TABLE.test(table)) throw new Error('the name of the dataset’s table is not one');
  return table;
}
