import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { worstOf } from '../../domain/drift/drift.js';
import type { SourceInput, SourceState, StepStatus } from '../../domain/source/source.js';
import { stepsFor, type StepName } from '../../domain/source/steps.js';
import { describeSource } from '../../domain/source/sourceDetails.js';
import { HELD_REASON, SOURCE_DRIFT, SOURCE_NAME, SOURCE_PHASE } from '../../domain/source/searchAttributes.js';

/** The state of a source, and the one way to change it: what an operator sees always follows. */
export interface SourceStore {
  readonly state: SourceState;
  change(patch: Partial<SourceState>): void;
  changeStep(step: StepName, patch: Partial<StepStatus>): void;
}

function initialState(input: SourceInput): SourceState {
  return {
    v: 1,
    uid: input.uid,
    manifest: input.manifest,
    phase: 'provisioning',
    steps: stepsFor(input.manifest).map((step) => ({ step, state: 'waiting' })),
    resources: {},
    remainders: [],
  };
}

export function createSourceStore(input: SourceInput): SourceStore {
  let state = input.carried ?? initialState(input);
  let published = { phase: '', heldReason: '' };

  const publish = (): void => {
    setCurrentDetails(describeSource(state, workflowInfo().workflowId));
    const next = { phase: state.phase as string, heldReason: state.hold?.error.code ?? '' };
    // An upsert is a history event: only when something to filter by has changed.
    if (next.phase === published.phase && next.heldReason === published.heldReason) return;
    upsertSearchAttributes([
      { key: SOURCE_NAME, value: state.manifest.name },
      { key: SOURCE_PHASE, value: state.phase },
      { key: HELD_REASON, value: state.hold?.error.code ?? null },
    ]);
    published = next;
  };

  let publishedDrift = '';
  const publishDrift = (): void => {
    const { drift, driftSearchable } = state;
    const worst = worstOf(drift?.drifted ?? []) ?? '';
    if (driftSearchable !== true || worst === publishedDrift) return;
    upsertSearchAttributes([{ key: SOURCE_DRIFT, value: worst === '' ? null : worst }]);
    publishedDrift = worst;
  };

  publish();
  publishDrift();

  return {
    get state() {
      return state;
    },
    change(patch) {
      state = { ...state, ...patch };
      publish();
      publishDrift();
    },
    changeStep(step, patch) {
      state = { ...state, steps: state.steps.map((row) => (row.step === step ? { ...row, ...patch } : row)) };
      publish();
    },
  };
}
