/** What a person does at Adobe in the course of a run, with plain requests. */
import { createRequests } from '../requests.js';
import { SANDBOX } from './stack.js';

export interface Platform {
  disableFlow(flowId: string): Promise<void>;
  enableFlow(flowId: string): Promise<void>;
  /** Changes its description. */
  patchFlow(flowId: string): Promise<void>;
  /** @returns when the flow was last changed, ms */
  flowUpdatedAtMs(flowId: string): Promise<number>;
  setPolicy(changes: Readonly<Record<string, unknown>>): Promise<void>;
}

const FLOWS = '/data/foundation/flowservice/flows';

interface Flow {
  readonly etag: string;
  readonly state: string;
  readonly updatedAt: number;
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
    setPolicy: async (changes) => void (await call({ method: 'PATCH', path: '/__sim/api/policy', body: changes })),
  };
}
