import { condition, defineUpdate, setHandler } from '@temporalio/workflow';
import type { RecordedInput } from '../domain/history.js';
import { refusalOfCorrection } from '../domain/source/correction.js';
import type { Manifest } from '../domain/source/manifest.js';
import {
  manifestDifferences,
  SOURCE_MESSAGES,
  type AbortInput,
  type Hold,
  type ResumeInput,
  type SourcePhase,
} from '../domain/source/source.js';
import { isWaitingToTearDown } from '../domain/source/teardown.js';
import { ABORT_INPUT, RESUME_INPUT } from '../domain/source/updateInputs.js';
import { refuse, requireShape } from './refuse.js';
import type { Recording } from './source/recording.js';
import type { SourceStore } from './source/sourceState.js';

type HoldDecision =
  | { readonly kind: 'resume'; readonly input: ResumeInput }
  | { readonly kind: 'abort'; readonly input: AbortInput };

/** Waits for a person, as many times as needed. */
export interface Decisions {
  /** Shows the hold and returns what a person decided. Ends with a cancellation when the workflow is cancelled. */
  awaitDecision(hold: Hold): Promise<HoldDecision>;
  /**
   * For what looks again by itself: held, or only waiting, when a person may still abort it. A hold that nobody has decided about
   * stands until the next call. Ends with a cancellation when the workflow is cancelled.
   *
   * @returns undefined when the time is over, or `until` says so
   */
  decideWithin(hold: Hold | undefined, ms: number, until: () => boolean): Promise<HoldDecision | undefined>;
  /** What was decided since, if anything was. */
  taken(): HoldDecision | undefined;
}

const resumeUpdate = defineUpdate<SourcePhase, [ResumeInput?]>(SOURCE_MESSAGES.resume);
const abortUpdate = defineUpdate<SourcePhase, [AbortInput?]>(SOURCE_MESSAGES.abort);

/** Registers the updates `resume` and `abort`. To be called before the first await of the workflow. */
export function createDecisions(store: SourceStore, recording: Recording): Decisions {
  let decision: HoldDecision | undefined;

  const requireUndecided = (): void => {
    if (decision !== undefined) refuse({ code: 'CAEP_ALREADY_DECIDED', fields: { name: store.state.manifest.name } });
  };
  const requireHeld = (): Hold => {
    const { hold, manifest, phase } = store.state;
    if (hold === undefined) refuse({ code: 'CAEP_NOT_HELD', fields: { name: manifest.name, phase } });
    requireUndecided();
    return hold;
  };

  setHandler(
    resumeUpdate,
    (input: ResumeInput = {}) => {
      recording.record({
        kind: 'resume',
        startedAt: Date.now(),
        by: input.by,
        input: asked(input, store.state.manifest),
        result: 'done',
      });
      decision = { kind: 'resume', input };
      return store.state.phase;
    },
    {
      description: 'Try the held step again: {} or {"adopt": true} or {"manifest": {…corrected, parsed…}}',
      validator: (input: ResumeInput = {}) => {
        requireShape(RESUME_INPUT, input);
        const hold = requireHeld();
        if (input.manifest === undefined) return;
        const refusal = refusalOfCorrection(store.state, hold, input.manifest);
        if (refusal !== undefined) refuse(refusal);
      },
    },
  );
  setHandler(
    abortUpdate,
    (input: AbortInput = {}) => {
      recording.record({ kind: 'abort', startedAt: Date.now(), by: input.by, why: input.reason, result: 'done' });
      decision = { kind: 'abort', input };
      return store.state.phase;
    },
    {
      description: 'Undo what is held, or take back a teardown that waits: {} or {"reason": "…"}',
      validator: (input: AbortInput = {}) => {
        requireShape(ABORT_INPUT, input);
        if (isWaitingToTearDown(store.state)) requireUndecided();
        else requireHeld();
      },
    },
  );

  function recordHold({ step, error, since }: Hold): void {
    const { operation } = store.state;
    recording.record({
      kind: operation?.kind ?? 'teardown',
      startedAt: operation?.startedAt ?? since,
      result: 'held',
      code: error.code,
      step,
    });
  }

  function take(): HoldDecision | undefined {
    const decided = decision;
    decision = undefined;
    return decided;
  }

  return {
    async awaitDecision(hold) {
      const { phase } = store.state;
      recordHold(hold);
      decision = undefined;
      store.change({ phase: 'held', hold });
      try {
        await condition(() => decision !== undefined);
      } finally {
        store.change({ phase, hold: undefined });
      }
      const decided = take();
      if (decided === undefined) throw new Error('a hold ended without a decision');
      return decided;
    },

    async decideWithin(hold, ms, until) {
      const release = (): void => {
        if (store.state.hold !== undefined) store.change({ phase: 'live', hold: undefined });
      };
      if (hold === undefined) release();
      else {
        if (store.state.hold === undefined) recordHold(hold);
        store.change({ phase: 'held', hold });
      }
      try {
        await condition(() => decision !== undefined || until(), ms);
      } catch (cancelled) {
        release();
        throw cancelled;
      }
      const decided = take();
      if (decided !== undefined || until()) release();
      return decided;
    },

    taken: take,
  };
}

function asked({ adopt, manifest, withoutReceivers }: ResumeInput, before: Manifest): RecordedInput {
  return {
    ...(adopt === true ? { adopt } : {}),
    ...(withoutReceivers === undefined ? {} : { withoutReceivers }),
    ...(manifest === undefined ? {} : { changed: manifestDifferences(before, manifest) }),
  };
}
