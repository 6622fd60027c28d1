import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { ForwarderInput, ForwarderPhase, ForwarderState } from '../../domain/delivery/forwarder.js';
import { describeForwarder } from '../../domain/delivery/forwarderDetails.js';
import { initialForwarderState, phaseOf } from '../../domain/delivery/forwarderState.js';
import { HELD_REASON, SOURCE_NAME, SOURCE_PHASE } from '../../domain/source/searchAttributes.js';

/** Of a keyword; long reasons stand in the details. */
const MAX_REASON_LENGTH = 200;

/** The state of a forwarder, and the one way to change it: phase and what an operator sees always follow. */
export interface ForwarderStore {
  readonly state: ForwarderState;
  set(next: ForwarderState): void;
  change(patch: Partial<ForwarderState>): void;
}

export function createForwarderStore(input: ForwarderInput): ForwarderStore {
  // No drain of the run before still runs: it awaited their return.
  let state: ForwarderState = { ...(input.carried ?? initialForwarderState(input)), draining: [] };
  let published = '';

  const set = (next: ForwarderState): void => {
    state = { ...next, phase: phaseOf(next) };
    setCurrentDetails(describeForwarder(state, input.name, workflowInfo().workflowId));
    const phase = filterPhase(state.phase);
    const heldReason = state.hold?.reason.slice(0, MAX_REASON_LENGTH) ?? null;
    // An upsert is a history event: only when something to filter by has changed.
    if (published === `${phase} ${heldReason}`) return;
    published = `${phase} ${heldReason}`;
    upsertSearchAttributes([
      { key: SOURCE_NAME, value: input.name },
      { key: SOURCE_PHASE, value: phase },
      { key: HELD_REASON, value: heldReason },
    ]);
  };

  set(state);
  return {
    get state() {
      return state;
    },
    set,
    change: (patch) => set({ ...state, ...patch }),
  };
}

/** A forwarder goes idle after every few events; for somebody who filters that is the same as forwarding. */
function filterPhase(phase: ForwarderPhase): string {
  return phase === 'idle' ? 'forwarding' : phase;
}
