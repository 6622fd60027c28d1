import { codedError } from '../../domain/errors.js';
import { movedSince } from '../../domain/planning/savedPlan.js';
import type { CheckPlanInput } from '../../domain/source/update.js';
import type { StepContext } from '../steps/step.js';
import { planSteps } from './planSteps.js';

/**
 * Reads again what a plan has read. Nothing is changed.
 *
 * @throws CodedError `CAEP_PLAN_OUTDATED` with the first fields that are not as they were; AdobeCallError
 */
export async function checkPlan(
  context: StepContext,
  { plan, replace }: Pick<CheckPlanInput, 'plan' | 'replace'>,
): Promise<void> {
  const { resources, ...base } = context;
  const choice = { live: { paused: false }, resources, replace, failsAtOnce: true };
  const { seen } = await planSteps({ ...base, before: plan.running }, choice);
  const moved = movedSince(plan.seen, seen);
  if (moved !== undefined) throw codedError('CAEP_PLAN_OUTDATED', { name: context.marker.name, moved });
}
