import { STREAMING_FLOW_SPEC } from '../../../adobe/http/constants.js';
import { closeGate } from '../gate.js';
import type { Flow } from '../../../adobe/services/flowService.js';
import { flowServiceName, flowServiceStanding, namedFields } from './flowServiceObjects.js';
import { idOf, listed } from '../comparing.js';
import { markerDescription } from '../ownership.js';
import { made, type Step, type StepContext } from '../step.js';

const TEXT = 'Chatlio events into the dataset.';

/** A pause may have disabled it, and meant to. */
async function wantedState({ store, marker }: StepContext, { state }: Flow): Promise<string> {
  return state === 'disabled' && (await store.awaitsUnpause(marker)) ? state : 'enabled';
}

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
      description: markerDescription(TEXT, context.marker),
      flowSpec: STREAMING_FLOW_SPEC,
      sourceConnectionIds: [made(resources, 'source-connection').id],
      targetConnectionIds: [made(resources, 'target-connection').id],
      transformations: [{ name: 'Mapping', params: { mappingId: mapping.id, mappingVersion: mapping.version ?? 0 } }],
    });
    return { kind: 'flow', id, etag, origin: 'created' };
  },
  async compare(context, resource) {
    const found = await context.adobe.flowService.getFlow(resource.id);
    if (found === undefined) return 'gone';
    const mapping = context.resources['mapping-set'];
    return [
      ...namedFields(context, resource, found, TEXT),
      { field: 'state', wanted: await wantedState(context, found), found: found.state },
      { field: 'spec', wanted: STREAMING_FLOW_SPEC.id, found: found.flowSpecId },
      {
        field: 'source connection',
        wanted: idOf(context, 'source-connection'),
        found: listed(found.sourceConnectionIds),
      },
      {
        field: 'target connection',
        wanted: idOf(context, 'target-connection'),
        found: listed(found.targetConnectionIds),
      },
      { field: 'mapping set', wanted: idOf(context, 'mapping-set'), found: found.mapping?.id },
      {
        field: 'mapping version',
        wanted: String(mapping?.version ?? 0),
        found: found.mapping && String(found.mapping.version),
      },
    ];
  },
  async remove(context, { id }) {
    // A forwarder of an earlier provisioning may run: what it sends to an inlet that is gone is lost.
    await closeGate(context, 'the flow is being deleted');
    await context.adobe.flowService.deleteFlow(id);
    return 'deleted';
  },
};
