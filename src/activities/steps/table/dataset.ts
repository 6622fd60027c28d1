import { DATA_LAKE_CONNECTION_SPEC } from '../../../adobe/http/constants.js';
import type { ComparedField } from '../../../domain/source/comparison.js';
import { idOf, listed, onlyOfOurs } from '../comparing.js';
import { type PatchOperation, pointer } from '../../../adobe/services/patch.js';
import type { Dataset } from '../../../adobe/services/catalog.js';
import { type Marker, markerOf, type Resource } from '../../../domain/source/steps.js';
import { changeInPlace, namesPatch } from '../inPlace.js';
import { generationOf, markerDescription, standingAmong } from '../ownership.js';
import { made, type Step, type StepContext } from '../step.js';

/** Catalog filters by tag, which makes it the surest place for the marker. */
export const MARKER_TAG = 'chatlioAep';

/** Of a dataset that was adopted: the uid and the name of the source. */
export const ADOPTION_TAG = 'chatlioAepAdopted';

const TEXT = 'Chatlio events.';

/** By the uid all of a source's are found; whose a dataset is, its description says. */
function markerTag({ uid, generation = 1 }: Marker): string[] {
  return generation === 1 ? [uid] : [uid, `g${generation}`];
}

export const dataset: Step = {
  name: 'dataset',
  label: ({ manifest }) => manifest.dataset.name,
  async lookup({ adobe, manifest, marker, resources }) {
    const { name } = manifest.dataset;
    const [byMarker, byAdoption, byName] = await Promise.all([
      adobe.catalog.findDatasets({ tag: { name: MARKER_TAG, value: marker.uid } }),
      adobe.catalog.findDatasets({ tag: { name: ADOPTION_TAG, value: marker.uid } }),
      adobe.catalog.findDatasets({ name }),
    ]);
    return standingAmong([...byMarker, ...byAdoption, ...byName], {
      step: 'dataset',
      marker,
      name,
      nameOf: (row) => row.name,
      resourceOf: ({ id }) => ({ id }),
      taken: 'name',
      adopterOf: (row) => row.tags[ADOPTION_TAG]?.[0],
      fits: ({ schemaId }) => schemaId === resources.schema?.id,
    });
  },
  async create({ adobe, manifest, marker, resources }) {
    const { id } = await adobe.catalog.createDataset({
      name: manifest.dataset.name,
      description: markerDescription(TEXT, marker),
      schemaId: made(resources, 'schema').id,
      tags: { ...manifest.dataset.tags, [MARKER_TAG]: markerTag(marker) },
    });
    return { kind: 'dataset', id, ...generationOf(marker), origin: 'created' };
  },
  async compare(context, resource) {
    const { manifest, marker } = context;
    const found = await context.adobe.catalog.getDataset(resource.id);
    if (found === undefined) return 'gone';
    const tag = (name: string, values: readonly string[]): ComparedField => ({
      field: `tags.${name}`,
      wanted: listed(values),
      found: listed(found.tags[name]),
    });
    return [
      { field: 'name', wanted: manifest.dataset.name, found: found.name },
      ...onlyOfOurs(
        resource,
        { field: 'description', wanted: markerDescription(TEXT, markerOf(marker, resource)), found: found.description },
        tag(MARKER_TAG, markerTag(markerOf(marker, resource))),
      ),
      { field: 'schema', wanted: idOf(context, 'schema'), found: found.schemaId },
      ...Object.entries(manifest.dataset.tags).map(([name, values]) => tag(name, values)),
      ...Object.keys(context.before?.dataset.tags ?? {})
        .filter((name) => manifest.dataset.tags[name] === undefined)
        .map((name) => tag(name, [])),
    ];
  },
  async remove({ adobe }, { id }) {
    await adobe.catalog.deleteDataset(id);
    return 'deleted';
  },
  async change(context, resource) {
    const { catalog } = context.adobe;
    const { name } = context.manifest.dataset;
    const description = markerDescription(TEXT, markerOf(context.marker, resource));
    await changeInPlace({
      read: () => catalog.getDataset(resource.id),
      operationsFor: (found) => [
        ...namesPatch(found, { name, ...(resource.origin === 'created' ? { description } : {}) }),
        ...tagsPatch(context, resource, found),
      ],
      patch: ({ etag }, operations) => catalog.patchDataset(resource.id, etag, operations),
      gone: { name: context.manifest.name, resources: `dataset ${resource.id}` },
    });
    return resource;
  },
  async referenced({ adobe }) {
    const connections = await adobe.flowService.findTargetConnections({ specId: DATA_LAKE_CONNECTION_SPEC.id });
    return connections.flatMap(({ dataSetId }) => dataSetId ?? []);
  },
};

/** Only what the manifest says, or said before; whatever else there is belongs to somebody else. */
function tagsPatch(
  { manifest, before, marker }: StepContext,
  resource: Resource,
  { tags }: Dataset,
): readonly PatchOperation[] {
  const wanted: Readonly<Record<string, readonly string[]>> = {
    ...manifest.dataset.tags,
    ...(resource.origin === 'created' ? { [MARKER_TAG]: markerTag(markerOf(marker, resource)) } : {}),
  };
  const given = Object.entries(wanted).filter(([tag, values]) => listed(tags[tag]) !== listed(values));
  const dropped = Object.keys(before?.dataset.tags ?? {}).filter(
    (tag) => wanted[tag] === undefined && tags[tag] !== undefined && tag !== MARKER_TAG,
  );
  if (given.length > 0 && Object.keys(tags).length === 0) {
    return [{ op: 'add', path: '/tags', value: Object.fromEntries(given) }];
  }
  return [
    ...given.map(([tag, value]) => ({ op: 'add' as const, path: pointer(['tags', tag]), value })),
    ...dropped.map((tag) => ({ op: 'remove' as const, path: pointer(['tags', tag]) })),
  ];
}
