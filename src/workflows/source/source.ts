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
import { STEPS_WITH_DATA } from '../../domain/source/steps.js';
import { createDecisions, type Decisions } from '../decisions.js';
import { holdUnsent, startForwarding, stopForwarding } from './forwarding.js';
import { handlePausing } from './pausing.js';
import { createOperations } from './operations.js';
import { OperationAborted, provision } from './provisioning.js';
import { createRecording, type Recording } from './recording.js';
import { createSourceStore, type SourceStore } from './sourceState.js';
import { createStepProxies, type StepProxies } from './stepProxies.js';
import { undo } from './undo.js';
import { handleUpdating } from './updating.js';

const stateQuery = defineQuery<SourceState>(SOURCE_MESSAGES.state);

/**
 * Owns one source for as long as it exists: provisions it, holds for a person where a step cannot succeed, and then
 * lives on. Never returns by itself.
 *
 * Cancel before it is live undoes the provisioning; cancel when live takes the flow and its connections away and leaves
 * dataset, schema and field group. Terminate runs nothing; provisioning again finds everything by its marker.
 *
 * Updates `resume` and `abort` (while held), `pause`, `unpause`, `configure` and `update` (while live), query `state`.
 */
export async function source(input: SourceInput): Promise<never> {
  const store = createSourceStore(input);
  const recording = createRecording(store, input.unrecorded);
  const decisions = createDecisions(store, recording);
  const proxies = createStepProxies(input.heartbeatTimeoutMs);
  const operations = createOperations(store, recording);
  handlePausing(store, proxies, operations);
  handleUpdating(store, proxies, decisions, operations);
  setHandler(stateQuery, () => store.state, { description: 'Phase, steps, ids, what is held and why' });

  try {
    if (store.state.phase === 'provisioning') await becomeLive(store, proxies, decisions, recording, input);
    await live(input);
  } catch (reason) {
    if (!isCancellation(reason) && !(reason instanceof OperationAborted)) throw reason;
    await operations.end();
    const { liveSince, operation } = store.state;
    const liveBefore = liveSince !== undefined;
    const startedAt = (liveBefore ? undefined : operation?.startedAt) ?? Date.now();
    await stopForwarding(store, proxies, decisions);
    await undo(entriesToUndo(store.state), store, proxies, decisions);
    await holdUnsent(store, proxies, decisions);
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
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

async function becomeLive(
  store: SourceStore,
  proxies: StepProxies,
  decisions: Decisions,
  recording: Recording,
  input: SourceInput,
): Promise<void> {
  await provision(store, proxies, decisions, input.adopt === true);
  await startForwarding(store, proxies, decisions);
  const startedAt = store.state.operation?.startedAt ?? Date.now();
  recording.record({ ...provisioning(input, startedAt), result: 'done' });
  store.change({ phase: 'live', liveSince: Date.now(), operation: undefined });
}

function provisioning({ by, adopt }: SourceInput, startedAt: number) {
  return { kind: 'provision', startedAt, by, input: adopt === true ? { adopt } : undefined } as const;
}

/** Waits for operations; returns when this run should hand over to a new one. */
async function live(input: SourceInput): Promise<void> {
  await condition(() => {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return continueAsNewSuggested || historyLength >= (input.maxHistoryEvents ?? Number.MAX_SAFE_INTEGER);
  });
  await condition(allHandlersFinished);
}

function entriesToUndo(state: SourceState): readonly UndoEntry[] {
  if (state.liveSince === undefined) return state.operation?.undo ?? [];
  return state.steps
    .filter(({ step }) => !STEPS_WITH_DATA.includes(step))
    .map(({ step }) => ({ step, resource: state.resources[step] }));
}

function abortedFailure(state: SourceState, reason: OperationAborted): ApplicationFailure {
  const { name } = state.manifest;
  return ApplicationFailure.nonRetryable(`The operation on ${name} was aborted: ${reason.message}`, 'CAEP_ABORTED', {
    error: { code: 'CAEP_ABORTED', fields: { name, reason: reason.message } },
    remainders: state.remainders,
  });
}
