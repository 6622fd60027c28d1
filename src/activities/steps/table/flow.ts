import { STREAMING_FLOW_SPEC } from '../../../adobe/http/constants.js';
import { closeGateOf } from '../gate.js';
import type { Flow } from '../../../adobe/services/flowService.js';
import { idOf, listed } from '../comparing.js';
import { changeFlowService, flowServiceName, flowServiceStanding, namedFields } from './flowServiceObjects.js';
import { generationOf, markerDescription } from '../ownership.js';
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
    const { id, etag } = await context.adobe.flowService.createFlow({
      name: flowServiceName(context),
      description: markerDescription(TEXT, context.marker),
      flowSpec: STREAMING_FLOW_SPEC,
      sourceConnectionIds: [made(resources, 'source-connection').id],
      targetConnectionIds: [made(resources, 'target-connection').id],
      transformations: [transformationOf(context)],
    });
    return { kind: 'flow', id, etag, ...generationOf(context.marker), origin: 'created' };
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
    // A forwarder of an earlier provisioning may run.
    await closeGateOf(context, id, 'the flow is being deleted');
    await context.adobe.flowService.deleteFlow(id);
    return 'deleted';
  },
  async change(context, resource) {
    const { flowService } = context.adobe;
    const transformation = transformationOf(context);
    const { mappingId, mappingVersion } = transformation.params;
    await changeFlowService<Flow>(context, resource, TEXT, {
      read: () => flowService.getFlow(resource.id),
      patch: (etag, operations) => flowService.patchFlow(resource.id, etag, operations),
      // Flows pin a version; the transformation is replaced whole ("Update dataflows using the Flow Service API").
      more: ({ mapping }) =>
        mapping?.id === mappingId && mapping.version === mappingVersion
          ? []
          : [{ op: 'replace', path: '/transformations/0', value: transformation }],
    });
    return resource;
  },
};

function transformationOf({ resources }: StepContext) {
  const { id, version = 0 } = made(resources, 'mapping-set');
  return { name: 'Mapping', params: { mappingId: id, mappingVersion: version } } as const;
}
