import { codedError } from '../../domain/errors.js';
import { findMarker, markerText, type Resource } from '../../domain/steps.js';
import { SCHEMA_CONTENT_TYPE } from './schema.js';
import { made, type Step, type StepContext } from './step.js';

/** The body of Data Prep's current dialect, the only one that can express functions. */
async function mappingSetBody(context: StepContext) {
  const { tenantId } = await context.adobe.schemaRegistry.stats();
  return {
    name: markerText(context.marker),
    outputSchema: {
      schemaRef: { id: made(context.resources, 'schema').id, contentType: SCHEMA_CONTENT_TYPE },
    },
    mappings: context.manifest.mapping.map(({ sourceType, source, destination }) => ({
      sourceType,
      source,
      destination: destination.replace('{tenant}', `_${tenantId}`),
    })),
  };
}

type MappingSetBody = Awaited<ReturnType<typeof mappingSetBody>>;

/** Validation answers 200 also for bad mappings, so every entry is read. Source of the rule: Data Prep, validate. */
async function requireValid({ adobe }: StepContext, body: MappingSetBody): Promise<void> {
  const failures = (await adobe.dataPrep.validateMappingSet(body)).filter(({ status }) => status !== 'SUCCESS');
  if (failures.length === 0) return;
  const reason = failures
    .flatMap(({ errors }) => errors ?? [])
    .map(({ source, destination, exception }) => `${source ?? '?'} → ${destination ?? '?'}: ${exception ?? 'refused'}`)
    .join('; ');
  throw codedError('CAEP_MAPPING_INVALID', { reason });
}

/**
 * There is no documented way to delete a mapping set. So one that an undone provisioning left behind is used again:
 * the body is put as its next version, which the new flow then pins.
 */
export const mappingSet: Step = {
  name: 'mapping-set',
  label: ({ marker }) => markerText(marker),
  async lookup(context) {
    const body = await mappingSetBody(context);
    const rows = await context.adobe.dataPrep.listMappingSets({ name: body.name });
    const ours: Resource[] = rows
      .filter(({ name }) => findMarker(name)?.uid === context.marker.uid)
      .map(({ id, version }) => ({ kind: 'mapping-set', id, version, origin: 'created' }));
    return { ours };
  },
  async create(context) {
    const body = await mappingSetBody(context);
    await requireValid(context, body);
    const { id, version } = await context.adobe.dataPrep.createMappingSet(body);
    return { kind: 'mapping-set', id, version, origin: 'created' };
  },
  async complete(context, resource) {
    const body = await mappingSetBody(context);
    const stored = await context.adobe.dataPrep.getMappingSet(resource.id, resource.version ?? 0);
    if (stored !== undefined && sameMapping(stored, body)) return {};
    await requireValid(context, body);
    const { version } = await context.adobe.dataPrep.replaceMappingSet(resource.id, body);
    return { resource: { ...resource, version } };
  },
  async remove({ adobe }, { id }) {
    return (await adobe.dataPrep.deleteMappingSet(id)) === 'not-supported' ? 'left' : 'deleted';
  },
  async referenced({ adobe }) {
    return (await adobe.flowService.findFlows()).flatMap(({ mappingId }) => mappingId ?? []);
  },
};

interface ComparableMapping {
  readonly sourceType: string;
  readonly source: string;
  readonly destination: string;
}

/** Stored and sent mappings agree on schema, source, destination and type; ids, dates and order do not matter. */
function sameMapping(
  stored: { readonly schemaId?: string; readonly mappings: readonly ComparableMapping[] },
  body: MappingSetBody,
): boolean {
  const key = ({ sourceType, source, destination }: ComparableMapping): string =>
    JSON.stringify([sourceType, source, destination]);
  const a = stored.mappings.map(key).sort();
  const b = body.mappings.map(key).sort();
  return (
    stored.schemaId === body.outputSchema.schemaRef.id && a.length === b.length && a.every((row, i) => row === b[i])
  );
}
