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
}

const resumeUpdate = defineUpdate<SourcePhase, [ResumeInput?]>(SOURCE_MESSAGES.resume);
const abortUpdate = defineUpdate<SourcePhase, [AbortInput?]>(SOURCE_MESSAGES.abort);

/** Registers the updates `resume` and `abort`. To be called before the first await of the workflow. */
export function createDecisions(store: SourceStore, recording: Recording): Decisions {
  let decision: HoldDecision | undefined;

  const requireHeld = (): Hold => {
    const { hold, manifest, phase } = store.state;
    if (hold === undefined) refuse({ code: 'CAEP_NOT_HELD', fields: { name: manifest.name, phase } });
    if (decision !== undefined) refuse({ code: 'CAEP_ALREADY_DECIDED', fields: { name: manifest.name } });
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
      description: 'Undo the held operation: {} or {"reason": "…"}',
      validator: (input: AbortInput = {}) => {
        requireShape(ABORT_INPUT, input);
        requireHeld();
      },
    },
  );

  return {
    async awaitDecision(hold) {
      const { phase, operation } = store.state;
      const { step, error, since } = hold;
      recording.record({
        kind: operation?.kind ?? 'teardown',
        startedAt: operation?.startedAt ?? since,
        result: 'held',
        code: error.code,
        step,
      });
      decision = undefined;
      store.change({ phase: 'held', hold });
      try {
        await condition(() => decision !== undefined);
      } finally {
        store.change({ phase, hold: undefined });
      }
      const decided = decision as HoldDecision | undefined;
      if (decided === undefined) throw new Error('a hold ended without a decision');
      return decided;
    },
  };
}

function asked({ adopt, manifest }: ResumeInput, before: Manifest): RecordedInput {
  return {
    ...(adopt === true ? { adopt } : {}),
    ...(manifest === undefined ? {} : { changed: manifestDifferences(before, manifest) }),
  };
}
