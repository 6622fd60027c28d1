/** Where a flow's events go: its dataset, and the dataset's table in Query Service. */
import type { AdobeClients } from '../../adobe/clients.js';
import type { Destination } from '../../store/exceptions/destinations.js';
import { findFlowDestination } from '../flowDestination.js';

export interface LakeTable {
  readonly datasetId: string;
  /** Absent while it has none: it is named with the first rows. */
  readonly table?: string;
}

/** The dataset does not exist: what was sent to it can be seen nowhere. */
export interface Gone {
  readonly gone: string;
}

/** A dataset that is known is asked for itself: it stays where it is when its flow goes. */
export async function findLakeTable(
  adobe: Pick<AdobeClients, 'flowService' | 'catalog'>,
  { flowId, datasetId }: Destination,
): Promise<LakeTable | Gone> {
  const dataset = datasetId === null ? await behindFlow(adobe, flowId) : await adobe.catalog.getDataset(datasetId);
  if (dataset === undefined) return { gone: datasetId ?? `behind the flow ${flowId}` };
  return { datasetId: dataset.id, table: dataset.table };
}

async function behindFlow(adobe: Pick<AdobeClients, 'flowService' | 'catalog'>, flowId: string | null) {
  const destination = flowId === null ? undefined : await findFlowDestination(adobe, flowId);
  return destination?.state === 'found' ? destination.dataset : undefined;
}
