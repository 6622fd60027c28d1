/** `POST /flows/{id}/action?op=…`: which action fits which state, and where it leads. */
import type { FlowState } from '../../state/stored.js';
import { actionRefused, transitionRefused } from '../refusals.js';

interface Action {
  readonly via: FlowState;
  readonly to: FlowState;
  readonly operation: 'enable' | 'disable';
  /** Publishing a draft takes as long as the activation of a new flow. */
  readonly isActivation: boolean;
}

const ACTIONS: Readonly<Record<string, Action & { readonly from: FlowState }>> = {
  enable: { from: 'disabled', via: 'enabling', to: 'enabled', operation: 'enable', isActivation: false },
  disable: { from: 'enabled', via: 'disabling', to: 'disabled', operation: 'disable', isActivation: false },
  publish: { from: 'draft', via: 'initializing', to: 'enabled', operation: 'enable', isActivation: true },
};

const TRANSITION_STATES: readonly FlowState[] = ['enabling', 'disabling', 'updating'];

/**
 * @param op lower case in the pages, upper case in the OpenAPI file
 * @throws Refusal 400
 */
export function actionOf(op: string, state: FlowState): Action {
  const action = ACTIONS[op.toLowerCase()];
  if (TRANSITION_STATES.includes(state)) throw transitionRefused(state);
  if (action?.from !== state) throw actionRefused(op, state);
  return action;
}
