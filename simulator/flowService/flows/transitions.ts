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

const COMPLETED = { percentCompleted: 100, status: { value: 'completed', errors: [] } };

export function createTransitions(context: Context): Transitions {
  const flows = context.state.collection<StoredFlow>(COLLECTIONS.flows);

  /** The flow when the time of its transition has come: there, or as it is if it cannot be enabled. */
  function ended(flow: StoredFlow): StoredFlow {
    const { transition, ...rest } = flow;
    if (transition === undefined) return flow;
    const nowMs = context.clock.now();
    const { started, operation } = flow.lastOperation;
    const { flowActivationError: error } = context.policy.current;
    // An enabled flow whose update ends is enabled already.
    if (error !== '' && operation === 'enable') {
      const status = { value: 'failed', errors: [{ message: error }] };
      return {
        ...flow,
        transition: { ...transition, dueMs: nowMs + RETRY_MS },
        lastOperation: { started, updated: nowMs, status, operation },
      };
    }
    return {
      ...rest,
      state: transition.to,
      updatedAtMs: nowMs,
      etag: flowEtag(nowMs),
      lastOperation: { started, updated: nowMs, ...(operation === 'update' ? COMPLETED : {}), operation },
    };
  }

  function finish(scope: Scope, id: string): void {
    const flow = flows.get(scope, id);
    if (flow?.transition === undefined || flow.transition.dueMs > context.clock.now()) return;
    put(scope, ended(flow));
  }

  function put(scope: Scope, flow: StoredFlow): void {
    flows.put(scope, flow.id, flow);
    schedule(scope, flow);
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
      const begun: StoredFlow = {
        ...flow,
        updatedAtMs: nowMs,
        etag: flowEtag(nowMs),
        state: via,
        transition: { to, dueMs: nowMs + delayMs },
        lastOperation: { started: nowMs, updated: nowMs, operation },
      };
      return delayMs === 0 ? ended(begun) : begun;
    },
    put,
  };
}
