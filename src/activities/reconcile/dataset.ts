/** Where a flow's events go: its dataset, and the dataset's table in Query Service. */
import type { AdobeClients } from '../../adobe/clients.js';
import { codedError } from '../../domain/errors.js';

export interface LakeTable {
  readonly datasetId: string;
  readonly table: string;
}

/** @throws CodedError `CAEP_LAKE_UNAVAILABLE` when flow, connection or dataset are not there, or have no table (yet) */
export async function findLakeTable(
  { flowService, catalog }: Pick<AdobeClients, 'flowService' | 'catalog'>,
  flowId: string,
): Promise<LakeTable> {
  const flow = await flowService.getFlow(flowId);
  const targetId = flow?.targetConnectionIds[0];
  const target = targetId === undefined ? undefined : await flowService.getTargetConnection(targetId);
  const dataset = target?.dataSetId === undefined ? undefined : await catalog.getDataset(target.dataSetId);
  if (dataset?.table === undefined) {
    throw codedError('CAEP_LAKE_UNAVAILABLE', { reason: `the flow ${flowId} leads to no dataset with a table` });
  }
  return { datasetId: dataset.id, table: dataset.table };
}
