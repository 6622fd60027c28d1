/** Which flow is meant: by its id, by its name, or by the names in a manifest. */
import {
  CHATLIO_CONNECTION_SPEC,
  DATA_LAKE_CONNECTION_SPEC,
  STREAMING_FLOW_SPEC,
} from '../../../adobe/http/constants.js';
import type { AdobeClients } from '../../../adobe/clients.js';
import type { Flow } from '../../../adobe/services/flowService.js';
import { codedError } from '../../../domain/errors.js';
import type { Manifest } from '../../../domain/source/manifest.js';
import { flowServiceName } from '../../steps/table/flowServiceObjects.js';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * @param wanted.flow id or name; without it, the flow into the dataset of the manifest, or the one that is called as ours would be
 * @returns its id
 * @throws CodedError `CAEP_ADOPT_NO_FLOW`, `CAEP_ADOPT_SEVERAL`; AdobeCallError
 */
export async function findFlow(
  clients: AdobeClients,
  { flow, manifest }: { readonly flow?: string | undefined; readonly manifest?: Manifest | undefined },
): Promise<string> {
  if (flow !== undefined && UUID.test(flow)) return flow;
  const candidates = await chatlioFlows(clients);
  if (flow !== undefined) {
    return onlyOne(
      candidates.filter(({ name }) => name === flow),
      `"${flow}"`,
    );
  }
  const dataset = manifest?.dataset.name ?? '';
  const into = await flowsInto(clients, dataset, candidates);
  const called = manifest === undefined ? undefined : flowServiceName({ manifest });
  return onlyOne(
    into.length > 0 ? into : candidates.filter(({ name }) => name === called),
    `into a dataset "${dataset}"`,
  );
}

function onlyOne(flows: readonly Flow[], what: string): string {
  const [first, ...others] = flows;
  if (first === undefined) throw codedError('CAEP_ADOPT_NO_FLOW', { flow: what });
  if (others.length > 0) {
    throw codedError('CAEP_ADOPT_SEVERAL', { flows: flows.map(({ id, name }) => `${id} ("${name}")`).join(', ') });
  }
  return first.id;
}

async function chatlioFlows({ flowService }: AdobeClients): Promise<Flow[]> {
  const [flows, connections] = await Promise.all([
    flowService.findFlows({ specId: STREAMING_FLOW_SPEC.id }),
    flowService.findSourceConnections({ specId: CHATLIO_CONNECTION_SPEC.id }),
  ]);
  const ids = new Set(connections.map(({ id }) => id));
  return flows.filter(({ sourceConnectionIds }) => sourceConnectionIds.some((id) => ids.has(id)));
}

/** By name: Adobe does not ask for unique ones. */
async function flowsInto(
  { catalog, flowService }: AdobeClients,
  name: string,
  flows: readonly Flow[],
): Promise<readonly Flow[]> {
  const datasets = new Set((await catalog.findDatasets({ name })).map(({ id }) => id));
  if (datasets.size === 0) return [];
  const targets = await flowService.findTargetConnections({ specId: DATA_LAKE_CONNECTION_SPEC.id });
  const ids = new Set(targets.flatMap(({ id, dataSetId = '' }) => (datasets.has(dataSetId) ? [id] : [])));
  return flows.filter(({ targetConnectionIds }) => targetConnectionIds.some((id) => ids.has(id)));
}
