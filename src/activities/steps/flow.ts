import { STREAMING_FLOW_SPEC } from '../../adobe/constants.js';
import { markerDescription, standingAmong } from './ownership.js';
import { made, type Step, type StepContext } from './step.js';

function nameOf({ manifest }: StepContext): string {
  return `Chatlio ${manifest.name}`;
}

/** A second flow on the same connections would be a second inlet and split the data: looked for before it is made. */
export const flow: Step = {
  name: 'flow',
  label: nameOf,
  async lookup(context) {
    return standingAmong(await context.adobe.flowService.findFlows({ specId: STREAMING_FLOW_SPEC.id }), {
      step: 'flow',
      marker: context.marker,
      name: nameOf(context),
      nameOf: (row) => row.name,
      resourceOf: ({ id, etag }) => ({ id, etag }),
      taken: 'name',
    });
  },
  async create(context) {
    const { resources } = context;
    const mapping = made(resources, 'mapping-set');
    const { id, etag } = await context.adobe.flowService.createFlow({
      name: nameOf(context),
      description: markerDescription('Chatlio events into the dataset.', context.marker),
      flowSpec: STREAMING_FLOW_SPEC,
      sourceConnectionIds: [made(resources, 'source-connection').id],
      targetConnectionIds: [made(resources, 'target-connection').id],
      transformations: [{ name: 'Mapping', params: { mappingId: mapping.id, mappingVersion: mapping.version ?? 0 } }],
    });
    return { kind: 'flow', id, etag, origin: 'created' };
  },
  async remove({ adobe }, { id }) {
    await adobe.flowService.deleteFlow(id);
    return 'deleted';
  },
};
