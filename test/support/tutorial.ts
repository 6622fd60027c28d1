/** A Chatlio source made by hand, as Adobe's tutorial prints its calls: "Create a source connection and dataflow for Chatlio". */
import { randomUUID } from 'node:crypto';
import { request } from 'undici';
import type { Simulator } from '../../simulator/simulator.js';

export interface MadeByHand {
  readonly flowId: string;
  readonly inletUrl: string;
  readonly names: {
    readonly fieldGroup: string;
    readonly schema: string;
    readonly dataset: string;
    readonly flow: string;
  };
  readonly ids: {
    readonly fieldGroup: string;
    readonly schema: string;
    readonly dataset: string;
    readonly sourceConnection: string;
    readonly targetConnection: string;
    readonly mappingSet: string;
  };
  /** Calls Adobe as its owner would. */
  readonly call: (method: string, path: string, body?: object, headers?: Record<string, string>) => Promise<unknown>;
}

/** The tutorial's rows, in its words. */
export const TUTORIAL_ROWS = [
  ['slackChannelId', 'slackchannel_ID'],
  ['slackChannelName', 'slackchannel_name'],
  ['visitor.UUID', 'UUID'],
  ['visitor.email', 'chatlio_email'],
  ['message', 'message'],
  ['channelId', 'channel_ID'],
] as const;

const FLOW_SERVICE = '/data/foundation/flowservice';
const REGISTRY = '/data/foundation/schemaregistry';
const CONTENT_TYPE = 'application/vnd.adobe.xed-full+json;version=1';
const EXPERIENCE_EVENT = 'https://ns.adobe.com/xdm/context/experienceevent';

/** @param rows beside those of the tutorial, in the words of Data Prep's current dialect */
export async function makeByHand(
  { baseUrl, credentials }: Pick<Simulator, 'baseUrl' | 'credentials'>,
  { sandbox, rows = [] }: { readonly sandbox: string; readonly rows?: readonly object[] },
): Promise<MadeByHand> {
  const { clientId, clientSecrets, orgId, scopes } = credentials;
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecrets[0] ?? '',
    scope: scopes,
  });
  const token = await request(`${baseUrl}/ims/token/v3`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  });
  const { access_token: accessToken } = (await token.body.json()) as { access_token: string };

  const call: MadeByHand['call'] = async (method, path, body, headers = {}) => {
    const answer = await request(`${baseUrl}${path}`, {
      method: method as 'GET',
      headers: {
        authorization: `Bearer ${accessToken}`,
        'x-api-key': clientId,
        'x-gw-ims-org-id': orgId,
        'x-sandbox-name': sandbox,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  };
  const create = async (path: string, body: object): Promise<{ id: string; $id: string }> =>
    (await call('POST', path, body)) as { id: string; $id: string };

  const { tenantId } = (await call('GET', `${REGISTRY}/stats`)) as { tenantId: string };
  const mark = randomUUID().slice(0, 8);
  const names = {
    fieldGroup: `Chatlio fields ${mark}`,
    schema: `Chatlio schema ${mark}`,
    dataset: `Chatlio dataset ${mark}`,
    flow: `Chatlio dataflow ${mark}`,
  };
  const { $id: fieldGroup } = await create(`${REGISTRY}/tenant/fieldgroups`, {
    type: 'object',
    title: names.fieldGroup,
    'meta:intendedToExtend': [EXPERIENCE_EVENT],
    definitions: {
      customFields: {
        properties: {
          [`_${tenantId}`]: {
            type: 'object',
            properties: Object.fromEntries(TUTORIAL_ROWS.map(([, field]) => [field, { type: 'string', title: field }])),
          },
        },
      },
    },
    allOf: [{ $ref: '#/definitions/customFields' }],
  });
  const { $id: schema } = await create(`${REGISTRY}/tenant/schemas`, {
    type: 'object',
    title: names.schema,
    description: 'Chatlio chats',
    allOf: [{ $ref: EXPERIENCE_EVENT }, { $ref: fieldGroup }],
  });
  const schemaRef = { id: schema, contentType: CONTENT_TYPE };
  const [reference = ''] = (await call('POST', '/data/foundation/catalog/dataSets?requestDataSource=true', {
    name: names.dataset,
    schemaRef,
    tags: { team: ['support'] },
  })) as string[];
  const dataset = reference.slice(reference.lastIndexOf('/') + 1);

  const { id: sourceConnection } = await create(`${FLOW_SERVICE}/sourceConnections`, {
    name: 'Streaming source connection for Chatlio',
    providerId: '521eee4d-8cbe-4906-bb48-fb6bd4450033',
    description: 'Streaming source connection for Chatlio',
    connectionSpec: { id: '073127a3-26e3-496c-9d94-9f48fb93fba8', version: '1.0' },
    data: { format: 'json' },
  });
  const { id: targetConnection } = await create(`${FLOW_SERVICE}/targetConnections`, {
    name: 'Streaming target connection for Chatlio',
    description: 'Streaming target connection for Chatlio',
    connectionSpec: { id: 'c604ff05-7f1a-43c0-8e18-33bf874cb11c', version: '1.0' },
    data: { format: 'json', schema: { id: schema, version: CONTENT_TYPE } },
    params: { dataSetId: dataset },
  });
  const { id: mappingSet } = await create('/data/foundation/conversion/mappingSets', {
    outputSchema: { schemaRef },
    mappings: [
      ...TUTORIAL_ROWS.map(([sourceAttribute, field]) => ({
        destinationXdmPath: `_${tenantId}.${field}`,
        sourceAttribute,
        identity: false,
        version: 0,
      })),
      ...rows,
    ],
  });
  const { id: flowId } = await create(`${FLOW_SERVICE}/flows`, {
    name: names.flow,
    description: 'Chatlio streaming dataflow',
    flowSpec: { id: 'e77fde5a-22a8-11ed-861d-0242ac120002', version: '1.0' },
    sourceConnectionIds: [sourceConnection],
    targetConnectionIds: [targetConnection],
    transformations: [{ name: 'Mapping', params: { mappingId: mappingSet, mappingVersion: 0 } }],
  });
  const { items } = (await call('GET', `${FLOW_SERVICE}/flows/${flowId}`)) as {
    items: readonly { readonly options?: { readonly inletUrl?: string } }[];
  };
  return {
    flowId,
    inletUrl: items[0]?.options?.inletUrl ?? '',
    names,
    ids: { fieldGroup, schema, dataset, sourceConnection, targetConnection, mappingSet },
    call,
  };
}
