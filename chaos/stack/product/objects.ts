/** An object as Adobe has it: of which step it is, and read as any other client would. */
import { findMarker, markerText } from '../../../src/domain/source/steps.js';
import type { ObjectRow } from '../simulatorAdmin.js';
import type { ChaosStack } from './stack.js';
import type { AdobeStep } from './stepRequests.js';

const KIND_OF: Readonly<Record<string, AdobeStep>> = {
  descriptors: 'identity-descriptor',
  dataSets: 'dataset',
  sourceConnections: 'source-connection',
  targetConnections: 'target-connection',
  mappingSets: 'mapping-set',
  flows: 'flow',
};

export function stepOf({ kind, id }: ObjectRow): AdobeStep {
  if (kind === 'registryResources') return id.includes('/schemas/') ? 'schema' : 'field-group';
  const step = KIND_OF[kind];
  if (step === undefined) throw new Error(`an object of a kind that no step makes: ${kind} ${id}`);
  return step;
}

type Read = (id: string, version: number) => { readonly path: string; readonly accept?: string };

const READS: Readonly<Record<string, Read>> = {
  registryResources: (id) => ({
    path: `/data/foundation/schemaregistry/tenant/${id.includes('/schemas/') ? 'schemas' : 'fieldgroups'}/${encodeURIComponent(id)}`,
    accept: 'application/vnd.adobe.xed+json; version=1',
  }),
  descriptors: (id) => ({
    path: `/data/foundation/schemaregistry/tenant/descriptors/${id}`,
    accept: 'application/vnd.adobe.xdm+json',
  }),
  dataSets: (id) => ({ path: `/data/foundation/catalog/dataSets/${id}` }),
  // Without a version it is the first one.
  mappingSets: (id, version) => ({ path: `/data/foundation/conversion/mappingSets/${id}?version=${version}` }),
  flows: (id) => ({ path: `/data/foundation/flowservice/flows/${id}` }),
  sourceConnections: (id) => ({ path: `/data/foundation/flowservice/sourceConnections/${id}` }),
  targetConnections: (id) => ({ path: `/data/foundation/flowservice/targetConnections/${id}` }),
};

/** @param version of a mapping set */
export async function documentOf(
  { simulator }: Pick<ChaosStack, 'simulator'>,
  sandbox: string,
  { kind, id }: Pick<ObjectRow, 'kind' | 'id'>,
  version = 0,
): Promise<unknown> {
  const read = READS[kind];
  if (read === undefined) throw new Error(`an object of a kind that nobody reads: ${kind} ${id}`);
  const { path, accept } = read(id, version);
  return simulator.read(sandbox, path, accept);
}

/** For a person: what it is, and by its marker whose. */
export async function toldOf(stack: Pick<ChaosStack, 'simulator'>, sandbox: string, row: ObjectRow): Promise<string> {
  // One that was deleted since it was listed has nothing more to tell.
  const document = await documentOf(stack, sandbox, row).catch(() => undefined);
  const marker = findMarker(JSON.stringify(document));
  const facts = [stepOf(row), row.id, row.state, marker === undefined ? 'without a marker' : markerText(marker)];
  return facts.filter((fact) => fact !== undefined).join(' ');
}
