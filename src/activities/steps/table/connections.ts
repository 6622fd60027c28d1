import {
  CHATLIO_CONNECTION_SPEC,
  DATA_LAKE_CONNECTION_SPEC,
  SCHEMA_CONTENT_TYPE,
  SOURCES_PROVIDER_ID,
  STREAMING_FLOW_SPEC,
} from '../../../adobe/http/constants.js';
import { schemaVersionOf } from '../../../adobe/services/flowServiceShapes.js';
import { idOf } from '../comparing.js';
import { changeFlowService, flowServiceName, flowServiceStanding, namedFields } from './flowServiceObjects.js';
import { generationOf, markerDescription } from '../ownership.js';
import { made, type Step } from '../step.js';

const SOURCE_TEXT = 'Chatlio webhooks.';
const TARGET_TEXT = 'Dataset of Chatlio events.';

/** Needs no account: the Chatlio specification has no authentication, so there is no base connection. */
export const sourceConnection: Step = {
  name: 'source-connection',
  label: flowServiceName,
  async lookup(context) {
    return flowServiceStanding(
      'source-connection',
      context,
      await context.adobe.flowService.findSourceConnections({ specId: CHATLIO_CONNECTION_SPEC.id }),
    );
  },
  async create(context) {
    const { id, etag } = await context.adobe.flowService.createSourceConnection({
      name: flowServiceName(context),
      description: markerDescription(SOURCE_TEXT, context.marker),
      providerId: SOURCES_PROVIDER_ID,
      connectionSpec: CHATLIO_CONNECTION_SPEC,
      data: { format: 'json' },
    });
    return { kind: 'source-connection', id, etag, ...generationOf(context.marker), origin: 'created' };
  },
  async compare(context, resource) {
    const found = await context.adobe.flowService.getSourceConnection(resource.id);
    if (found === undefined) return 'gone';
    return [
      ...namedFields(context, resource, found, SOURCE_TEXT),
      { field: 'spec', wanted: CHATLIO_CONNECTION_SPEC.id, found: found.connectionSpecId },
      { field: 'format', wanted: 'json', found: found.format },
    ];
  },
  async remove({ adobe }, { id }) {
    await adobe.flowService.deleteSourceConnection(id);
    return 'deleted';
  },
  async change(context, resource) {
    const { flowService } = context.adobe;
    await changeFlowService(context, resource, SOURCE_TEXT, {
      read: () => flowService.getSourceConnection(resource.id),
      patch: (etag, operations) => flowService.patchSourceConnection(resource.id, etag, operations),
    });
    return resource;
  },
  async referenced({ adobe }) {
    return (await adobe.flowService.findFlows({ specId: STREAMING_FLOW_SPEC.id })).flatMap(
      ({ sourceConnectionIds }) => sourceConnectionIds,
    );
  },
};

export const targetConnection: Step = {
  name: 'target-connection',
  label: flowServiceName,
  async lookup(context) {
    return flowServiceStanding(
      'target-connection',
      context,
      await context.adobe.flowService.findTargetConnections({ specId: DATA_LAKE_CONNECTION_SPEC.id }),
      ({ dataSetId }) => dataSetId === context.resources.dataset?.id,
    );
  },
  async create(context) {
    const { id, etag } = await context.adobe.flowService.createTargetConnection({
      name: flowServiceName(context),
      description: markerDescription(TARGET_TEXT, context.marker),
      connectionSpec: DATA_LAKE_CONNECTION_SPEC,
      data: {
        format: 'json',
        schema: { id: made(context.resources, 'schema').id, version: SCHEMA_CONTENT_TYPE },
      },
      params: { dataSetId: made(context.resources, 'dataset').id },
    });
    return { kind: 'target-connection', id, etag, ...generationOf(context.marker), origin: 'created' };
  },
  async compare(context, resource) {
    const found = await context.adobe.flowService.getTargetConnection(resource.id);
    if (found === undefined) return 'gone';
    return [
      ...namedFields(context, resource, found, TARGET_TEXT),
      { field: 'spec', wanted: DATA_LAKE_CONNECTION_SPEC.id, found: found.connectionSpecId },
      { field: 'dataset', wanted: idOf(context, 'dataset'), found: found.dataSetId },
      { field: 'schema', wanted: idOf(context, 'schema'), found: found.schemaId },
      { field: 'schema version', wanted: schemaVersionOf(SCHEMA_CONTENT_TYPE), found: found.schemaVersion },
    ];
  },
  async remove({ adobe }, { id }) {
    await adobe.flowService.deleteTargetConnection(id);
    return 'deleted';
  },
  async change(context, resource) {
    const { flowService } = context.adobe;
    await changeFlowService(context, resource, TARGET_TEXT, {
      read: () => flowService.getTargetConnection(resource.id),
      patch: (etag, operations) => flowService.patchTargetConnection(resource.id, etag, operations),
    });
    return resource;
  },
  async referenced({ adobe }) {
    return (await adobe.flowService.findFlows({ specId: STREAMING_FLOW_SPEC.id })).flatMap(
      ({ targetConnectionIds }) => targetConnectionIds,
    );
  },
};
