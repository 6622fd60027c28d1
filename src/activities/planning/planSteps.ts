/** What would be done to each object of a source: what exists, by state and by marker, beside the manifest. */
import { createHash } from 'node:crypto';
import { type Comparison, type Difference, differencesIn } from '../../domain/source/comparison.js';
import type { Ask } from '../../domain/inquiries.js';
import type { PlannedAction, PlannedStep, SeenObject } from '../../domain/source/plan.js';
import { type Resource, type Resources, type StepName, STEPS, stepsFor } from '../../domain/source/steps.js';
import { replacedSteps } from '../../domain/source/updating/replacing.js';
import { meanwhileOf } from '../../domain/planning/meanwhile.js';
import { formatDuration } from '../../manifest/duration.js';
import { toCatalogueError } from '../failures.js';
import { foreignError } from '../steps/perform.js';
import { requireFreeTitle } from '../steps/update.js';
import type { Standing, Step, StepContext } from '../steps/step.js';
import { STEP_TABLE } from '../steps/table/index.js';
import { obstacleIn } from './obstacles.js';

export interface PlanChoice extends Pick<Ask<'plan'>, 'live' | 'resources' | 'running' | 'replace' | 'adopt'> {
  /** An object that cannot be read ends it; else it is a row of its own. */
  readonly failsAtOnce?: boolean;
}

export interface PlannedSteps {
  readonly steps: readonly PlannedStep[];
  /** What is there already, and stays. */
  readonly resources: Resources;
  readonly seen: readonly SeenObject[];
}

interface Planned {
  readonly row: PlannedStep;
  /** As later steps refer to it: absent where there is none, or a new one takes its place. */
  readonly resource?: Resource;
  readonly seen?: SeenObject;
}

export const PLAN_AGAIN = 'chatlio-aep plan FILE';

export async function planSteps(base: Omit<StepContext, 'resources'>, choice: PlanChoice): Promise<PlannedSteps> {
  const planned: Planned[] = [];
  let resources: Resources = {};
  for (const name of stepsFor(base.manifest)) {
    const { row, resource, seen } = await planStep(name, { ...base, resources }, choice);
    planned.push({ row: name === 'flow' ? withNextVersion(row, planned) : row, seen });
    if (resource !== undefined) resources = { ...resources, [name]: resource };
  }
  return {
    steps: planned.map(({ row }) => withMeanwhile(row, base)),
    resources,
    seen: planned.flatMap(({ seen }) => seen ?? []),
  };
}

async function planStep(name: StepName, context: StepContext, choice: PlanChoice): Promise<Planned> {
  const step = STEP_TABLE[name];
  const base = { step: name, label: step.label(context), ...(isHere(name) ? { side: 'here' as const } : {}) };
  const absent: Planned = { row: { ...base, ...(choice.live === undefined ? CREATE : goneFrom(context, name)) } };
  const recorded = choice.live === undefined ? undefined : choice.resources?.[name];
  try {
    const { ours, foreign } = recorded === undefined ? await look(step, context) : { ours: [recorded] };
    const adopted = choice.adopt === true ? foreign?.resource : undefined;
    const resource = ours[0] ?? adopted;
    if (resource !== undefined) {
      const comparison = await step.compare(context, resource);
      if (comparison === 'gone' || isNotThereYet(name, comparison)) {
        return { ...absent, seen: seenOf(resource, comparison) };
      }
      const planned = compared(base, context, { resource, comparison, choice, isTakenOver: ours[0] === undefined });
      if (recorded !== undefined) await requireOwnTitle(step, context, planned);
      return planned;
    }
    if (foreign === undefined || choice.live !== undefined) return absent;
    const { error } = foreignError(step, context, foreign);
    return { row: { ...base, action: 'blocked', id: foreign.resource.id, error } };
  } catch (failure) {
    if (choice.failsAtOnce === true) throw failure;
    const { name: source, sandbox } = context.manifest;
    const error = toCatalogueError(failure, { name: source, sandbox, again: PLAN_AGAIN });
    return { row: { ...base, action: 'blocked', error }, resource: recorded };
  }
}

/** A title is of one object of the sandbox: one that is taken would be refused. */
async function requireOwnTitle(step: Step, context: StepContext, { row, resource }: Planned): Promise<void> {
  const title = row.fields?.find(({ field, remedy }) => field === 'title' && remedy === 'change');
  if (title === undefined || resource === undefined) return;
  const field = step.name === 'schema' ? 'xdm.schema.title' : 'xdm.fieldGroup.title';
  await requireFreeTitle(step, { ...context, resources: { ...context.resources, [step.name]: resource } }, field);
}

/** Where what its lookup reads does not exist, nothing of it does. */
async function look(step: Step, context: StepContext): Promise<Standing> {
  const needs = step.needs ?? [];
  return needs.every((needed) => context.resources[needed] !== undefined) ? step.lookup(context) : { ours: [] };
}

const CREATE = { action: 'create' } as const;

function isHere(step: StepName): boolean {
  return step === 'inlet' || step === 'webhook-routes';
}

/** On this side nothing is stored of it. */
function isNotThereYet(step: StepName, comparison: Comparison): boolean {
  return isHere(step) && comparison !== 'gone' && comparison.every(({ found }) => found === undefined);
}

function goneFrom({ marker }: StepContext, step: StepName) {
  const error = { code: 'CAEP_RESOURCE_GONE', fields: { name: marker.name, resources: STEPS[step].title } } as const;
  return { action: 'blocked', error } as const;
}

interface Found {
  readonly resource: Resource;
  readonly comparison: Exclude<Comparison, 'gone'>;
  readonly choice: PlanChoice;
  readonly isTakenOver: boolean;
}

function compared(
  base: Pick<PlannedStep, 'step' | 'label' | 'side'>,
  context: StepContext,
  { resource, comparison, choice, isTakenOver }: Found,
): Planned {
  const { step } = base;
  const isMeant = ({ field, found }: Difference): boolean =>
    step === 'flow' && field === 'state' && found === 'disabled' && choice.live?.paused === true;
  const fields = differencesIn(step, resource, comparison).filter((field) => !isMeant(field));
  const error = obstacleIn(context, resource, fields, { isLive: choice.live !== undefined });
  const isReplaced = choice.replace !== undefined && replacedSteps(choice.replace).includes(step);
  const wanted = isReplaced ? 'replace' : actionFor(fields, isTakenOver);
  const action = error === undefined ? wanted : 'blocked';
  const row: PlannedStep = {
    ...base,
    id: resource.id,
    action,
    ...(fields.length === 0 ? {} : { fields }),
    ...(error === undefined ? {} : { error }),
  };
  return { row, resource: wanted === 'replace' ? undefined : resource, seen: seenOf(resource, comparison) };
}

function actionFor(fields: readonly Difference[], isTakenOver: boolean): PlannedAction {
  if (isTakenOver) return 'adopt';
  if (fields.some(({ remedy }) => remedy === 'replace')) return 'replace';
  if (fields.some(({ remedy }) => remedy === 'change')) return 'change';
  return fields.length === 0 ? 'keep' : 'left';
}

function seenOf({ kind, id, version }: Resource, comparison: Comparison): SeenObject {
  const fields =
    comparison === 'gone' ? comparison : comparison.map(({ field, found }) => ({ field, found: kept(found) }));
  return { step: kind, id, ...(version === undefined ? {} : { version }), fields };
}

/** Longer than any name; an expression is kept by what it begins with and its digest. */
const LONGEST_KEPT = 1_000;

function kept(found: string | undefined): string | undefined {
  if (found === undefined || found.length <= LONGEST_KEPT) return found;
  return `${found.slice(0, LONGEST_KEPT)}… sha256 ${createHash('sha256').update(found).digest('hex')}`;
}

/** The flow pins a version of the mapping set: a new one is a change of the flow. */
function withNextVersion(flow: PlannedStep, before: readonly Planned[]): PlannedStep {
  const mappingSet = before.find(({ row }) => row.step === 'mapping-set');
  if (mappingSet?.row.action !== 'change' || (flow.action !== 'keep' && flow.action !== 'change')) return flow;
  const others = (flow.fields ?? []).filter(({ field }) => field !== 'mapping version');
  const found = String(mappingSet.seen?.version ?? 0);
  const next = { field: 'mapping version', found, wanted: 'the new version', remedy: 'change' } as const;
  return { ...flow, action: 'change', fields: [...others, next] };
}

function withMeanwhile(row: PlannedStep, { manifest }: Pick<StepContext, 'manifest'>): PlannedStep {
  if (row.action !== 'change' && row.action !== 'replace') return row;
  const { settleWindowMs, schemaSettleWindowMs } = manifest.delivery;
  const windows = {
    settleWindow: formatDuration(settleWindowMs),
    schemaSettleWindow: formatDuration(schemaSettleWindowMs),
  };
  return { ...row, meanwhile: meanwhileOf(row, windows) };
}
