/** The objects of a Chatlio source, made by plain requests. */
import { CATALOG, DATA_PREP, FLOW_SERVICE, REGISTRY, type Simulated } from './simulated.js';

export const EXPERIENCE_EVENT = 'https://ns.adobe.com/xdm/context/experienceevent';
export const CHATLIO_SPEC = { id: '073127a3-26e3-496c-9d94-9f48fb93fba8', version: '1.0' };
export const DATA_LAKE_SPEC = { id: 'c604ff05-7f1a-43c0-8e18-33bf874cb11c', version: '1.0' };
export const FLOW_SPEC = { id: 'e77fde5a-22a8-11ed-861d-0242ac120002', version: '1.0' };
const XED_FULL = 'application/vnd.adobe.xed-full+json;version=1';

export const fieldGroupBody = (title = 'Desk chats', fields: Record<string, unknown> = {}) => ({
  type: 'object',
  title,
  description: 'What a chat at the help desk says',
  'meta:intendedToExtend': [EXPERIENCE_EVENT],
  definitions: {
    chats: {
      properties: {
        _acmetenant: {
          type: 'object',
          properties: {
            visitorId: { type: 'string', title: 'Visitor' },
            rating: { type: 'integer', title: 'Rating' },
            startedAt: { type: 'string', format: 'date-time', title: 'Start' },
            ...fields,
          },
        },
      },
    },
  },
  allOf: [{ $ref: '#/definitions/chats' }],
});

export const schemaBody = (fieldGroupId: string, title = 'Desk chat events') => ({
  type: 'object',
  title,
  description: 'Events of the help desk',
  allOf: [{ $ref: EXPERIENCE_EVENT }, { $ref: fieldGroupId }],
});

export const datasetBody = (schemaId: string, name = 'Desk chats 2026') => ({
  name,
  schemaRef: { id: schemaId, contentType: XED_FULL },
  tags: { team: ['help-desk'] },
});

export const mappingSetBody = (schemaId: string) => ({
  name: 'desk chats',
  outputSchema: { schemaRef: { id: schemaId, contentType: XED_FULL } },
  mappings: [
    { sourceType: 'ATTRIBUTE', source: 'id', destination: '_id' },
    { sourceType: 'EXPRESSION', source: 'now()', destination: 'timestamp' },
    { sourceType: 'ATTRIBUTE', source: 'visitor.UUID', destination: '_acmetenant.visitorId' },
  ],
});

export const sourceConnectionBody = (name = 'Desk widget') => ({
  name,
  connectionSpec: CHATLIO_SPEC,
  data: { format: 'json' },
});

export const targetConnectionBody = (schemaId: string, dataSetId: string, name = 'Desk dataset') => ({
  name,
  connectionSpec: DATA_LAKE_SPEC,
  data: { format: 'json', schema: { id: schemaId, version: XED_FULL } },
  params: { dataSetId },
});

export interface FlowInputs {
  readonly sourceId: string;
  readonly targetId: string;
  readonly mappingId: string;
  readonly mappingVersion?: number;
}

export const flowBody = ({ sourceId, targetId, mappingId, mappingVersion = 0 }: FlowInputs, name = 'Desk flow') => ({
  name,
  flowSpec: FLOW_SPEC,
  sourceConnectionIds: [sourceId],
  targetConnectionIds: [targetId],
  transformations: [{ name: 'Mapping', params: { mappingId, mappingVersion } }],
});

export async function makeSchema({ call }: Simulated, title = 'Desk chat events') {
  const group = await call('POST', `${REGISTRY}/tenant/fieldgroups`, { body: fieldGroupBody(`${title}: fields`) });
  const fieldGroupId: string = group.json['$id'];
  const schema = await call('POST', `${REGISTRY}/tenant/schemas`, { body: schemaBody(fieldGroupId, title) });
  const schemaId: string = schema.json['$id'];
  return { fieldGroupId, schemaId, fieldGroupAltId: group.json['meta:altId'], schemaAltId: schema.json['meta:altId'] };
}

export async function makeDataset({ call }: Simulated, schemaId: string, name?: string): Promise<string> {
  const dataset = await call('POST', `${CATALOG}/dataSets`, { body: datasetBody(schemaId, name) });
  return String(dataset.json[0]).replace('@/dataSets/', '');
}

/** Everything but the flow. */
export async function makeParts(simulated: Simulated, title?: string) {
  const { call } = simulated;
  const schema = await makeSchema(simulated, title);
  const datasetId = await makeDataset(simulated, schema.schemaId);
  const source = await call('POST', `${FLOW_SERVICE}/sourceConnections`, { body: sourceConnectionBody() });
  const target = await call('POST', `${FLOW_SERVICE}/targetConnections`, {
    body: targetConnectionBody(schema.schemaId, datasetId),
  });
  const mapping = await call('POST', `${DATA_PREP}/mappingSets`, { body: mappingSetBody(schema.schemaId) });
  const sourceId: string = source.json['id'];
  const targetId: string = target.json['id'];
  const mappingId: string = mapping.json['id'];
  return { ...schema, datasetId, sourceId, targetId, mappingId };
}

/** With the flow, active. */
export async function makeSource(simulated: Simulated) {
  const parts = await makeParts(simulated);
  const flow = await simulated.call('POST', `${FLOW_SERVICE}/flows`, { body: flowBody(parts) });
  await simulated.admin.advance(10_000);
  const flowId: string = flow.json['id'];
  return { ...parts, flowId, firstEtag: flow.json['etag'] };
}
