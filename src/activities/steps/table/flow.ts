import { STREAMING_FLOW_SPEC } from '../../../adobe/http/constants.js';
import { closeGate } from '../gate.js';
import { flowServiceName, flowServiceStanding } from './flowServiceObjects.js';
import { markerDescription } from '../ownership.js';
import { made, type Step } from '../step.js';

/** A second flow on the same connections would be a second inlet and split the data: looked for before it is made. */
export const flow: Step = {
  name: 'flow',
  label: flowServiceName,
  async lookup(context) {
    return flowServiceStanding(
      'flow',
      context,
      await context.adobe.flowService.findFlows({ specId: STREAMING_FLOW_SPEC.id }),
    );
  },
  async create(context) {
    const { resources } = context;
    const mapping = made(resources, 'mapping-set');
    const { id, etag } = await context.adobe.flowService.createFlow({
      name: flowServiceName(context),
      description: markerDescription('Chatlio events into the dataset.', context.marker),
      flowSpec: STREAMING_FLOW_SPEC,
      sourceConnectionIds: [made(resources, 'source-connection').id],
      targetConnectionIds: [made(resources, 'target-connection').id],
      transformations: [{ name: 'Mapping', params: { mappingId: mapping.id, mappingVersion: mapping.version ?? 0 } }],
    });
    return { kind: 'flow', id, etag, origin: 'created' };
  },
  async remove(context, { id }) {
    // A forwarder of an earlier provisioning may run: what it sends to an inlet that is gone is lost.
    await closeGate(context, 'the flow is being deleted');
    await context.adobe.flowService.deleteFlow(id);
    return 'deleted';
  },
};
