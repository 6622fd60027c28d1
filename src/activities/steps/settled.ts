/** From when on data reaches the dataset, where the schema may have been changed as well as the flow. */
import type { Flow } from '../../adobe/services/flowService.js';
import { settleWindowEnd } from '../flowState.js';
import { made, type StepContext } from './step.js';

/**
 * Streaming validation may know the schema before a change for a while, also where the change was made while the source was paused.
 *
 * @param schemaChanged where Adobe does not tell when the field group was changed, it counts as changed now
 * @returns the later end of the two settle windows, of the flow as it is and the time by the database's clock
 */
export async function bothSettled(
  context: StepContext,
  schemaChanged = false,
): Promise<(flow: Pick<Flow, 'updatedAt' | 'readAt'>, now: Date) => Date> {
  const { delivery } = context.manifest;
  const modifiedAt = await schemaModifiedAt(context);
  return (flow, now) => {
    const flowSettled = settleWindowEnd(flow, delivery, now);
    if (modifiedAt === undefined && !schemaChanged) return flowSettled;
    const schema = { ...flow, updatedAt: modifiedAt };
    const schemaSettled = settleWindowEnd(schema, { settleWindowMs: delivery.schemaSettleWindowMs }, now);
    return flowSettled > schemaSettled ? flowSettled : schemaSettled;
  };
}

/** When the field group was changed after it was made, ms by Adobe's clock. */
async function schemaModifiedAt({ adobe, resources }: StepContext): Promise<number | undefined> {
  const { altId, id } = made(resources, 'field-group');
  const { createdAt, modifiedAt } = (await adobe.schemaRegistry.getFieldGroup(altId ?? id)) ?? {};
  return modifiedAt === createdAt ? undefined : modifiedAt;
}
