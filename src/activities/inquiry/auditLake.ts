/** The table of the dataset that a source writes to, as the audit reads it; or why it cannot be read. */
import { emptyUntilMade } from '../../adobe/emptyLake.js';
import type { Dataset } from '../../adobe/catalog.js';
import type { AdobeClients } from '../../adobe/clients.js';
import { openLakeSession } from '../../adobe/lakeSession.js';
import type { LakeTable } from '../../audit/lake.js';
import { findMarker } from '../../domain/steps.js';
import { MARKER_TAG } from '../steps/dataset.js';

export interface AuditedFlow {
  readonly uid: string;
  readonly flowId: string | null;
  /** See `src/configuration.ts`. */
  readonly queryServiceUrl?: string;
}

export type OpenedLake =
  | { readonly state: 'open'; readonly lake: LakeTable; close(): Promise<void> }
  /** It can be asked, and does not hold what the audit would compare. */
  | { readonly state: 'unreadable'; readonly why: string };

/**
 * @param note takes what is to stand in the report
 * @throws CodedError, AdobeCallError when somebody who was asked does not answer, or refuses
 */
export async function openAuditLake(
  adobe: AdobeClients,
  { uid, flowId, queryServiceUrl: override }: AuditedFlow,
  note: (text: string) => void,
): Promise<OpenedLake> {
  const unreadable = (why: string) => ({ state: 'unreadable', why }) as const;
  const found = await findDataset(adobe, { uid, flowId });
  if ('why' in found) return unreadable(found.why);
  const { dataset } = found;
  if (dataset.table === undefined) return unreadable('its dataset has no table in Query Service yet');
  const { table } = dataset;
  const parameters = await adobe.queryService.connectionParameters();
  const session = await openLakeSession({ parameters, override });
  const query = emptyUntilMade(
    (text) => session.query(text),
    () => note(`Query Service does not have the table ${table} yet, though Catalog names it: counted as an empty lake`),
  );
  return { state: 'open', lake: { table, query }, close: () => session.close() };
}

type Found = { readonly dataset: Dataset } | { readonly why: string };

async function findDataset(adobe: AdobeClients, { uid, flowId }: AuditedFlow): Promise<Found> {
  const flow = flowId === null ? undefined : await adobe.flowService.getFlow(flowId);
  // Of a source that was torn down the dataset stays, and its mark; one that was adopted has none.
  if (flow === undefined) {
    const [left] = await adobe.catalog.findDatasets({ tag: { name: MARKER_TAG, value: uid } });
    if (left !== undefined) return { dataset: left };
    return { why: flowId === null ? 'the source has no flow yet' : 'its flow is not there any more' };
  }
  const targetId = flow.targetConnectionIds[0];
  const target = targetId === undefined ? undefined : await adobe.flowService.getTargetConnection(targetId);
  if (target?.dataSetId === undefined) return { why: 'its flow writes to no dataset' };
  const dataset = await adobe.catalog.getDataset(target.dataSetId);
  if (dataset === undefined) return { why: 'its dataset is not there any more' };
  // An adopted dataset carries no mark of ours; the connection to it does.
  const isOurs = [dataset, target].some(({ description }) => findMarker(description)?.uid === uid);
  return isOurs ? { dataset } : { why: `its flow writes to a dataset that is not the source's, ${dataset.id}` };
}
