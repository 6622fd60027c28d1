/** Bringing back what has drifted: messages, what is done about each object, and what is lost by it. Plain JSON. */
import { counted } from '../counted.js';
import type { OperationInput } from '../delivery/pause.js';
import type { Resource, Resources, StepName } from '../source/steps.js';
import { STEP_NAMES, STEPS } from '../source/steps.js';
import type { Drifted } from './drift.js';

/** Update `repair` of a live source. From the Temporal UI `{}` does what loses nothing. */
export interface RepairInput {
  /** Of these steps an object is made anew: somebody has been told what is lost by it. */
  readonly recreate?: readonly StepName[];
  /** Who, for the record. */
  readonly by?: string;
}

export interface RepairResult {
  readonly v: 1;
  /** False: nothing had drifted, or nothing of it can be repaired. */
  readonly changed: boolean;
  readonly actions: readonly RepairAction[];
  /** What still differs. */
  readonly left: readonly Drifted[];
  /** Events are sent from this time on, ISO 8601. Absent: sending was not interrupted, or awaits an `unpause`. */
  readonly opensAt?: string;
}

/** `change`: in place. `create`: a new object takes over. `enable`: the flow. */
export interface RepairAction {
  readonly step: StepName;
  readonly how: 'change' | 'create' | 'enable';
  /** Of the object as it was recorded. */
  readonly id?: string;
  /** It was somebody else's: the new one is ours. */
  readonly adopted?: boolean;
  /** Of a `create`: why. `gone`: it was deleted. `moved`: it refers to another one that is made anew. */
  readonly because?: 'gone' | 'moved' | 'changed';
  /** Of a `change`. */
  readonly fields?: readonly string[];
}

export interface RepairPlan {
  /** In the order in which they are done. */
  readonly actions: readonly RepairAction[];
  /** What cannot be brought back: somebody else's, or Adobe does not take it. */
  readonly left: readonly Drifted[];
}

/** A new object of the one needs new objects of the others, as Adobe does not have them refer to another one. */
const NEEDS_ANEW: Readonly<Partial<Record<StepName, readonly StepName[]>>> = {
  schema: ['identity-descriptor', 'dataset', 'mapping-set'],
  dataset: ['target-connection'],
  'source-connection': ['flow'],
  'target-connection': ['flow'],
};

/** Of these a new one has no effect on where events go. */
const BESIDE_THE_FLOW: readonly StepName[] = ['identity-descriptor', 'webhook-routes'];

/** @param resources as they are recorded */
export function repairPlan(drifted: readonly Drifted[], resources: Resources): RepairPlan {
  const steps = STEP_NAMES.filter((step) => resources[step] !== undefined);
  const rowsOf = (step: StepName): readonly Drifted[] => drifted.filter((row) => row.step === step);
  const isGone = (step: StepName): boolean => rowsOf(step).some(({ kind }) => kind === 'gone');
  const stuck = stuckSteps(isGone, resources);
  const anew = new Map<StepName, RepairAction['because']>();
  for (const step of steps) {
    if (stuck.has(step)) continue;
    if (isGone(step)) anew.set(step, 'gone');
    else if (rowsOf(step).some(mustBeReplaced)) anew.set(step, 'changed');
    for (const other of anew.has(step) ? (NEEDS_ANEW[step] ?? []) : []) {
      if (!anew.has(other) && resources[other] !== undefined) anew.set(other, 'moved');
    }
  }
  // What is brought back of a mapping set is its next version, which the flow has to lead to.
  const isRewritten = rowsOf('mapping-set').some(({ kind, remedy }) => kind === 'changed' && remedy === 'change');
  const actions = steps.flatMap((step): RepairAction[] => {
    if (step === 'inlet' || step === 'webhook-routes' || stuck.has(step)) return [];
    const id = resources[step]?.id;
    if (anew.has(step)) return [{ step, how: 'create', id, because: anew.get(step), ...wasAdopted(resources[step]) }];
    const changed = rowsOf(step).filter(({ kind, remedy }) => kind === 'changed' && remedy === 'change');
    const fields = [
      ...changed.map(({ field }) => field),
      ...(step === 'flow' && (anew.has('mapping-set') || isRewritten) ? ['mapping set'] : []),
    ];
    return [
      ...(fields.length === 0 ? [] : [{ step, how: 'change', id, fields } as const]),
      ...(rowsOf(step).some(({ kind }) => kind === 'disabled') ? [{ step, how: 'enable', id } as const] : []),
    ];
  });
  return { actions, left: drifted.filter((row) => !anew.has(row.step) && isLeft(row, stuck)) };
}

/** A schema that is in use keeps its field group: none takes the place of one that was deleted all the same. */
function stuckSteps(isGone: (step: StepName) => boolean, resources: Resources): ReadonlySet<StepName> {
  const keepsIt = resources.schema !== undefined && !isGone('schema');
  return new Set(isGone('field-group') && keepsIt ? (['field-group'] as const) : []);
}

/** A change in place has no effect, or is not accepted; a descriptor of ours can be made anew. */
function mustBeReplaced({ step, origin, remedy }: Drifted): boolean {
  return origin === 'created' && (remedy === 'replace' || (remedy === 'refused' && step === 'identity-descriptor'));
}

function isLeft({ step, kind, remedy }: Drifted, stuck: ReadonlySet<StepName>): boolean {
  return stuck.has(step) || (kind === 'changed' && remedy !== 'change');
}

function wasAdopted(resource: Resource | undefined): { adopted?: boolean } {
  return resource?.origin === 'adopted' ? { adopted: true } : {};
}

export function recreated({ actions }: Pick<RepairPlan, 'actions'>): StepName[] {
  return actions.filter(({ how }) => how === 'create').map(({ step }) => step);
}

/** Whether sending has to stop for it. */
export function concernsFlow({ actions }: Pick<RepairPlan, 'actions'>): boolean {
  return actions.some(
    ({ step, how }) => how === 'enable' || step === 'flow' || (how === 'create' && !BESIDE_THE_FLOW.includes(step)),
  );
}

/** What is known of a source's events, for what is lost. Absent: it is not known. */
export interface KnownEvents {
  readonly confirmed?: number;
  /** Accepted, and not looked for in the lake yet. */
  readonly unconfirmed?: number;
  readonly waiting?: number;
}

/** Sentences, each with what is lost or changed for good; none where nothing is. */
export function lossesOf(
  { actions }: Pick<RepairPlan, 'actions'>,
  { confirmed, unconfirmed = 0 }: KnownEvents,
): string[] {
  return actions.flatMap(({ step, how, id = '', because, adopted }): string[] => {
    if (how !== 'create') return [];
    const ours =
      adopted === true
        ? [
            `The ${STEPS[step].title} ${id} was somebody else’s. The new one is made by chatlio-aep, and belongs to this source.`,
          ]
        : [];
    return [...ours, ...lossOf(step, id, because === 'gone', { confirmed, unconfirmed })];
  });
}

function lossOf(step: StepName, id: string, isGone: boolean, { confirmed, unconfirmed = 0 }: KnownEvents): string[] {
  switch (step) {
    case 'dataset':
      return isGone
        ? [
            `The dataset ${id} was deleted, and its events with it: the ${confirmed === undefined ? 'confirmed events' : counted(confirmed, 'confirmed event')} cannot be had back or audited. They are not sent again.`,
            ...(unconfirmed === 0
              ? []
              : [
                  `Of the ${counted(unconfirmed, 'event')} that were sent to it and not confirmed yet nothing can be found out any more: they are held for a decision.`,
                ]),
            'Events go to a new, empty dataset, with another id and another table.',
          ]
        : [`Events go to a new dataset. What is in ${id} stays there.`];
    case 'flow':
      return [
        `${isGone ? `The flow ${id} was deleted` : `A new flow takes over from ${id}`}: the inlet’s URL changes. Webhook URLs stay as they are; only who posts to Adobe’s URL directly must be told.`,
        ...(isGone ? ['Adobe’s runs of the deleted flow, with what failed in them, cannot be read any more.'] : []),
      ];
    case 'mapping-set':
      return [
        `The mapping set ${id} is not used any more. Adobe documents no way to delete one, so it stays where it is still there.`,
      ];
    case 'schema':
      return [`The schema ${id} was deleted. The new one has the same title and fields, and another id.`];
    case 'field-group':
      return [`The field group ${id} was deleted. Fields that others had added to it are lost.`];
    default:
      return [];
  }
}

interface ForgetInput extends OperationInput {
  readonly replaced: readonly { readonly step: StepName; readonly resource: Resource }[];
}

/** Each may be done again after its answer was lost. */
export interface RepairActivities {
  /** Enables the flow, and leaves the gate as it is. */
  enableFlow(input: OperationInput): Promise<void>;
  /** Removes objects of ours in whose place others are. Answers those that stay. */
  removeReplaced(
    input: ForgetInput,
  ): Promise<{ readonly left: readonly { readonly step: StepName; readonly id: string }[] }>;
}
