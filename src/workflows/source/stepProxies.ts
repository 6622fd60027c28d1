import { proxyActivities } from '@temporalio/workflow';
import type {
  SourceActivities,
  StepInput,
  StepResult,
  UndoInput,
  UndoResult,
} from '../../domain/source/provisioning.js';
import type { DriftActivities } from '../../domain/drift/drift.js';
import type { RepairActivities } from '../../domain/drift/repair.js';
import type { GateActivities } from '../../domain/delivery/pause.js';
import type { ReplacingActivities } from '../../domain/source/updating/replacing.js';
import type { TeardownActivities } from '../../domain/source/teardown.js';
import {
  changeActivityName,
  type ChangeInput,
  type ChangeResult,
  type UpdateActivities,
} from '../../domain/source/update.js';
import { undoActivityName } from '../../domain/source/provisioning.js';
import { STEPS, type StepName } from '../../domain/source/steps.js';

const DEFAULT_HEARTBEAT_TIMEOUT_MS = 15_000;

/**
 * Longer than everything one attempt may do: lookups over the consistency window (90 s), a create that runs into its
 * 65 s timeout, and a flow that takes two minutes to become enabled. A dead worker is noticed by the heartbeat long before.
 */
const ATTEMPT_TIMEOUT = '10 minutes';

/** Steps run one at a time, each under its own name in the history; attempts are bounded by the activity, which knows Adobe's errors. */
export interface StepProxies {
  perform(step: StepName, input: StepInput): Promise<StepResult>;
  undo(step: StepName, input: UndoInput): Promise<UndoResult>;
  change(step: StepName, input: ChangeInput): Promise<ChangeResult>;
  readonly other: Pick<
    SourceActivities,
    | 'startForwarder'
    | 'stopForwarder'
    | 'configureForwarder'
    | 'holdUnsent'
    | keyof GateActivities
    | keyof UpdateActivities
    | keyof TeardownActivities
    | keyof RepairActivities
    | keyof ReplacingActivities
  >;
  /** What looks at the objects and changes none. */
  readonly drift: DriftActivities;
}

export function createStepProxies(heartbeatTimeoutMs = DEFAULT_HEARTBEAT_TIMEOUT_MS): StepProxies {
  const options = {
    startToCloseTimeout: ATTEMPT_TIMEOUT,
    heartbeatTimeout: heartbeatTimeoutMs,
    // A create that is under way is waited for: cancel and abort take effect after it has been answered.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
  } as const;
  let executions = 0;
  // An activity id must be unique among the pending ones only, but the UI is clearer when every execution has its own.
  const nextId = (name: string): string => {
    executions += 1;
    return executions === 1 ? name : `${name} (${executions})`;
  };
  return {
    perform(step, input) {
      const activities = proxyActivities<SourceActivities>({
        ...options,
        activityId: nextId(step),
        summary: STEPS[step].title,
      });
      return activities[step](input);
    },
    undo(step, input) {
      const activities = proxyActivities<SourceActivities>({
        ...options,
        activityId: nextId(`undo ${step}`),
        summary: `undo ${STEPS[step].title}`,
      });
      return activities[undoActivityName(step)](input);
    },
    change(step, input) {
      const activities = proxyActivities<SourceActivities>({
        ...options,
        activityId: nextId(`change ${step}`),
        summary: `change ${STEPS[step].title}`,
      });
      return activities[changeActivityName(step)](input);
    },
    other: proxyActivities<SourceActivities>(options),
    drift: proxyActivities<DriftActivities>({ ...options, cancellationType: 'TRY_CANCEL' }),
  };
}
