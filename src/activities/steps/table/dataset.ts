import { DATA_LAKE_CONNECTION_SPEC } from '../../../adobe/http/constants.js';
import { markerDescription, standingAmong } from '../ownership.js';
import { made, type Step } from '../step.js';

/** Catalog filters by tag, which makes it the surest place for the marker. */
export const MARKER_TAG = 'chatlioAep';

export const dataset: Step = {
  name: 'dataset',
  label: ({ manifest }) => manifest.dataset.name,
  async lookup({ adobe, manifest, marker }) {
    const { name } = manifest.dataset;
    const [byMarker, byName] = await Promise.all([
      adobe.catalog.findDatasets({ tag: { name: MARKER_TAG, value: marker.uid } }),
      adobe.catalog.findDatasets({ name }),
    ]);
    return standingAmong([...byMarker, ...byName], {
      step: 'dataset',
      marker,
      name,
      nameOf: (row) => row.name,
      resourceOf: ({ id }) => ({ id }),
      taken: 'name',
    });
  },
  async create({ adobe, manifest, marker, resources }) {
    const { id } = await adobe.catalog.createDataset({
      name: manifest.dataset.name,
      description: markerDescription('Chatlio events.', marker),
      schemaId: made(resources, 'schema').id,
      tags: { ...manifest.dataset.tags, [MARKER_TAG]: [marker.uid] },
    });
    return { kind: 'dataset', id, origin: 'created' };
  },
  async remove({ adobe }, { id }) {
    await adobe.catalog.deleteDataset(id);
    return 'deleted';
  },
  async referenced({ adobe }) {
    const connections = await adobe.flowService.findTargetConnections({ specId: DATA_LAKE_CONNECTION_SPEC.id });
    return connections.flatMap(({ dataSetId }) => dataSetId ?? []);
  },
};
