/** The tables of the datasets that a source writes to and has written to, as the audit reads them; or why they cannot be read. */
import { emptyUntilMade } from '../../adobe/lake/emptyLake.js';
import type { Dataset } from '../../adobe/services/catalog.js';
import type { AdobeClients } from '../../adobe/clients.js';
import { openLakeSession } from '../../adobe/lake/lakeSession.js';
import type { LakeTable } from '../../audit/lake.js';
import type { EarlierFlow } from '../../audit/source.js';
import { findMarker } from '../../domain/source/steps.js';
import { findFlowDestination } from '../flowDestination.js';
import { ADOPTION_TAG, MARKER_TAG } from '../steps/table/dataset.js';

export interface AuditedFlow {
  readonly uid: string;
  readonly flowId: string | null;
  /** As it was recorded, where it was: an adopted one may have no mark. */
  readonly datasetId?: string | null;
  /** By which attempts were made before. */
  readonly earlier?: readonly EarlierFlow[];
  /** See `src/configuration.ts`. */
  readonly queryServiceUrl?: string;
}

export type OpenedLake =
  | {
      readonly state: 'open';
      /** Today's first. */
      readonly lakes: readonly [LakeTable, ...LakeTable[]];
      /** Flows whose dataset could not be read. */
      readonly unreadFlows: ReadonlySet<string>;
      close(): Promise<void>;
    }
  /** It can be asked, and does not hold what the audit would compare. */
  | { readonly state: 'unreadable'; readonly why: string };

/**
 * @param note takes what is to stand in the report
 * @throws CodedError, AdobeCallError when somebody who was asked does not answer, or refuses
 */
export async function openAuditLake(
  adobe: AdobeClients,
  { uid, flowId, datasetId, earlier = [], queryServiceUrl: override }: AuditedFlow,
  note: (text: string) => void,
): Promise<OpenedLake> {
  const found = await findTable(() => findDataset(adobe, { uid, flowId, datasetId }));
  if ('why' in found) return { state: 'unreadable', why: found.why };
  const { tables, unreadFlows } = await findEarlierTables(adobe, uid, earlier, note);
  const session = await openLakeSession(adobe.queryService, override);
  const lakeOf = (table: string): LakeTable => ({
    table,
    query: emptyUntilMade(
      (text) => session.query(text),
      () =>
        note(`Query Service does not have the table ${table} yet, although Catalog names it: counted as an empty lake`),
    ),
  });
  const others = [...tables].filter((table) => table !== found.table).map(lakeOf);
  return { state: 'open', lakes: [lakeOf(found.table), ...others], unreadFlows, close: () => session.close() };
}

interface EarlierTables {
  /** Several flows may have led to one. */
  readonly tables: ReadonlySet<string>;
  readonly unreadFlows: ReadonlySet<string>;
}

/** What cannot be read of them is noted. */
export async function findEarlierTables(
  adobe: AdobeClients,
  uid: string,
  earlier: readonly EarlierFlow[],
  note: (text: string) => void,
): Promise<EarlierTables> {
  const tables = new Set<string>();
  const unreadFlows = new Set<string>();
  for (const { flowId, datasetId } of earlier) {
    const found = await findTable(() =>
      datasetId === null ? findDataset(adobe, { uid, flowId }, 'of this flow alone') : findOwn(adobe, uid, datasetId),
    );
    if ('table' in found) tables.add(found.table);
    else {
      unreadFlows.add(flowId);
      note(`what was sent by the earlier flow ${flowId} is not compared: ${found.why}`);
    }
  }
  return { tables, unreadFlows };
}

async function findTable(find: () => Promise<Found>): Promise<{ readonly table: string } | { readonly why: string }> {
  const found = await find();
  if ('why' in found) return found;
  const { table } = found.dataset;
  return table === undefined ? { why: 'its dataset has no table in Query Service yet' } : { table };
}

/** One that was adopted has no mark. */
async function findOwn({ catalog }: AdobeClients, uid: string, datasetId: string): Promise<Found> {
  const dataset = await catalog.getDataset(datasetId);
  if (dataset === undefined) return { why: `its dataset ${datasetId} no longer exists` };
  const mark = findMarker(dataset.description);
  return mark === undefined || mark.uid === uid ? { dataset } : { why: `its dataset ${datasetId} is not the source's` };
}

type Found = { readonly dataset: Dataset } | { readonly why: string };

async function findDataset(
  adobe: AdobeClients,
  { uid, flowId, datasetId }: AuditedFlow,
  whose?: 'of this flow alone',
): Promise<Found> {
  const destination = flowId === null ? { state: 'no-flow' as const } : await findFlowDestination(adobe, flowId);
  switch (destination.state) {
    case 'no-flow': {
      // Of a source that was torn down the dataset stays, and its mark.
      const left = whose === undefined ? await findLeft(adobe, uid, datasetId) : undefined;
      if (left !== undefined) return { dataset: left };
      return { why: flowId === null ? 'the source has no flow yet' : 'its flow no longer exists' };
    }
    case 'no-target':
    case 'names-no-dataset':
      return { why: 'its flow writes to no dataset' };
    case 'no-dataset':
      return { why: 'its dataset no longer exists' };
    case 'found': {
      const { dataset, target } = destination;
      const isOurs =
        dataset.id === datasetId ||
        dataset.tags[ADOPTION_TAG]?.[0] === uid ||
        [dataset, target].some(({ description }) => findMarker(description)?.uid === uid);
      return isOurs
        ? { dataset }
        : { why: `its flow writes to the dataset ${dataset.id}, which does not belong to the source` };
    }
    default:
      return destination satisfies never;
  }
}

async function findLeft(
  { catalog }: AdobeClients,
  uid: string,
  datasetId: string | null | undefined,
): Promise<Dataset | undefined> {
  for (const name of [MARKER_TAG, ADOPTION_TAG]) {
    const [left] = await catalog.findDatasets({ tag: { name, value: uid } });
    if (left !== undefined) return left;
  }
  return typeof datasetId === 'string' ? catalog.getDataset(datasetId) : undefined;
}
