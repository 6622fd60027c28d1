/** Somebody else who works in the same sandbox, with plain requests. */
import { createRequests } from '../stack/requests.js';
import type { ChaosStack } from '../stack/product/stack.js';

export interface Somebody {
  /** With the etag that it has now. */
  describeFlow(sandbox: string, flowId: string, description: string): Promise<void>;
  switchFlow(sandbox: string, flowId: string, op: 'enable' | 'disable'): Promise<void>;
  deleteFlow(sandbox: string, flowId: string): Promise<void>;
  /** One that no flow uses any more. */
  deleteConnection(sandbox: string, kind: 'sourceConnections' | 'targetConnections', id: string): Promise<void>;
  /** Puts the next version of the flow's mapping set, without the row to this destination, and has the flow use it. */
  dropMappingRow(sandbox: string, flowId: string, destination: string): Promise<void>;
  renameDataset(sandbox: string, datasetId: string, name: string): Promise<void>;
  deleteDataset(sandbox: string, datasetId: string): Promise<void>;
}

const FLOW_SERVICE = '/data/foundation/flowservice';
const FLOWS = `${FLOW_SERVICE}/flows`;
const MAPPING_SETS = '/data/foundation/conversion/mappingSets';
const DATASETS = '/data/foundation/catalog/dataSets';

export function somebodyElse({ environment }: ChaosStack): Somebody {
  const { asClient } = createRequests(environment['ADOBE_PLATFORM_URL'] ?? '', environment);
  const flowOf = async (sandbox: string, flowId: string): Promise<FoundFlow> => {
    const answer = await asClient(sandbox, { method: 'GET', path: `${FLOWS}/${flowId}` });
    const [flow] = (answer as { readonly items: readonly FoundFlow[] }).items;
    if (flow === undefined) throw new Error(`there is no flow ${flowId}`);
    return flow;
  };
  const patchFlow = async (sandbox: string, { id, etag }: FoundFlow, path: string, value: unknown): Promise<void> => {
    const body = [{ op: 'replace', path, value }];
    const headers = { 'if-match': etag };
    await asClient(sandbox, { method: 'PATCH', path: `${FLOWS}/${id}`, body, headers });
  };
  return {
    describeFlow: async (sandbox, id, description) =>
      patchFlow(sandbox, await flowOf(sandbox, id), '/description', description),
    async dropMappingRow(sandbox, flowId, destination) {
      const flow = await flowOf(sandbox, flowId);
      const { mappingId } = flow.transformations[0].params;
      const path = `${MAPPING_SETS}/${mappingId}`;
      const version = `?version=${flow.transformations[0].params.mappingVersion}`;
      const set = (await asClient(sandbox, { method: 'GET', path: `${path}${version}` })) as FoundMappingSet;
      const { name, outputSchema } = set;
      const mappings = set.mappings
        .filter((row) => !row.destination.endsWith(destination))
        .map(({ sourceType, source, destination: to }) => ({ sourceType, source, destination: to }));
      const body = { name, outputSchema, mappings };
      const put = (await asClient(sandbox, { method: 'PUT', path, body })) as { readonly version: number };
      const transformation = { name: 'Mapping', params: { mappingId, mappingVersion: put.version } };
      await patchFlow(sandbox, flow, '/transformations/0', transformation);
    },
    switchFlow: async (sandbox, id, op) =>
      void (await asClient(sandbox, { method: 'POST', path: `${FLOWS}/${id}/action?op=${op}` })),
    deleteFlow: async (sandbox, id) =>
      void (await asClient(sandbox, { method: 'DELETE', path: `${FLOWS}/${id}`, alsoFine: [404] })),
    deleteConnection: async (sandbox, kind, id) =>
      void (await asClient(sandbox, { method: 'DELETE', path: `${FLOW_SERVICE}/${kind}/${id}` })),
    renameDataset: async (sandbox, id, name) =>
      void (await asClient(sandbox, { method: 'PATCH', path: `${DATASETS}/${id}`, body: { name } })),
    deleteDataset: async (sandbox, id) =>
      void (await asClient(sandbox, { method: 'DELETE', path: `${DATASETS}/${id}`, alsoFine: [404] })),
  };
}

interface FoundFlow {
  readonly id: string;
  readonly etag: string;
  readonly transformations: readonly [
    { readonly params: { readonly mappingId: string; readonly mappingVersion: number } },
  ];
}

interface FoundMappingSet {
  readonly name: string;
  readonly outputSchema: unknown;
  readonly mappings: readonly { readonly sourceType: string; readonly source: string; readonly destination: string }[];
}
