/** The data plane: Data Prep, the inlet, the lake and the services that show what landed, put together. */
import type { Context, DataPlane, FlowRunFigures } from './context.js';
import { registerDataAccess } from './catalog/dataAccess.js';
import { registerDataPrep } from './dataprep/dataPrep.js';
import { registerInlet } from './inlet/inlet.js';
import { createJudge } from './lake/judge.js';
import { flowRunFigures } from './lake/runs.js';
import { datasetFigures, eventTruths, truthTotals, type TruthQuery } from './lake/truth.js';
import { createLake } from './lake/lake.js';
import { createInletCalls, registerObservability } from './observability/observability.js';
import { registerQueryService } from './lake/queryService.js';
import type { Caller } from './transport/request.js';
import { COLLECTIONS, type StoredDataset } from './state/stored.js';
import { createSchemas } from './schemaRegistry/schemas.js';

interface DataPlaneDeps {
  /** Of the server that the lake's databases are made on; a user who may create databases and roles. */
  readonly databaseUrl: string;
  /** Who a token belongs to: for inlets that require one. */
  readonly callerOf: (token: string) => Caller | undefined;
}

const DEFAULT_TRUTH_LIMIT = 1_000;

export function createDataPlane(context: Context, deps: DataPlaneDeps): DataPlane {
  const schemas = createSchemas(context);
  const judge = createJudge(context, schemas);
  const lake = createLake(context, deps.databaseUrl, judge);
  const calls = createInletCalls(() => context.clock.now());
  registerDataPrep(context, schemas);
  registerInlet(context, { lake, judge, calls, callerOf: deps.callerOf });
  registerDataAccess(context, lake);
  registerObservability(context, lake, calls);
  const queryServiceAddress = registerQueryService(context, lake, deps.databaseUrl);
  const datasets = context.state.collection<StoredDataset>(COLLECTIONS.datasets);

  return {
    async flowRuns(scope, flowId): Promise<readonly FlowRunFigures[]> {
      return flowRunFigures(await lake.database(scope.sandboxName), context.clock.now(), flowId);
    },
    async landed() {
      const all = await Promise.all(
        (await lake.databases()).map(async (database) => {
          const known = datasets.all().filter(({ scope }) => scope.sandboxName === database.sandboxName);
          const figures = new Map((await datasetFigures(database)).map((one) => [one.datasetId, one]));
          return known.map(({ scope, value }) => {
            const { newestMs, ...counts } = figures.get(value.id) ?? NOTHING_LANDED;
            return {
              scope,
              datasetId: value.id,
              datasetName: value.name,
              rows: counts.rows,
              distinctIds: counts.distinctIds,
              failedRecords: counts.failed,
              pending: counts.pending,
              rowsByEventType: counts.rowsByEventType,
              ...(newestMs === undefined ? {} : { newestAtMs: newestMs }),
            };
          });
        }),
      );
      return all.flat();
    },
    async truth(query) {
      const asked = query.getAll('eventId').flatMap((ids) => ids.split(','));
      const after = query.get('after');
      const truthQuery: TruthQuery = {
        limit: Number(query.get('limit') ?? DEFAULT_TRUTH_LIMIT),
        ...(asked.length === 0 ? {} : { eventIds: asked }),
        ...(after === null ? {} : { afterEventId: after }),
      };
      const databases = await lake.databases();
      const events = await Promise.all(databases.map((database) => eventTruths(database, truthQuery)));
      return { totals: await Promise.all(databases.map(truthTotals)), events: events.flat() };
    },
    reset: () => lake.empty(),
    queryServiceAddress,
  };
}

const NOTHING_LANDED = { rows: 0, distinctIds: 0, failed: 0, pending: 0, rowsByEventType: {}, newestMs: undefined };
