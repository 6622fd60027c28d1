/** Objects of ours in whose place a repair has put others. */
import type { RepairActivities } from '../../domain/drift/repair.js';
import { STEP_TABLE } from '../steps/table/index.js';
import type { StepContext } from '../steps/step.js';

type Replaced = Parameters<RepairActivities['removeReplaced']>[0]['replaced'];

/**
 * In their order: a connection of an active flow is not deleted (1447-400).
 *
 * @returns those that Adobe documents no way to delete
 */
export async function removeReplaced(
  context: StepContext,
  replaced: Replaced,
): ReturnType<RepairActivities['removeReplaced']> {
  const left: { step: Replaced[number]['step']; id: string }[] = [];
  for (const { step, resource } of replaced) {
    // The step itself closes the gate before it deletes a flow; through this one nothing goes any more.
    const removed =
      step === 'flow'
        ? await context.adobe.flowService.deleteFlow(resource.id)
        : await STEP_TABLE[step].remove(context, resource);
    if (removed === 'left') left.push({ step, id: resource.id });
  }
  return { left };
}
