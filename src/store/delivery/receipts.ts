/** The inlet's receipts, kept for support cases. Written by the flush, one packed row each. */
import type { PartitionId } from './claim.js';
import type { Database } from '../connection/database.js';
import type { ReceiptLine } from './flush.js';

/** @returns the receipts recorded for one event, oldest first: one, unless it was sent again */
export async function findReceipts(
  database: Database,
  event: PartitionId & { readonly seq: number },
): Promise<ReceiptLine[]> {
  const { rows } = await database.pool.query<{ lines: string }>(
    `select lines from receipt where source_id = $1 and partition = $2 and last_seq >= $3 and first_seq <= $3
     order by recorded_at`,
    [event.sourceId, event.partition, event.seq],
  );
  return rows
    .flatMap(({ lines }) => lines.split('\n'))
    .map(parseLine)
    .filter(({ seq }) => seq === event.seq);
}

function parseLine(line: string): ReceiptLine {
  const [seq, xactionId, receivedTimeMs] = line.split(' ');
  return { seq: Number(seq), xactionId: xactionId ?? '', receivedTimeMs: Number(receivedTimeMs) };
}

/** Rows dropped by one statement: short enough not to hold up what else is going on. */
const PRUNE_ROWS = 10_000;

/** Drops receipts that are older. @returns how many rows went; call again while it is not 0 */
export async function pruneReceipts(database: Database, olderThanMs: number): Promise<number> {
  const { rowCount } = await database.pool.query(
    `delete from receipt where ctid = any (array(
       select ctid from receipt where recorded_at < clock_timestamp() - $1 * interval '1 millisecond' limit $2))`,
    [olderThanMs, PRUNE_ROWS],
  );
  return rowCount ?? 0;
}
