/** Somebody else who works in the same sandbox, with plain requests. */
import { createRequests } from '../stack/requests.js';
import type { ChaosStack } from '../stack/product/stack.js';

export interface Somebody {
  /** With the etag that it has now. */
  describeFlow(sandbox: string, flowId: string, description: string): Promise<void>;
  switchFlow(sandbox: string, flowId: string, op: 'enable' | 'disable'): Promise<void>;
  deleteFlow(sandbox: string, flowId: string): Promise<void>;
  renameDataset(sandbox: string, datasetId: string, name: string): Promise<void>;
  deleteDataset(sandbox: string, datasetId: string): Promise<void>;
}

const FLOWS = '/data/foundation/flowservice/flows';
const DATASETS = '/data/foundation/catalog/dataSets';

export function somebodyElse({ environment }: ChaosStack): Somebody {
  const { asClient } = createRequests(environment['ADOBE_PLATFORM_URL'] ?? '', environment);
  return {
    async describeFlow(sandbox, flowId, description) {
      const path = `${FLOWS}/${flowId}`;
      const { items } = (await asClient(sandbox, { method: 'GET', path })) as { items: { etag: string }[] };
      const headers = { 'if-match': items[0]?.etag ?? '' };
      const body = [{ op: 'replace', path: '/description', value: description }];
      await asClient(sandbox, { method: 'PATCH', path, body, headers });
    },
    switchFlow: async (sandbox, id, op) =>
      void (await asClient(sandbox, { method: 'POST', path: `${FLOWS}/${id}/action?op=${op}` })),
    deleteFlow: async (sandbox, id) =>
      void (await asClient(sandbox, { method: 'DELETE', path: `${FLOWS}/${id}`, alsoFine: [404] })),
    renameDataset: async (sandbox, id, name) =>
      void (await asClient(sandbox, { method: 'PATCH', path: `${DATASETS}/${id}`, body: { name } })),
    deleteDataset: async (sandbox, id) =>
      void (await asClient(sandbox, { method: 'DELETE', path: `${DATASETS}/${id}`, alsoFine: [404] })),
  };
}
