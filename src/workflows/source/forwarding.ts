import { ActivityFailure, CancellationScope, isCancellation, patched } from '@temporalio/workflow';
import type { Decisions } from '../decisions.js';
import { failureOf, OperationAborted } from './provisioning.js';
import type { SourceStore } from './sourceState.js';
import type { StepProxies } from './stepProxies.js';

/** Runs of 0.1.0 failed where these hold. */
const HOLDS = 'forwarder-calls-hold';
/** Runs of 0.1.0 undid without these. */
const STOPS_BEFORE_UNDO = 'stop-what-may-forward';
const HOLDS_UNSENT = 'hold-unsent';

/**
 * Starts the forwarder. Where that fails for good it holds, like a step.
 *
 * @throws OperationAborted when a person aborts; a cancellation when the workflow is cancelled, also when the attempt that
 *   was under way then failed
 */
export async function startForwarding(store: SourceStore, proxies: StepProxies, decisions: Decisions): Promise<void> {
  for (;;) {
    const { uid, manifest } = store.state;
    try {
      return await proxies.other.startForwarder({ name: manifest.name, uid, manifest });
    } catch (failure) {
      if (isCancellation(failure) || !(failure instanceof ActivityFailure) || !patched(HOLDS)) throw failure;
      const { error } = failureOf(failure);
      const decision = await decisions.awaitDecision({ step: 'inlet', during: 'do', error, since: Date.now() });
      if (decision.kind === 'abort') throw new OperationAborted(decision.input.reason ?? 'no reason given');
      if (decision.input.manifest !== undefined) store.change({ manifest: decision.input.manifest });
    }
  }
}

/**
 * Closes the gate and stops the forwarder where one may run, and cannot be cancelled. Where that fails for good it holds;
 * after `abort` the undo goes on, which closes the gate, too.
 */
export async function stopForwarding(store: SourceStore, proxies: StepProxies, decisions: Decisions): Promise<void> {
  if (!mayForward(store.state)) return;
  await untilDone(store, decisions, () => {
    const { uid, manifest } = store.state;
    return proxies.other.stopForwarder({ name: manifest.name, uid, reason: 'the source is being torn down' });
  });
}

/** Holds for a person what the source that was taken down has taken and not sent, and cannot be cancelled either. */
export async function holdUnsent(store: SourceStore, proxies: StepProxies, decisions: Decisions): Promise<void> {
  const hasRoutes = store.state.steps.some(({ step, state }) => step === 'webhook-routes' && state !== 'waiting');
  if (!hasRoutes || !patched(HOLDS_UNSENT)) return;
  await untilDone(store, decisions, async () => {
    const { uid, manifest, resources } = store.state;
    const marker = { name: manifest.name, uid };
    const { held } = await proxies.other.holdUnsent({ marker, manifest, resources });
    store.change({ heldEvents: held });
  });
}

/** Does what must be done whatever happens. Where it fails for good it holds; after `abort` it is left undone. */
export async function untilDone(store: SourceStore, decisions: Decisions, call: () => Promise<void>): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    for (;;) {
      try {
        return await call();
      } catch (failure) {
        if (!(failure instanceof ActivityFailure) || !patched(HOLDS)) throw failure;
        const { error } = failureOf(failure);
        const decision = await decisions.awaitDecision({ step: 'inlet', during: 'undo', error, since: Date.now() });
        if (decision.kind === 'abort') return;
      }
    }
  });
}

/** The start of a forwarder may have taken effect although its answer never came. */
function mayForward({ liveSince, steps }: SourceStore['state']): boolean {
  if (liveSince !== undefined) return true;
  return steps.every(({ state }) => state === 'made' || state === 'adopted') && patched(STOPS_BEFORE_UNDO);
}
