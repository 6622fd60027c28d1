/** Activities of the source workflow: one per step and one per undo, thin around the two runners; and those on the gate. */
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type { AdobeClients } from '../adobe/clients.js';
import type { GateActivities, OperationInput } from '../domain/delivery/pause.js';
import type { RecordInput } from '../domain/history.js';
import {
  undoActivityName,
  type SourceActivities,
  type StepInput,
  type UndoInput,
} from '../domain/source/provisioning.js';
import { STEP_NAMES, type StepName } from '../domain/source/steps.js';
import type { DriftActivities } from '../domain/drift/drift.js';
import type { RepairActivities } from '../domain/drift/repair.js';
import { besides } from './drift/besides.js';
import { lookForDrift } from './drift/lookForDrift.js';
import { removeReplaced } from './drift/removeReplaced.js';
import { configure } from './forwarding/configure.js';
import type { Forwarders } from './forwarding/forwarders.js';
import { activityFailure, type RetryBounds } from './failures.js';
import { withHeartbeats } from './heartbeats.js';
import { checkPlan } from './planning/checkPlan.js';
import { closeGate, disableFlow, enableFlow, openGate } from './steps/gate.js';
import { applyUpdate, changeStep, prepareUpdate } from './steps/update.js';
import type { TeardownActivities } from '../domain/source/teardown.js';
import { changeActivityName, type ChangeInput, type UpdateActivities } from '../domain/source/update.js';
import { leaveLastWords, recall, type AttemptMemory } from './steps/attempt.js';
import { STEP_TABLE } from './steps/table/index.js';
import { type ConsistencyWindow, performStep } from './steps/perform.js';
import type { ProvisioningStore } from '../store/sources/provisioning.js';
import type { StepContext } from './steps/step.js';
import { undoStep } from './steps/undo.js';

export interface SourceActivityDeps {
  /** Clients bound to a sandbox, which begin no request once `mayBegin` says no. */
  readonly adobe: (sandbox: string, options: { readonly mayBegin: () => boolean }) => AdobeClients;
  readonly store: ProvisioningStore;
  readonly forwarders: Pick<Forwarders, 'startForwarder' | 'stopForwarder' | 'configure'>;
  readonly window: ConsistencyWindow;
  readonly minimumSettleWindowMs: number;
  readonly minimumLakeLatencyMs?: number;
  readonly bounds: RetryBounds;
  readonly heartbeatEveryMs: number;
  /** The namespace has the search attribute. */
  readonly isDriftSearchable?: boolean;
  /** Between two looks at an object that is gone. Default 2 s. */
  readonly confirmAfterMs?: number;
}

/**
 * Does Temporal still wait for this attempt? Once it has been given up, the next one looks for what it did and then
 * creates: a create that left after that would be a second object. The heartbeat's answer tells, well within the
 * consistency window. A cancel is different: the attempt is waited for, and may finish.
 */
function isOurs({ cancellationDetails }: Context): boolean {
  return cancellationDetails?.notFound !== true && cancellationDetails?.timedOut !== true;
}

export function createSourceActivities(deps: SourceActivityDeps): SourceActivities {
  /** Runs one attempt with heartbeats, leaves its memory to the next one, and turns what it throws into a failure. */
  async function attempt<T>(
    input: OperationInput & Pick<StepInput, 'adopt'>,
    memory: AttemptMemory,
    run: (context: StepContext) => Promise<T>,
  ): Promise<T> {
    const activity = Context.current();
    const { marker, manifest, resources, adopt } = input;
    const context: StepContext = {
      marker,
      manifest,
      resources,
      adopt,
      adobe: deps.adobe(manifest.sandbox, { mayBegin: () => isOurs(activity) }),
      store: deps.store,
      minimumSettleWindowMs: deps.minimumSettleWindowMs,
      minimumLakeLatencyMs: deps.minimumLakeLatencyMs,
      signal: activity.cancellationSignal,
    };
    try {
      return await withHeartbeats(
        deps.heartbeatEveryMs,
        () => run(context),
        () => 'alive',
      );
    } catch (error) {
      leaveLastWords(activity, memory);
      if (activity.cancellationSignal.aborted) throw new CancelledFailure('cancelled');
      throw activityFailure(error, {
        attempt: activity.info.attempt,
        bounds: deps.bounds,
        fields: { name: manifest.name, sandbox: manifest.sandbox },
        ambiguousSince: memory.ambiguousSince,
      });
    }
  }

  const perform = (name: StepName) => (input: StepInput) => {
    const memory = recall(Context.current(), input.ambiguousSince);
    const step = besides(STEP_TABLE[name], input.besides);
    return attempt(input, memory, (context) => performStep(step, context, input, memory, deps.window));
  };
  // An undo creates nothing, so its own attempts leave nothing in doubt: only what the step handed over counts.
  const undo = (name: StepName) => (asked: UndoInput) => {
    const input = sparing(asked);
    const memory = { ambiguousSince: input.entry.ambiguousSince };
    const step = besides(STEP_TABLE[name], input.besides);
    return attempt(input, memory, (context) => undoStep(step, context, input, memory, deps.window));
  };

  const operate = <T>(input: OperationInput, run: (context: StepContext) => Promise<T>): Promise<T> =>
    attempt(input, { ambiguousSince: undefined }, run);
  const gate: GateActivities = {
    closeGate: (input) =>
      operate(input, (context) => closeGate(context, input.reason, input.reopens === true ? undefined : 'unpaused')),
    disableFlow: (input) => operate(input, disableFlow),
    openGate: (input) => operate(input, openGate),
  };

  const change = (step: StepName) => (input: ChangeInput) =>
    operate(input, (context) => changeStep(STEP_TABLE[step], { ...context, before: input.before }));
  const updating: Pick<UpdateActivities, 'checkPlan' | 'prepareUpdate' | 'applyUpdate'> = {
    checkPlan: (input) => operate(input, (context) => checkPlan(context, input)),
    prepareUpdate: (input) => operate(input, prepareUpdate),
    applyUpdate: (input) => operate(input, (context) => applyUpdate(context, input)),
  };

  const tearingDown: TeardownActivities = {
    revokeRoutes: (input) => operate(input, ({ store, marker }) => store.revokeRoutes(marker)),
    restoreRoutes: (input) => operate(input, ({ store, marker }) => store.restoreRoutes(marker)),
    readSpools: (input) => operate(input, ({ store, marker }) => store.spools(marker, new Date(input.revokedAt))),
    countUnsent: (input) => operate(input, ({ store, marker }) => store.countUnsent(marker)),
    countUnconfirmed: (input) => operate(input, ({ store, marker }) => store.countUnconfirmed(marker, input)),
    readMissing: (input) => operate(input, ({ store, marker }) => store.missing(marker, input.receivers)),
  };

  const drifting: DriftActivities & RepairActivities = {
    lookForDrift: (input) =>
      operate(input, async (context) => ({
        ...(await lookForDrift(context, { ...input, confirmAfterMs: deps.confirmAfterMs })),
        searchable: deps.isDriftSearchable === true,
      })),
    noteDrift: (input) => operate(input, ({ store, marker }) => store.noteDrift(marker, input.count)),
    enableFlow: (input) => operate(input, enableFlow),
    removeReplaced: (input) => operate(input, (context) => removeReplaced(context, input.replaced)),
  };

  return {
    ...Object.fromEntries(STEP_NAMES.map((step) => [step, perform(step)])),
    ...Object.fromEntries(STEP_NAMES.map((step) => [undoActivityName(step), undo(step)])),
    ...Object.fromEntries(STEP_NAMES.map((step) => [changeActivityName(step), change(step)])),
    ...gate,
    ...updating,
    ...tearingDown,
    ...drifting,
    countOfFlow: (input: OperationInput & { readonly flowId: string }) =>
      operate(input, ({ store, marker }) => store.countOfFlow(marker, input.flowId)),
    holdUnsent: (input: OperationInput) =>
      operate(input, async ({ store, marker, signal }) => ({
        v: 1,
        held: await store.holdUnsent(marker, () => signal.throwIfAborted()),
      })),
    configureForwarder: (input: OperationInput) => operate(input, (context) => configure(context, deps.forwarders)),
    recordOperation: (input: RecordInput) => deps.store.recordOperation(input),
    startForwarder: deps.forwarders.startForwarder,
    stopForwarder: deps.forwarders.stopForwarder,
  } as SourceActivities;
}

/** Whatever an entry says: what is to be spared is not what it is about. */
function sparing(input: UndoInput): UndoInput {
  const { entry, besides: spared = [] } = input;
  if (entry.resource === undefined || !spared.includes(entry.resource.id)) return input;
  return { ...input, entry: { ...entry, resource: undefined } };
}
