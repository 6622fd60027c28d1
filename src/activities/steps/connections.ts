import {
  CHATLIO_CONNECTION_SPEC,
  DATA_LAKE_CONNECTION_SPEC,
  SCHEMA_CONTENT_TYPE,
  SOURCES_PROVIDER_ID,
  STREAMING_FLOW_SPEC,
} from '../../adobe/constants.js';
import { markerDescription, standingAmong } from './ownership.js';
import { made, type Step, type StepContext } from './step.js';

function nameOf({ manifest }: StepContext): string {
  return `Chatlio ${manifest.name}`;
}

/** Needs no account: the Chatlio specification has no authentication, so there is no base connection. */
export const sourceConnection: Step = {
  name: 'source-connection',
  label: nameOf,
  async lookup(context) {
    return standingAmong(
      await context.adobe.flowService.findSourceConnections({ specId: CHATLIO_CONNECTION_SPEC.id }),
      {
        step: 'source-connection',
        marker: context.marker,
        name: nameOf(context),
        nameOf: (row) => row.name,
        resourceOf: ({ id, etag }) => ({ id, etag }),
        taken: 'name',
      },
    );
  },
  async create(context) {
    const { id, etag } = await context.adobe.flowService.createSourceConnection({
      name: nameOf(context),
      description: markerDescription('Chatlio webhooks.', context.marker),
      providerId: SOURCES_PROVIDER_ID,
      connectionSpec: CHATLIO_CONNECTION_SPEC,
      data: { format: 'json' },
    });
    return { kind: 'source-connection', id, etag, origin: 'created' };
  },
  async remove({ adobe }, { id }) {
    await adobe.flowService.deleteSourceConnection(id);
    return 'deleted';
  },
  async referenced({ adobe }) {
    return (await adobe.flowService.findFlows({ specId: STREAMING_FLOW_SPEC.id })).flatMap(
      ({ sourceConnectionIds }) => sourceConnectionIds,
    );
  },
};

export const targetConnection: Step = {
  name: 'target-connection',
  label: nameOf,
  async lookup(context) {
    return standingAmong(
      await context.adobe.flowService.findTargetConnections({ specId: DATA_LAKE_CONNECTION_SPEC.id }),
      {
        step: 'target-connection',
        marker: context.marker,
        name: nameOf(context),
        nameOf: (row) => row.name,
        resourceOf: ({ id, etag }) => ({ id, etag }),
        taken: 'name',
      },
    );
  },
  async create(context) {
    const { id, etag } = await context.adobe.flowService.createTargetConnection({
      name: nameOf(context),
      description: markerDescription('Dataset of Chatlio events.', context.marker),
      connectionSpec: DATA_LAKE_CONNECTION_SPEC,
      data: {
        format: 'json',
        schema: { id: made(context.resources, 'schema').id, version: SCHEMA_CONTENT_TYPE },
      },
      params: { dataSetId: made(context.resources, 'dataset').id },
    });
    return { kind: 'target-connection', id, etag, origin: 'created' };
  },
  async remove({ adobe }, { id }) {
    await adobe.flowService.deleteTargetConnection(id);
    return 'deleted';
  },
  async referenced({ adobe }) {
    return (await adobe.flowService.findFlows({ specId: STREAMING_FLOW_SPEC.id })).flatMap(
      ({ targetConnectionIds }) => targetConnectionIds,
    );
  },
};
