/** Changing a live source: first everything that has no effect yet, then, with the gate closed, the flow and what leaves. */
import type { AppliedUpdate, PreparedUpdate, UpdateChanges } from '../../domain/source/update.js';
import type { Resource } from '../../domain/source/steps.js';
import { isStale, readFlow } from '../flowState.js';
import { projectionOf } from './leaving.js';
import { openWithInlet, requireWindows } from './local.js';
import { bothSettled } from './settled.js';
import { made, type StepContext } from './step.js';
import { addMissingFields } from './table/fieldGroup.js';
import { mappingSet } from './table/mappingSet.js';

/**
 * The flow pins the version before, so the source goes on as it was, also when this fails in the middle: a later update finds
 * the fields, and puts the mapping set's next version where the one that is there is another.
 *
 * @throws CodedError `CAEP_FIELDS_NOT_ADDABLE`, `CAEP_MAPPING_INVALID`, those of `projectionOf`; AdobeCallError
 */
export async function prepareUpdate(context: StepContext): Promise<PreparedUpdate> {
  requireWindows(context);
  const fields = await addMissingFields(context, made(context.resources, 'field-group'));
  const before = made(context.resources, 'mapping-set');
  const { resource = before } = (await mappingSet.complete?.(context, before, true)) ?? {};
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
  await pinMapping(context, made(context.resources, 'mapping-set'));
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

/** Flows pin a version; the transformation is replaced whole ("Update dataflows using the Flow Service API"). */
async function pinMapping({ adobe, resources }: StepContext, { id, version = 0 }: Resource): Promise<void> {
  const flowId = made(resources, 'flow').id;
  const patch = async (): Promise<void> => {
    const { mapping, etag = '' } = await readFlow({ flowService: adobe.flowService, flowId });
    if (mapping?.id === id && mapping.version === version) return;
    const value = { name: 'Mapping', params: { mappingId: id, mappingVersion: version } };
    await adobe.flowService.patchFlow(flowId, etag, [{ op: 'replace', path: '/transformations/0', value }]);
  };
  try {
    await patch();
  } catch (error) {
    if (!isStale(error)) throw error;
    await patch();
  }
}
