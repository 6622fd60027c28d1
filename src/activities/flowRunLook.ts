/** The slow look at the runs of a source's flows, beside other work at Adobe: it may fail, and nothing else fails with it. */
import type { AdobeClients } from '../adobe/clients.js';
import { AdobeCallError } from '../adobe/http/errors.js';
import type { Database } from '../store/connection/database.js';
import { readFlowIds } from '../store/exceptions/destinations.js';
import { flowRunsSeenForMs, noteFlowRuns } from '../store/views/flowRunLook.js';

/** Of them the figures are kept. */
const LOOKED_BACK_MS = 24 * 3_600_000;
/** A flow has one an hour. */
const MOST_RUNS = 100;
/** A filter is a part of a URL. */
const MOST_FLOWS = 4;

interface LookedAt {
  readonly sourceId: number;
  /** Not again before so long after the last look. */
  readonly everyMs: number;
}

export async function lookAtFlowRuns(
  database: Database,
  { flowService }: Pick<AdobeClients, 'flowService'>,
  { sourceId, everyMs }: LookedAt,
): Promise<void> {
  const seenForMs = await flowRunsSeenForMs(database, sourceId);
  if (seenForMs !== undefined && seenForMs < everyMs) return;
  const flowIds = (await readFlowIds(database, sourceId)).slice(0, MOST_FLOWS);
  if (flowIds.length === 0) return;
  try {
    const startedAfterMs = Date.now() - LOOKED_BACK_MS;
    const runs = await flowService.listRuns(flowIds, { startedAfterMs, limit: MOST_RUNS });
    const [newest] = runs;
    await noteFlowRuns(database, sourceId, {
      newest: newest && { id: newest.id, at: timeOf(newest.startedAt ?? newest.createdAt) },
      failedRecords: runs.reduce((sum, { failedRecords = 0 }) => sum + failedRecords, 0),
    });
  } catch (error) {
    // Not there, or not allowed: the figure before stays, with its age.
    if (!(error instanceof AdobeCallError)) throw error;
  }
}

/** Undefined for a number that is no time. */
function timeOf(ms: number | undefined): Date | undefined {
  const time = new Date(ms ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
