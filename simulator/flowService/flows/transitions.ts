/**
 * What happens to a flow by itself: a new one becomes enabled and gets its inlet some seconds after its POST was answered,
 * with a new etag; so the etag of the answer is stale soon. Also after a restart in between.
 */
import type { Context } from '../../context.js';
import { flowEtag } from '../../values/identifiers.js';
import type { Scope } from '../../state/state.js';
import { COLLECTIONS, type FlowState, type StoredFlow } from '../../state/stored.js';

type Operation = 'enable' | 'disable' | 'update';

export interface Transitions {
  /** The flow on its way to another state; without a delay it is there already. */
  begin(
    flow: StoredFlow,
    by: { readonly via: FlowState; readonly to: FlowState; readonly delayMs: number; readonly operation: Operation },
  ): StoredFlow;
  /** Stores it and sees to it that the transition ends in its time. */
  put(scope: Scope, flow: StoredFlow): void;
}

/** After the policy was put back it becomes enabled all the same. */
const RETRY_MS = 1_000;

function lastOperation(operation: Operation, startedMs: number, endedMs: number) {
  const completed = { percentCompleted: 100, status: { value: 'completed', errors: [] } };
  return { started: startedMs, updated: endedMs, ...(operation === 'update' ? completed : {}), operation };
}

export function createTransitions(context: Context): Transitions {
  const flows = context.state.collection<StoredFlow>(COLLECTIONS.flows);

  function finish(scope: Scope, id: string): void {
    const flow = flows.get(scope, id);
    if (flow?.transition === undefined || flow.transition.dueMs > context.clock.now()) return;
    const { transition, ...rest } = flow;
    const nowMs = context.clock.now();
    const { flowActivationError: error } = context.policy.current;
    if (error !== '' && transition.to === 'enabled') {
      const status = { value: 'failed', errors: [{ message: error }] };
      const failed = {
        ...flow,
        transition: { ...transition, dueMs: nowMs + RETRY_MS },
        lastOperation: { ...flow.lastOperation, updated: nowMs, status },
      };
      flows.put(scope, id, failed);
      schedule(scope, failed);
      return;
    }
    flows.put(scope, id, {
      ...rest,
      state: transition.to,
      updatedAtMs: nowMs,
      etag: flowEtag(nowMs),
      lastOperation: { ...flow.lastOperation, updated: nowMs },
    });
  }

  function schedule(scope: Scope, { id, transition }: StoredFlow): void {
    if (transition !== undefined) context.clock.schedule(transition.dueMs, () => finish(scope, id));
  }

  context.onStart(() => {
    for (const { scope, value } of flows.all()) schedule(scope, value);
  });

  return {
    begin(flow, { via, to, delayMs, operation }) {
      const nowMs = context.clock.now();
      const changed = {
        ...flow,
        updatedAtMs: nowMs,
        etag: flowEtag(nowMs),
        lastOperation: lastOperation(operation, nowMs, nowMs),
      };
      if (delayMs === 0) return { ...changed, state: to };
      return { ...changed, state: via, transition: { to, dueMs: nowMs + delayMs } };
    },
    put(scope, flow) {
      flows.put(scope, flow.id, flow);
      schedule(scope, flow);
    },
  };
}
