/** Of what differs: what somebody has changed at Adobe, which no other manifest explains. */
import type { PlannedStep } from '../../domain/source/plan.js';
import type { StepName } from '../../domain/source/steps.js';
import type { StepContext } from '../steps/step.js';
import { TO_BE_MADE } from '../steps/comparing.js';
import { type PlanChoice, type PlannedSteps, planSteps } from './planSteps.js';

type Base = Omit<StepContext, 'resources'>;

/** Of a live source whose ids are known. */
export async function planWithDrift(base: Base, choice: PlanChoice): Promise<PlannedSteps> {
  const planned = await planSteps({ ...base, before: choice.running }, choice);
  if (choice.live === undefined || choice.resources === undefined) return planned;
  const { running, replace } = choice;
  const isAsRunning = running === undefined && replace === undefined;
  const asItIs = { ...base, manifest: running ?? base.manifest };
  const asRunning = isAsRunning ? planned : await planSteps(asItIs, { ...choice, replace: undefined });
  const drifted = new Set(asRunning.steps.flatMap(keysOf));
  return { ...planned, steps: planned.steps.map((row) => marked(row, drifted)) };
}

function keysOf({ step, fields = [] }: PlannedStep): string[] {
  // What refers to something that is to be made anew is as it was.
  return fields.filter(({ wanted }) => wanted !== TO_BE_MADE).map((field) => keyOf(step, field));
}

function keyOf(step: StepName, { field, found }: { readonly field: string; readonly found?: string }): string {
  return JSON.stringify([step, field, found]);
}

function marked(row: PlannedStep, drifted: ReadonlySet<string>): PlannedStep {
  if (row.fields === undefined) return row;
  const fields = row.fields.map((field) =>
    drifted.has(keyOf(row.step, field)) ? { ...field, drifted: true as const } : field,
  );
  return { ...row, fields };
}
