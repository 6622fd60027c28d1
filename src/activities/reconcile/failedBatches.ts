/** Events that Adobe refused after the inlet had accepted them: they are in failed batches of the dataset. */
import type { AdobeClients } from '../../adobe/clients.js';

export interface FailedEvents {
  /** Of the sought ones, lower case hex. */
  readonly found: ReadonlySet<string>;
  /** Batches that do not say of every record which event it was: one that was not found may be in them. */
  readonly unread: readonly string[];
}

/** "`status`: failed"; Catalog's documentation uses `failure` as a value too. */
const FAILED_STATUSES = ['failed', 'failure'];
/** Ours carry the id as `_id` or `eventId`; wherever it stands, 64 hexadecimal digits are nothing else. */
const EVENT_ID = /\b[0-9a-f]{64}\b/g;
/** Catalog's clock and ours. */
const CLOCK_MARGIN_MS = 300_000;

/** @param since batches made earlier are not read */
export async function readFailedEvents(
  { catalog, dataAccess }: Pick<AdobeClients, 'catalog' | 'dataAccess'>,
  datasetId: string,
  since: Date,
  sought: ReadonlySet<string>,
): Promise<FailedEvents> {
  const createdAfterMs = since.getTime() - CLOCK_MARGIN_MS;
  const lists = await Promise.all(
    FAILED_STATUSES.map((status) => catalog.listBatches({ datasetId, createdAfterMs, status })),
  );
  const found = new Set<string>();
  const unread = new Set<string>();
  for (const batchId of new Set(lists.flat().map(({ id }) => id))) {
    const files = await dataAccess.listFailedFiles(batchId);
    if (files === undefined || files.length === 0) unread.add(batchId);
    for (const file of files ?? []) {
      const { records, unreadableLines } = await dataAccess.readFailedRecords(batchId, file);
      if (unreadableLines > 0) unread.add(batchId);
      for (const record of records) {
        const ids = JSON.stringify(record).match(EVENT_ID) ?? [];
        // Adobe's own sample shows records of which only the errors are left.
        if (ids.length === 0) unread.add(batchId);
        for (const id of ids) if (sought.has(id)) found.add(id);
      }
    }
  }
  return { found, unread: [...unread] };
}
