/** A source that somebody has made with plain requests, and the manifest that the product writes of it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Manifest } from '../../src/domain/source/manifest.js';
import { runClient } from '../stack/commandLine.js';
import { manifestFrom, type SourceUnderTest } from '../stack/product/sourceUnderTest.js';
import type { ChaosStack } from '../stack/product/stack.js';
import { createRequests } from '../stack/requests.js';

export interface MadeByHand {
  readonly flowId: string;
  readonly manifest: Manifest;
}

const REGISTRY = '/data/foundation/schemaregistry';
const FLOW_SERVICE = '/data/foundation/flowservice';
const CONTENT_TYPE = 'application/vnd.adobe.xed-full+json;version=1';
const EVENT = 'https://ns.adobe.com/xdm/context/experienceevent';

/** With the two rows by which events can be told apart, and one of the tutorial's. */
const ROWS = [
  ['eventId', '_id'],
  ['occurredAt', 'timestamp'],
  ['visitor.email', '{tenant}.chatlio_email'],
] as const;

export async function makeByHand(stack: ChaosStack, source: SourceUnderTest): Promise<MadeByHand> {
  const { environment } = stack;
  const { name, sandbox, document } = source;
  const { asClient } = createRequests(environment['ADOBE_PLATFORM_URL'] ?? '', environment);
  const make = async <T>(path: string, body: object): Promise<T> =>
    (await asClient(sandbox, { method: 'POST', path, body })) as T;

  const { tenantId } = (await asClient(sandbox, { method: 'GET', path: `${REGISTRY}/stats` })) as { tenantId: string };
  const tenant = `_${tenantId}`;
  const fields = { type: 'object', properties: { chatlio_email: { type: 'string', title: 'chatlio_email' } } };
  const group = await make<{ $id: string }>(`${REGISTRY}/tenant/fieldgroups`, {
    type: 'object',
    title: `Fields of ${name}`,
    'meta:intendedToExtend': [EVENT],
    definitions: { customFields: { properties: { [tenant]: fields } } },
    allOf: [{ $ref: '#/definitions/customFields' }],
  });
  const schema = await make<{ $id: string }>(`${REGISTRY}/tenant/schemas`, {
    type: 'object',
    title: `Schema of ${name}`,
    allOf: [{ $ref: EVENT }, { $ref: group.$id }],
  });
  const schemaRef = { id: schema.$id, contentType: CONTENT_TYPE };
  const [dataset = ''] = await make<string[]>('/data/foundation/catalog/dataSets?requestDataSource=true', {
    name: `Dataset of ${name}`,
    schemaRef,
  });
  const from = await make<{ id: string }>(`${FLOW_SERVICE}/sourceConnections`, {
    name: `Source of ${name}`,
    connectionSpec: { id: '073127a3-26e3-496c-9d94-9f48fb93fba8', version: '1.0' },
    data: { format: 'json' },
  });
  const to = await make<{ id: string }>(`${FLOW_SERVICE}/targetConnections`, {
    name: `Target of ${name}`,
    connectionSpec: { id: 'c604ff05-7f1a-43c0-8e18-33bf874cb11c', version: '1.0' },
    data: { format: 'json', schema: { id: schema.$id, version: CONTENT_TYPE } },
    params: { dataSetId: dataset.slice(dataset.lastIndexOf('/') + 1) },
  });
  const set = await make<{ id: string }>('/data/foundation/conversion/mappingSets', {
    name: `Mapping of ${name}`,
    outputSchema: { schemaRef },
    mappings: ROWS.map(([from_, destination]) => ({
      sourceType: 'ATTRIBUTE',
      source: from_,
      destination: destination.replace('{tenant}', tenant),
    })),
  });
  const flow = await make<{ id: string }>(`${FLOW_SERVICE}/flows`, {
    name: `Flow of ${name}`,
    flowSpec: { id: 'e77fde5a-22a8-11ed-861d-0242ac120002', version: '1.0' },
    sourceConnectionIds: [from.id],
    targetConnectionIds: [to.id],
    transformations: [{ name: 'Mapping', params: { mappingId: set.id, mappingVersion: 0 } }],
  });
  const manifest = manifestFrom({ ...(await writtenOf(stack, source, flow.id)), delivery: document['delivery'] });
  return { flowId: flow.id, manifest };
}

/** As a person has it written. */
async function writtenOf(stack: ChaosStack, { name, sandbox }: SourceUnderTest, flowId: string): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'chatlio-aep-chaos-adopt-'));
  const file = join(folder, 'source.yaml');
  try {
    const options = ['--sandbox', sandbox, '--name', name, '--widget', 'main-site'];
    const [wrong] = await runClient(stack, ['adopt', '--from-flow', flowId, '--write', file, ...options]);
    if (wrong !== undefined) throw new Error(wrong);
    return parse(readFileSync(file, 'utf8')) as object;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
