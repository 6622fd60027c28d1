/** Flow runs: hourly windows of a streaming flow, with the figures that the data plane counts. */
import type { Context, DataPlane, FlowRunFigures } from '../../context.js';
import { flowFamily } from '../../errorFamilies.js';
import type { JsonObject } from '../../values/json.js';
import { platformRoutes, type SimRequest } from '../../transport/request.js';
import { COLLECTIONS, type StoredFlow } from '../../state/stored.js';
import { listReply } from '../listing.js';
import { notFound } from '../refusals.js';

const PATH = '/data/foundation/flowservice/runs';

function statusOf({ closed, outputRecords, failedRecords }: FlowRunFigures): string {
  if (!closed) return 'inProgress';
  if (failedRecords === 0) return 'success';
  return outputRecords === 0 ? 'failed' : 'partialSuccess';
}

/** One for each failed batch: its manifest leads to the error diagnostics of that batch. */
function activitiesOf(run: FlowRunFigures, durationSummary: JsonObject, baseUrl: string): JsonObject[] {
  const activity = {
    name: 'Streaming ingestion',
    activityType: 'ingestion',
    updatedAtUTC: run.lastRecordAtMs,
    durationSummary,
  };
  const status = statusOf(run);
  if (run.failedBatches.length === 0) {
    return [{ id: `streamingIngestion-${run.id}`, ...activity, statusSummary: { status } }];
  }
  return run.failedBatches.map((batchId) => {
    const meta = `${baseUrl}/data/foundation/export/batches/${batchId}/meta`;
    const manifest = { failedRecords: `${meta}?path=row_errors`, sampleErrors: `${meta}?path=row_error_samples.json` };
    return {
      id: `streamingIngestion-${run.id}-${batchId}`,
      ...activity,
      statusSummary: { status, extensions: { manifest } },
      targetInfo: [{ reference: { type: 'Batch', ids: [batchId] } }],
    };
  });
}

function present(
  run: FlowRunFigures,
  flow: StoredFlow | undefined,
  { sandbox, caller, baseUrl }: SimRequest,
): JsonObject {
  const { clientId, userId, orgId } = caller;
  const durationSummary = { startedAtUTC: run.firstRecordAtMs, completedAtUTC: run.lastRecordAtMs };
  return {
    id: run.id,
    createdAt: run.windowStartMs,
    updatedAt: run.lastRecordAtMs,
    createdBy: flow?.createdBy ?? userId,
    updatedBy: flow?.createdBy ?? userId,
    createdClient: flow?.createdClient ?? clientId,
    updatedClient: flow?.createdClient ?? clientId,
    sandboxId: sandbox.id,
    sandboxName: sandbox.name,
    imsOrgId: orgId,
    flowId: run.flowId,
    flowSpec: flow?.flowSpec,
    providerRefId: flow?.providerRefId,
    etag: `"${run.id.slice(0, 8)}-0000-0200-0000-${Math.floor(run.lastRecordAtMs / 1_000).toString(16)}0000"`,
    metrics: {
      durationSummary,
      sizeSummary: { inputBytes: run.inputBytes, outputBytes: run.outputBytes },
      recordSummary: {
        inputRecordCount: run.inputRecords,
        createdRecordCount: run.outputRecords,
        outputRecordCount: run.outputRecords,
        failedRecordCount: run.failedRecords,
        warningRecordCount: run.warningRecords,
      },
      fileSummary: { inputFileCount: 0, outputFileCount: 0, activityRefs: [] },
      statusSummary: { status: statusOf(run), errors: run.errors.map(({ code, message }) => ({ code, message })) },
    },
    activities: activitiesOf(run, durationSummary, baseUrl),
  };
}

export function registerRuns(context: Context, dataPlane: DataPlane): void {
  const route = platformRoutes(context, flowFamily);
  const flows = context.state.collection<StoredFlow>(COLLECTIONS.flows);

  async function runs(request: SimRequest): Promise<readonly JsonObject[]> {
    const asked = request.query.getAll('property').flatMap((filter) => /^flowId==([^,]+)$/.exec(filter)?.[1] ?? []);
    const figures = await dataPlane.flowRuns(request.scope, asked[0]);
    return figures.map((run) => present(run, flows.get(request.scope, run.flowId), request));
  }

  route({
    name: 'flowservice.runs.list',
    method: 'GET',
    path: PATH,
    handle: async (request) => listReply(context, request, 'runs', await runs(request)),
  });

  route({
    name: 'flowservice.runs.get',
    method: 'GET',
    path: `${PATH}/:id`,
    async handle(request) {
      const id = request.params['id'] ?? '';
      const found = (await runs(request)).find((run) => run['id'] === id);
      if (found === undefined) throw notFound('runs', id);
      return { status: 200, json: { items: [found] } };
    },
  });
}
