/** Connection specs and flow specs of the catalogue: Chatlio's, the data lake's, and the ones beside which they stand. */
import type { Context } from '../context.js';
import { flowFamily } from '../errorFamilies.js';
import type { Json, JsonObject } from '../values/json.js';
import { platformRoutes } from '../transport/request.js';
import { listReply } from './listing.js';
import { notFound } from './refusals.js';

const PROVIDER_ID = '521eee4d-8cbe-4906-bb48-fb6bd4450033';

const CHATLIO_SPEC = '073127a3-26e3-496c-9d94-9f48fb93fba8';
const DATA_LAKE_SPEC = 'c604ff05-7f1a-43c0-8e18-33bf874cb11c';
const STREAMING_TEMPLATE_SPEC = 'e77fd9d2-22a8-11ed-861d-0242ac120002';
const PENDO_SPEC = '6ff5654f-19d5-427d-bd3e-c0ebc802389a';
const CUSTOMER_IO_SPEC = '96479064-7b8a-4d69-b9ed-21c5683837ea';
const HTTP_API_SPEC = 'bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb';

export const GENERIC_STREAMING_FLOW_SPEC = 'e77fde5a-22a8-11ed-861d-0242ac120002';

const STREAMING_SPECS = [CHATLIO_SPEC, STREAMING_TEMPLATE_SPEC, PENDO_SPEC, CUSTOMER_IO_SPEC];

interface ConnectionSpec {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly type: string;
  /** Names of the ways to authenticate; a base connection must use one of them. */
  readonly authSpec: ReadonlyArray<{ readonly name: string }>;
  readonly [attribute: string]: Json;
}

const streaming = (id: string, name: string): ConnectionSpec => ({
  id,
  name,
  providerId: PROVIDER_ID,
  version: '1.0',
  type: 'generic-streaming',
  authSpec: [],
  sourceSpec: {
    attributes: {
      isSource: true,
      authRequired: false,
      category: 'Marketing Automation',
      uiAttributes: { isBeta: true },
    },
  },
  exploreSpec: { name: 'Resource', type: 'StreamingConnection', requestSpec: { type: 'object' }, responseSpec: {} },
});

const CONNECTION_SPECS: readonly ConnectionSpec[] = [
  streaming(CHATLIO_SPEC, 'Chatlio'),
  streaming(STREAMING_TEMPLATE_SPEC, 'Streaming template'),
  streaming(PENDO_SPEC, 'Pendo'),
  streaming(CUSTOMER_IO_SPEC, 'Customer.io'),
  {
    id: HTTP_API_SPEC,
    name: 'Streaming Connection',
    providerId: PROVIDER_ID,
    version: '1.0',
    type: 'streaming',
    authSpec: [{ name: 'Streaming Connection' }],
    attributes: { category: 'Streaming' },
  },
  {
    id: DATA_LAKE_SPEC,
    // Under which clients look its id up.
    name: 'datalake',
    providerId: PROVIDER_ID,
    version: '1.0',
    type: 'target',
    authSpec: [],
    targetSpec: { type: 'object', properties: { dataSetId: { type: 'string' } } },
  },
];

interface FlowSpec {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly sourceConnectionSpecIds: readonly string[];
  readonly targetConnectionSpecIds: readonly string[];
  readonly transformationSpecs: readonly Json[];
  readonly [attribute: string]: Json;
}

const MAPPING_TRANSFORMATION = {
  name: 'Mapping',
  spec: {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: { mappingId: { type: 'string' }, mappingVersion: { type: 'string' } },
  },
};

const flowSpec = (
  id: string,
  name: string,
  sources: readonly string[],
  transformationSpecs: readonly Json[],
): FlowSpec => ({
  id,
  name,
  providerId: PROVIDER_ID,
  version: '1.0',
  sourceConnectionSpecIds: sources,
  targetConnectionSpecIds: [DATA_LAKE_SPEC],
  optionSpec: {
    name: 'OptionSpec',
    spec: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: {
        errorDiagnosticsEnabled: { title: 'Error diagnostics.', type: 'boolean', default: false },
        partialIngestionPercent: { title: 'Partial ingestion threshold.', type: 'number', exclusiveMinimum: 0 },
        inletUrl: { title: 'Streaming inlet', type: 'string' },
      },
    },
  },
  transformationSpecs,
  attributes: {
    isSourceFlow: true,
    flacValidationSupported: true,
    frequency: 'streaming',
    uiAttributes: { apiFeatures: { updateSupported: true, flowRunsSupported: true } },
  },
});

const FLOW_SPECS: readonly FlowSpec[] = [
  flowSpec(GENERIC_STREAMING_FLOW_SPEC, 'GenericStreamingAEP', STREAMING_SPECS, [MAPPING_TRANSFORMATION]),
  flowSpec(
    'c1a19761-d2c7-4702-b9fa-fe91f0613e81',
    'Steam data with transformation',
    [HTTP_API_SPEC],
    [MAPPING_TRANSFORMATION],
  ),
  flowSpec('d8a6f005-7eaf-4153-983e-e8574508b877', 'Stream data without transformation', [HTTP_API_SPEC], []),
];

export const connectionSpec = (id: string) => CONNECTION_SPECS.find((spec) => spec.id === id);
export const findFlowSpec = (id: string) => FLOW_SPECS.find((spec) => spec.id === id);

const PATH = '/data/foundation/flowservice';

export function registerSpecs(context: Context): void {
  const route = platformRoutes(context, flowFamily);
  for (const [collection, specs] of [
    ['connectionSpecs', CONNECTION_SPECS],
    ['flowSpecs', FLOW_SPECS],
  ] as const) {
    route({
      name: `flowservice.${collection}.list`,
      method: 'GET',
      path: `${PATH}/${collection}`,
      handle: (request) =>
        listReply(
          context,
          request,
          collection,
          specs.map((spec): JsonObject => spec),
        ),
    });
    route({
      name: `flowservice.${collection}.get`,
      method: 'GET',
      path: `${PATH}/${collection}/:id`,
      handle(request) {
        const id = request.params['id'] ?? '';
        const found = specs.find((spec) => spec.id === id);
        if (found === undefined) throw notFound(collection, id);
        return { status: 200, json: { items: [found] } };
      },
    });
  }
}
