import { STREAMING_FLOW_SPEC } from '../../../adobe/http/constants.js';
import { normaliseMappings, type MappingSet, type NewMappingSet } from '../../../adobe/services/dataPrep.js';
import type { Mapping, StoredMapping } from '../../../adobe/services/mappings.js';
import { codedError } from '../../../domain/errors.js';
import type { ComparedField } from '../../../domain/source/comparison.js';
import { findMarker, markerText, type Resource } from '../../../domain/source/steps.js';
import { idOf, listed, onlyOfOurs } from '../comparing.js';
import { made, type Step, type StepContext } from '../step.js';

/** The body of Data Prep's current dialect, the only one that can express functions. */
async function mappingSetBody(context: StepContext): Promise<NewMappingSet> {
  return {
    name: markerText(context.marker),
    schemaId: made(context.resources, 'schema').id,
    mappings: await mappingRows(context),
  };
}

async function mappingRows({ adobe, manifest }: StepContext): Promise<Mapping[]> {
  const { tenantId } = await adobe.schemaRegistry.stats();
  return manifest.mapping.map(({ sourceType, source, destination }) => ({
    sourceType,
    source,
    destination: destination.replace('{tenant}', `_${tenantId}`),
  }));
}

/** Validation answers 200 also for bad mappings, so every entry is read. Source of the rule: Data Prep, validate. */
async function requireValid({ adobe }: StepContext, body: NewMappingSet): Promise<void> {
  const verdicts = await adobe.dataPrep.validateMappingSet(body);
  const refused = verdicts.flatMap(({ ok, errors }, index) => {
    const mapping = body.mappings[index];
    return ok ? [] : [`${mapping?.source ?? '?'} → ${mapping?.destination ?? '?'}: ${errors.join(', ')}`];
  });
  if (refused.length === 0) return;
  const reason = refused.join('; ');
  throw codedError('CAEP_MAPPING_INVALID', { reason });
}

/**
 * There is no documented way to delete a mapping set. So one that an undone provisioning left behind is used again:
 * the body is put as its next version, which the new flow then pins.
 */
export const mappingSet: Step = {
  name: 'mapping-set',
  label: ({ manifest }) => `${manifest.mapping.length} fields`,
  async lookup(context) {
    const rows = await context.adobe.dataPrep.listMappingSets({ name: markerText(context.marker) });
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
  async compare(context, resource) {
    const stored = await context.adobe.dataPrep.getMappingSet(resource.id, resource.version ?? 0);
    if (stored === undefined) return 'gone';
    return [
      ...onlyOfOurs(resource, { field: 'name', wanted: markerText(context.marker), found: stored.name }),
      { field: 'schema', wanted: idOf(context, 'schema'), found: stored.schemaId },
      ...comparedRows(normaliseMappings(await mappingRows(context)), stored.mappings),
    ];
  },
  complete: async (context, resource) => ({ resource: await putVersion(context, resource) }),
  change: (context, resource) => putVersion(context, resource),
  async remove({ adobe }, { id }) {
    return (await adobe.dataPrep.deleteMappingSet(id)) === 'not-supported' ? 'left' : 'deleted';
  },
  async referenced({ adobe }) {
    return (await adobe.flowService.findFlows({ specId: STREAMING_FLOW_SPEC.id })).flatMap(
      ({ mapping }) => mapping?.id ?? [],
    );
  },
};

/** The next version, where the one that is there is another. */
async function putVersion(context: StepContext, resource: Resource): Promise<Resource> {
  const { dataPrep } = context.adobe;
  const stored = await dataPrep.getMappingSet(resource.id, resource.version ?? 0);
  const ours = await mappingSetBody(context);
  // Somebody else's set keeps the name that they have given it.
  const body = resource.origin === 'adopted' ? { ...ours, name: stored?.name ?? ours.name } : ours;
  if (isSame(stored, body)) return resource;
  // One that was put and whose answer was lost. No version can be taken back, so none is put twice.
  const newest = (await dataPrep.listMappingSets({ name: body.name })).find(({ id }) => id === resource.id)?.version;
  if (newest !== undefined && isSame(await dataPrep.getMappingSet(resource.id, newest), body)) {
    return { ...resource, version: newest };
  }
  await requireValid(context, body);
  const { version } = await dataPrep.replaceMappingSet(resource.id, body);
  return { ...resource, version };
}

function isSame(stored: MappingSet | undefined, body: NewMappingSet): boolean {
  return stored !== undefined && stored.name === body.name && sameMapping(stored, body);
}

/** Ids, dates and order do not matter. */
function sameMapping(stored: MappingSet, body: NewMappingSet): boolean {
  return (
    stored.schemaId === body.schemaId &&
    JSON.stringify(stored.mappings) === JSON.stringify(normaliseMappings(body.mappings))
  );
}

/** By destination. Of one that two rows fill, both. */
function comparedRows(wanted: readonly StoredMapping[], found: readonly StoredMapping[]): ComparedField[] {
  const destinations = [...new Set([...wanted, ...found].map(({ destination }) => destination))];
  const sources = (rows: readonly StoredMapping[], to: string): string | undefined =>
    listed(rows.filter(({ destination }) => destination === to).map(sourceText));
  return destinations.map((to) => ({ field: `mapping ${to}`, wanted: sources(wanted, to), found: sources(found, to) }));
}

/** An attribute as it is; of any other type, that too. */
function sourceText({ sourceType, source }: StoredMapping): string {
  return sourceType === 'ATTRIBUTE' ? source : `${source} (${sourceType.toLowerCase()})`;
}
