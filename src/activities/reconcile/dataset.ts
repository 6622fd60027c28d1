/** Where a flow's events go: its dataset, and the dataset's table in Query Service. */
import type { AdobeClients } from '../../adobe/clients.js';
import { codedError } from '../../domain/errors.js';

export interface LakeTable {
  readonly datasetId: string;
  /** Absent while it has none: it is named with the first rows. */
  readonly table?: string;
}

/** @throws CodedError `CAEP_LAKE_UNAVAILABLE` when flow, connection or dataset are not there */
export async function findLakeTable(
  { flowService, catalog }: Pick<AdobeClients, 'flowService' | 'catalog'>,
  flowId: string,
): Promise<LakeTable> {
  const flow = await flowService.getFlow(flowId);
  const targetId = flow?.targetConnectionIds[0];
  const target = targetId === undefined ? undefined : await flowService.getTargetConnection(targetId);
  const dataset = target?.dataSetId === undefined ? undefined : await catalog.getDataset(target.dataSetId);
  if (dataset === undefined) {
    throw codedError('CAEP_LAKE_UNAVAILABLE', { reason: `the flow ${flowId} leads to no dataset` });
  }
  return { datasetId: dataset.id, table: dataset.table };
}
