import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { SOURCE_MESSAGES, type SourceInput, type SourceState, type UndoEntry } from '../../domain/source/source.js';
import { entriesOf } from '../../domain/source/updating/replacing.js';
import { isTakenAway, type TornDown } from '../../domain/source/teardown.js';
import { createDecisions, type Decisions } from '../decisions.js';
import { holdUnsent, startForwarding, stopForwarding } from './forwarding.js';
import { createDriftWatch } from './drift/drifting.js';
import { handlePausing } from './pausing.js';
import { createOperations, type Operations } from './operations.js';
import { OperationAborted, provision } from './provisioning.js';
import { createRemoving, nameKeptDatasets, type Removing } from './removing.js';
import { createRecording, type Recording } from './recording.js';
import { handleRepairing } from './drift/repairing.js';
import { createSourceStore, type SourceStore } from './sourceState.js';
import { createStepProxies, type StepProxies } from './stepProxies.js';
import { awaitTeardown, endTeardown, handleTeardown } from './tearingDown.js';
import { undo } from './undo.js';
import { handleUpdating } from './updating.js';

const stateQuery = defineQuery<SourceState>(SOURCE_MESSAGES.state);

/**
 * Owns one source for as long as it exists: provisions it, holds for a person where a step cannot succeed, and then
 * lives on. Returns once it was torn down on somebody's word (update `teardown`).
 *
 * Cancel before it is live undoes the provisioning; cancel when live takes the flow and its connections away and leaves
 * dataset, schema and field group. Terminate runs nothing; provisioning again finds everything by its marker.
 *
 * Updates `resume` and `abort` (while held; `abort` also while a teardown waits), `pause`, `unpause`, `configure`, `update`,
 * `drift`, `repair` and `teardown` (while live), query `state`.
 */
export async function source(input: SourceInput): Promise<TornDown> {
  const store = createSourceStore(input);
  const recording = createRecording(store, input.unrecorded);
  const decisions = createDecisions(store, recording);
  const proxies = createStepProxies(input.heartbeatTimeoutMs);
  const operations = createOperations(store, recording, () => {
    drift.ensure();
    removing.ensure();
  });
  const removing = createRemoving(store, proxies, recording);
  handlePausing(store, proxies, operations);
  const changing = { store, proxies, decisions, operations, removing };
  handleUpdating(changing);
  handleTeardown(store, proxies, recording, operations);
  const drift = createDriftWatch(store, proxies, operations);
  handleRepairing(changing, drift);
  setHandler(stateQuery, () => store.state, { description: 'Phase, steps, ids, what is held and why' });

  try {
    if (store.state.phase === 'provisioning') await becomeLive(store, proxies, decisions, recording, input);
    drift.ensure();
    removing.begin();
    for (;;) {
      await live(input, store, () => drift.isLooking() || removing.isBusy());
      // Accepted meanwhile: a run that is to hand over tears down in the next one.
      if (store.state.teardown === undefined) break;
      const ended = await awaitTeardown(store, proxies, decisions, recording, () => isToHandOver(input));
      if (ended === 'hand-over') break;
      if (ended === 'aborted') continue;
      await takeDown(store, proxies, decisions, operations, removing);
      const summary = endTeardown(store, recording);
      await recording.finish();
      return summary;
    }
  } catch (reason) {
    if (!isCancellation(reason) && !(reason instanceof OperationAborted)) throw reason;
    const { liveBefore, startedAt } = await takeDown(store, proxies, decisions, operations, removing);
    recording.record(
      liveBefore
        ? { kind: 'teardown', startedAt, result: 'done' }
        : { ...provisioning(input, startedAt), result: isCancellation(reason) ? 'cancelled' : 'aborted' },
    );
    await recording.finish();
    store.change({ phase: liveBefore ? 'torn-down' : 'aborted', operation: undefined });
    throw reason instanceof OperationAborted ? abortedFailure(store.state, reason) : reason;
  }
  return continueAsNew<typeof source>({
    ...input,
    manifest: store.state.manifest,
    carried: store.state,
    unrecorded: recording.unwritten(),
  });
}

/** @returns whether it was live, and since when it has been provisioned or taken down */
async function takeDown(
  store: SourceStore,
  proxies: StepProxies,
  decisions: Decisions,
  operations: Operations,
  removing: Removing,
): Promise<{ readonly liveBefore: boolean; readonly startedAt: number }> {
  await operations.end();
  await removing.end();
  const { liveSince, operation } = store.state;
  const liveBefore = liveSince !== undefined;
  const startedAt = (liveBefore ? undefined : operation?.startedAt) ?? Date.now();
  await stopForwarding(store, proxies, decisions);
  const keepsData = !deletesWhatHoldsData(store.state);
  await undo(entriesToUndo(store.state), store, proxies, decisions);
  const { replaced } = store.state;
  if (replaced !== undefined) {
    if (keepsData) nameKeptDatasets(store, replaced);
    store.change({ replaced: undefined });
  }
  await holdUnsent(store, proxies, decisions);
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  return { liveBefore, startedAt };
}

async function becomeLive(
  store: SourceStore,
  proxies: StepProxies,
  decisions: Decisions,
  recording: Recording,
  input: SourceInput,
): Promise<void> {
  await provision(store, proxies, decisions, {
    adopt: input.adopt === true,
    adoption: input.adoption,
    by: input.by,
  });
  await startForwarding(store, proxies, decisions);
  const startedAt = store.state.operation?.startedAt ?? Date.now();
  recording.record({ ...provisioning(input, startedAt), result: 'done' });
  store.change({ phase: 'live', liveSince: Date.now(), operation: undefined });
}

function provisioning({ by, adopt, adoption }: SourceInput, startedAt: number) {
  const isAdopted = adopt === true || adoption !== undefined;
  return { kind: 'provision', startedAt, by, input: isAdopted ? { adopt: true } : undefined } as const;
}

/** Waits for operations; returns when this run should hand over to a new one, or the source is to be torn down. */
async function live(input: SourceInput, store: SourceStore, isBusy: () => boolean): Promise<void> {
  await condition(() => isToHandOver(input) || store.state.teardown?.revokedAt !== undefined);
  await condition(() => allHandlersFinished() && !isBusy());
}

function isToHandOver({ maxHistoryEvents = Number.MAX_SAFE_INTEGER }: SourceInput): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength >= maxHistoryEvents;
}

/** A cancel never does, also when a teardown that it has overtaken was to. */
function deletesWhatHoldsData({ phase, teardown }: SourceState): boolean {
  return phase === 'undoing' && teardown?.deleteData === true;
}

function entriesToUndo(state: SourceState): readonly UndoEntry[] {
  if (state.liveSince === undefined) return state.operation?.undo ?? [];
  const deletesData = deletesWhatHoldsData(state);
  const deletesAdopted = state.phase === 'undoing' && state.teardown?.includeAdopted === true;
  const used = state.steps
    .filter(({ step }) => isTakenAway(step, deletesData))
    .map(({ step }) => ({
      step,
      resource: state.resources[step],
      ...(deletesData ? { deletesData } : {}),
      ...(deletesAdopted ? { deletesAdopted } : {}),
      ...(step === 'flow' && state.paused?.flowDisabled === true ? { isFlowPaused: true } : {}),
    }));
  // The last first: what was replaced goes before what the source uses.
  return [...used, ...(state.replaced ?? []).flatMap((one) => entriesOf(one, { deletesData, deletesAdopted }))];
}

function abortedFailure(state: SourceState, reason: OperationAborted): ApplicationFailure {
  const { name } = state.manifest;
  return ApplicationFailure.nonRetryable(`The operation on ${name} was aborted: ${reason.message}`, 'CAEP_ABORTED', {
    error: { code: 'CAEP_ABORTED', fields: { name, reason: reason.message } },
    remainders: state.remainders,
  });
}
