/** Where a flow's events go: the connection that it writes to, and the dataset behind it. */
import type { AdobeClients } from '../adobe/clients.js';
import type { Dataset } from '../adobe/services/catalog.js';
import type { Connection, Flow } from '../adobe/services/flowService.js';

export type FlowDestination =
  | { readonly state: 'found'; readonly flow: Flow; readonly target: Connection; readonly dataset: Dataset }
  | { readonly state: 'no-flow' }
  | { readonly state: 'no-target'; readonly flow: Flow }
  | { readonly state: 'names-no-dataset'; readonly flow: Flow }
  | { readonly state: 'no-dataset'; readonly flow: Flow; readonly datasetId: string };

export async function findFlowDestination(
  { flowService, catalog }: Pick<AdobeClients, 'flowService' | 'catalog'>,
  flowId: string,
): Promise<FlowDestination> {
  const flow = await flowService.getFlow(flowId);
  if (flow === undefined) return { state: 'no-flow' };
  const [targetId] = flow.targetConnectionIds;
  const target = targetId === undefined ? undefined : await flowService.getTargetConnection(targetId);
  if (target === undefined) return { state: 'no-target', flow };
  const { dataSetId: datasetId } = target;
  if (datasetId === undefined) return { state: 'names-no-dataset', flow };
  const dataset = await catalog.getDataset(datasetId);
  return dataset === undefined ? { state: 'no-dataset', flow, datasetId } : { state: 'found', flow, target, dataset };
}
