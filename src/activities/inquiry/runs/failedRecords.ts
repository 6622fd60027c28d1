/** The records that failed in a run, out of Adobe's failed batches: those that the run names, else those that failed in its time. */
import type { AdobeClients } from '../../../adobe/clients.js';
import type { FlowRun } from '../../../adobe/services/flowService.js';
import { MAX_FAILED_RECORDS } from '../../../domain/delivery/failedRecords.js';
import { findFlowDestination } from '../../flowDestination.js';

type Clients = Pick<AdobeClients, 'catalog' | 'dataAccess' | 'flowService'>;

interface FailedRecords {
  readonly records: readonly { readonly batchId: string; readonly record: Readonly<Record<string, unknown>> }[];
  /** So many more were seen. */
  readonly left: number;
  readonly byTime: boolean;
  readonly unreadable: readonly string[];
}

/** Someone waits for the answer. */
const MAX_BATCHES = 50;
/** Catalog's clock and that of the run. */
const CLOCK_MARGIN_MS = 300_000;
const HOUR_MS = 3_600_000;
/** "Data lake: up to 60 min". */
const LAKE_LATENCY_MS = HOUR_MS;
/** "`status`: failed"; Catalog's documentation uses `failure` as a value too. */
const STATUSES = ['failed', 'failure'];

export async function readFailedRecords(clients: Clients, run: FlowRun): Promise<FailedRecords> {
  const byTime = run.batchIds.length === 0;
  const batchIds = byTime ? await failedInItsTime(clients, run) : run.batchIds;
  const records: FailedRecords['records'][number][] = [];
  const unreadable: string[] = [];
  let left = 0;
  for (const batchId of batchIds.slice(0, MAX_BATCHES)) {
    if (records.length >= MAX_FAILED_RECORDS) break;
    // Undefined, or empty: a batch in which nothing failed, which a run may name too.
    for (const file of (await clients.dataAccess.listFailedFiles(batchId)) ?? []) {
      if (records.length >= MAX_FAILED_RECORDS) break;
      const read = await clients.dataAccess.readFailedRecords(batchId, file);
      const room = MAX_FAILED_RECORDS - records.length;
      records.push(...read.records.slice(0, room).map((record) => ({ batchId, record })));
      left += Math.max(0, read.records.length - room);
      if (read.unreadableLines > 0) unreadable.push(batchId);
    }
  }
  return { records, left, byTime, unreadable: [...new Set(unreadable)] };
}

async function failedInItsTime({ flowService, catalog }: Clients, run: FlowRun): Promise<string[]> {
  const from = run.startedAt ?? run.createdAt;
  const destination = await findFlowDestination({ flowService, catalog }, run.flowId);
  if (from === undefined || destination.state !== 'found') return [];
  const datasetId = destination.dataset.id;
  const createdAfterMs = from - CLOCK_MARGIN_MS;
  const lists = await Promise.all(STATUSES.map((status) => catalog.listBatches({ datasetId, createdAfterMs, status })));
  const until = (run.completedAt ?? from + HOUR_MS) + LAKE_LATENCY_MS + CLOCK_MARGIN_MS;
  const ofItsTime = lists.flat().filter(({ createdAt = 0 }) => createdAt <= until);
  return [...new Set(ofItsTime.map(({ id }) => id))];
}
