/** What a person does at Adobe in the course of a run, with plain requests. */
import { createRequests } from '../stack/requests.js';
import { SANDBOX } from './stack.js';

export interface Platform {
  disableFlow(flowId: string): Promise<void>;
  enableFlow(flowId: string): Promise<void>;
  /** Changes its description. */
  patchFlow(flowId: string): Promise<void>;
  /** @returns when the flow was last changed, ms */
  flowUpdatedAtMs(flowId: string): Promise<number>;
  /** The mapping set that it uses. */
  mappingOf(flowId: string): Promise<MappingVersion>;
  mappingRows(mapping: MappingVersion): Promise<readonly MappingRow[]>;
  /** Makes the lake, which the simulator does at the first look. */
  lookAtRuns(flowId: string): Promise<void>;
  setPolicy(changes: Readonly<Record<string, unknown>>): Promise<void>;
}

export interface MappingVersion {
  readonly id: string;
  readonly version: number;
}

/** As it is stored. */
export interface MappingRow {
  readonly sourceType: string;
  readonly source: string;
}

const FLOW_SERVICE = '/data/foundation/flowservice';
const FLOWS = `${FLOW_SERVICE}/flows`;
const MAPPING_SETS = '/data/foundation/conversion/mappingSets';

interface Flow {
  readonly etag: string;
  readonly state: string;
  readonly updatedAt: number;
  readonly transformations: readonly {
    readonly params: { readonly mappingId: string; readonly mappingVersion: number };
  }[];
}

/** @param environment with the credentials that the simulator has printed */
export function createPlatform(baseUrl: string, environment: NodeJS.ProcessEnv): Platform {
  const { call, asClient } = createRequests(baseUrl, environment);

  async function flow(flowId: string): Promise<Flow> {
    const answer = (await asClient(SANDBOX, { method: 'GET', path: `${FLOWS}/${flowId}` })) as { items: Flow[] };
    const found = answer.items[0];
    if (found === undefined) throw new Error(`there is no flow ${flowId}`);
    return found;
  }

  /** Doing it twice, after an answer that was lost, is refused: the state tells. */
  async function act(flowId: string, op: 'enable' | 'disable', end: string): Promise<void> {
    if ((await flow(flowId)).state === end) return;
    await asClient(SANDBOX, { method: 'POST', path: `${FLOWS}/${flowId}/action?op=${op}` });
  }

  return {
    disableFlow: (flowId) => act(flowId, 'disable', 'disabled'),
    enableFlow: (flowId) => act(flowId, 'enable', 'enabled'),
    async patchFlow(flowId) {
      const { etag } = await flow(flowId);
      const value = `changed at ${new Date().toISOString()}`;
      const body = [{ op: 'replace', path: '/description', value }];
      const headers = { 'if-match': etag };
      await asClient(SANDBOX, { method: 'PATCH', path: `${FLOWS}/${flowId}`, body, headers });
    },
    flowUpdatedAtMs: async (flowId) => (await flow(flowId)).updatedAt,
    async mappingOf(flowId) {
      const { mappingId: id, mappingVersion: version } = (await flow(flowId)).transformations[0]?.params ?? {};
      if (id === undefined || version === undefined) throw new Error(`the flow ${flowId} has no mapping`);
      return { id, version };
    },
    async mappingRows({ id, version }) {
      const path = `${MAPPING_SETS}/${id}?version=${version}`;
      return ((await asClient(SANDBOX, { method: 'GET', path })) as { mappings: MappingRow[] }).mappings;
    },
    async lookAtRuns(flowId) {
      const path = `${FLOW_SERVICE}/runs?property=flowId==${flowId}`;
      await asClient(SANDBOX, { method: 'GET', path });
    },
    setPolicy: async (changes) => void (await call({ method: 'PATCH', path: '/__sim/api/policy', body: changes })),
  };
}
