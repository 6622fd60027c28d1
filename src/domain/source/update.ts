/** Changing a live source: messages, what may be changed, and what the workflow says to its activities. Plain JSON. */
import type { OperationInput } from '../delivery/pause.js';
import type { Contents } from '../projection/projection.js';
import type { Manifest } from './manifest.js';
import type { PlanCheck } from '../planning/savedPlan.js';
import type { Replacement } from './updating/replacing.js';
import type { Resource, Resources, StepName } from './steps.js';

/** Update `update` of a live source. */
export interface UpdateInput {
  /** The whole parsed manifest. */
  readonly manifest: Manifest;
  /** Make these anew, which Adobe does not change where they stand. */
  readonly replace?: Replacement;
  /** Remove what was replaced at once, whatever of it is not known yet. */
  readonly now?: boolean;
  /** Who, for the record. */
  readonly by?: string;
  /** Refused where the world is not as this plan has seen it. */
  readonly plan?: PlanCheck;
}

export interface UpdateResult {
  readonly v: 1;
  /** False: it was so already. */
  readonly changed: boolean;
  /** Fields that the XDM field group has gained, as paths below the tenant's node. */
  readonly fields: readonly string[];
  /** Of the mapping set that the flow uses now. */
  readonly mappingVersion?: number;
  /** The new flow, and the one that it has taken the place of. */
  readonly replaced?: { readonly flow: string; readonly by: string };
  /** Flows that were removed because somebody has said `now`. */
  readonly removed?: readonly string[];
  /** Events are sent from this time on, ISO 8601. Absent: sending was not interrupted, or awaits an `unpause`. */
  readonly opensAt?: string;
}

/** What was made beforehand: nothing of it has an effect on what is sent. */
export interface PreparedUpdate {
  /** With the mapping set's new version. */
  readonly resources: Resources;
  /** As {@link UpdateResult.fields}. */
  readonly fields: readonly string[];
}

/** What is other than before, also where the first attempt has made it so. */
export interface UpdateChanges {
  readonly schemaChanged: boolean;
  readonly mappingChanged: boolean;
}

export interface AppliedUpdate {
  /** As {@link UpdateResult.opensAt}. */
  readonly opensAt?: string;
  /** As events leave from now on. Absent: they are cut when they are taken. */
  readonly contents?: Contents;
}

/** What an object that is there is made to be. */
export interface ChangeInput extends OperationInput {
  /** What the manifest said before: of that, what is not wanted any more is taken away. */
  readonly before?: Manifest;
}

export interface CheckPlanInput extends OperationInput, Pick<UpdateInput, 'replace'> {
  readonly plan: PlanCheck;
}

export interface ChangeResult {
  readonly resource: Resource;
}

export function changeActivityName(step: StepName): `change-${StepName}` {
  return `change-${step}`;
}

/** Each may be done again after its answer was lost. */
export type UpdateActivities = {
  /** Makes the object of the step what the manifest says, where it stands. */
  [S in StepName as `change-${S}`]: (input: ChangeInput) => Promise<ChangeResult>;
} & SendingActivities;

interface SendingActivities {
  /** Refuses with `CAEP_PLAN_OUTDATED` where the world is not as the plan has seen it. Changes nothing. */
  checkPlan(input: CheckPlanInput): Promise<void>;
  /**
   * Adds fields to the field group, puts the mapping set's next version, and tries it with samples. What fails here is refused:
   * the source goes on as it was.
   */
  prepareUpdate(input: OperationInput): Promise<PreparedUpdate>;
  /** With the gate closed and quiet: has the flow use the mapping set's version, sets what leaves, and opens the gate. */
  applyUpdate(input: OperationInput & UpdateChanges): Promise<AppliedUpdate>;
}
