/** Changing a live source: first everything that has no effect yet, then, with the gate closed, the flow and what leaves. */
import { codedError } from '../../domain/errors.js';
import { STEPS } from '../../domain/source/steps.js';
import type { AppliedUpdate, ChangeResult, PreparedUpdate, UpdateChanges } from '../../domain/source/update.js';
import { projectionOf } from './leaving.js';
import { openWithInlet, requireWindows } from './local.js';
import { bothSettled } from './settled.js';
import { made, type Step, type StepContext } from './step.js';
import { addMissingFields, fieldGroup } from './table/fieldGroup.js';
import { flow } from './table/flow.js';
import { mappingSet } from './table/mappingSet.js';
import { schema } from './table/schema.js';

/**
 * The flow pins the version before, so the source goes on as it was, also when this fails in the middle: a later update finds
 * the fields, and puts the mapping set's next version where the one that is there is another.
 *
 * @throws CodedError `CAEP_UPDATE_TITLE_TAKEN`, `CAEP_FIELDS_NOT_ADDABLE`, `CAEP_MAPPING_INVALID`, those of `projectionOf`;
 *   AdobeCallError
 */
export async function prepareUpdate(context: StepContext): Promise<PreparedUpdate> {
  requireWindows(context);
  await requireFreeTitle(fieldGroup, context, 'xdm.fieldGroup.title');
  await requireFreeTitle(schema, context, 'xdm.schema.title');
  const fields = await addMissingFields(context, made(context.resources, 'field-group'));
  const before = made(context.resources, 'mapping-set');
  const resource = (await mappingSet.change?.(context, before)) ?? before;
  const resources = { ...context.resources, 'mapping-set': resource };
  await projectionOf({ ...context, resources });
  return { resources, fields };
}

/**
 * Has the flow use the version of the mapping set, sets what leaves, and opens the gate for when both settle windows are over. Only
 * with the gate closed and nothing under way.
 *
 * @param change.schemaChanged where Adobe does not tell when the field group was changed, it counts as changed now
 */
export async function applyUpdate(
  context: StepContext,
  { schemaChanged, mappingChanged }: UpdateChanges,
): Promise<AppliedUpdate> {
  await flow.change?.(context, made(context.resources, 'flow'));
  const settled = await bothSettled(context, schemaChanged);
  const kept = await keepingContents(context);
  const { contents } = kept.manifest;
  return {
    ...(await openWithInlet(kept, settled, { mappingChanged })),
    ...(contents === undefined ? {} : { contents }),
  };
}

/** Undoing the step to originals: what was taken whole cannot be sent cut, so it leaves as a compact source's does. */
async function keepingContents(context: StepContext): Promise<StepContext> {
  const { projection } = await context.store.gate(context.marker);
  if (projection === undefined || context.manifest.contents !== undefined) return context;
  return { ...context, manifest: { ...context.manifest, contents: 'compact' } };
}

/** @throws CodedError `CAEP_RESOURCE_GONE`; AdobeCallError */
export async function changeStep(step: Step, context: StepContext): Promise<ChangeResult> {
  const resource = made(context.resources, step.name);
  return { resource: (await step.change?.(context, resource)) ?? resource };
}

/**
 * A title is looked for before anything is changed: that of the object itself, wherever it comes from, is no obstacle.
 *
 * @throws CodedError `CAEP_UPDATE_TITLE_TAKEN`
 */
export async function requireFreeTitle(step: Step, context: StepContext, field: string): Promise<void> {
  const { foreign } = await step.lookup(context);
  if (foreign === undefined || foreign.resource.id === context.resources[step.name]?.id) return;
  throw codedError('CAEP_UPDATE_TITLE_TAKEN', {
    name: context.manifest.name,
    resource: STEPS[step.name].title,
    title: step.label(context),
    holder: foreign.label,
    field,
  });
}
