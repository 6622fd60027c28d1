/** What a flow must be: specs that fit, connections that exist, a mapping onto the dataset's own schema. */
import type { Context } from '../../context.js';
import { isJsonObject, type Json, type JsonObject, textOf } from '../../values/json.js';
import type { Scope } from '../../state/state.js';
import { COLLECTIONS, type StoredConnection, type StoredDataset, type StoredMappingSet } from '../../state/stored.js';
import { connectionsOf } from '../connections/connectionStore.js';
import {
  connectionUnknown,
  invalidBody,
  mappingUnknown,
  mappingVersionInvalid,
  schemasDiffer,
  specUnknown,
  stateNotAllowed,
} from '../refusals.js';
import { findFlowSpec } from '../specs.js';

export interface FlowParts {
  readonly name: string;
  readonly flowSpec: { readonly id: string; readonly version: string };
  readonly sourceConnectionIds: readonly string[];
  readonly targetConnectionIds: readonly string[];
  readonly transformations: readonly JsonObject[];
}

type Needed = Pick<Context, 'state' | 'policy'>;

/**
 * @param isDraft a draft need not be complete
 * @throws Refusal
 */
export function checkNewFlow(context: Needed, scope: Scope, body: JsonObject, isDraft: boolean): FlowParts {
  const { flowInvalidCode: code, unknownConnectionCode } = context.policy.current;
  if (body['state'] !== undefined) throw stateNotAllowed();
  const { name, flowSpec } = body;
  if (typeof name !== 'string' || name.trim() === '') throw invalidBody(code, 'The field name is required.');
  if (!isJsonObject(flowSpec)) throw invalidBody(code, 'The field flowSpec is required.');
  const spec = findFlowSpec(textOf(flowSpec['id']));
  if (spec === undefined) throw specUnknown();

  const find = (collection: 'sourceConnections' | 'targetConnections', specIds: readonly string[]) => {
    const id = onlyId(body[collection === 'sourceConnections' ? 'sourceConnectionIds' : 'targetConnectionIds']);
    if (id === undefined) {
      if (isDraft) return undefined;
      throw invalidBody(code, `Exactly one id is required in ${collection.slice(0, -1)}Ids.`);
    }
    const connection = connectionsOf(context, collection).get(scope, id);
    if (connection === undefined) throw connectionUnknown(unknownConnectionCode, collection, id);
    if (!specIds.includes(specIdOf(connection))) throw specUnknown();
    return connection;
  };
  const source = find('sourceConnections', spec.sourceConnectionSpecIds);
  const target = find('targetConnections', spec.targetConnectionSpecIds);
  const transformations = Array.isArray(body['transformations']) ? (body['transformations'] as JsonObject[]) : [];
  if (!isDraft && target !== undefined && spec.transformationSpecs.length > 0) {
    checkTransformations(context, scope, target, transformations);
  }
  return {
    name,
    flowSpec: { id: spec.id, version: textOf(flowSpec['version'] ?? spec.version) },
    sourceConnectionIds: source === undefined ? [] : [source.id],
    targetConnectionIds: target === undefined ? [] : [target.id],
    transformations,
  };
}

function onlyId(ids: Json | undefined): string | undefined {
  return Array.isArray(ids) && ids.length === 1 && typeof ids[0] === 'string' ? ids[0] : undefined;
}

function specIdOf({ document }: StoredConnection): string {
  const spec = document['connectionSpec'];
  return isJsonObject(spec) ? textOf(spec['id']) : '';
}

/** @throws Refusal 400 */
export function checkTransformations(
  context: Needed,
  scope: Scope,
  target: StoredConnection,
  transformations: readonly JsonObject[],
): void {
  const code = context.policy.current.flowInvalidCode;
  const [mapping] = transformations;
  if (transformations.length !== 1 || !isJsonObject(mapping) || mapping['name'] !== 'Mapping') {
    throw invalidBody(code, 'Exactly one transformation, named Mapping, is required.');
  }
  const params = isJsonObject(mapping['params']) ? mapping['params'] : {};
  const mappingId = textOf(params['mappingId'] ?? '');
  // A number in bodies, a string in the flow spec.
  const version = Number(params['mappingVersion'] ?? 0);
  const set = context.state.collection<StoredMappingSet>(COLLECTIONS.mappingSets).get(scope, mappingId);
  if (set === undefined) throw mappingUnknown(mappingId, version);
  const pinned = set.versions.find((one) => one.version === version);
  if (pinned === undefined) throw mappingVersionInvalid();

  const targetParams = isJsonObject(target.document['params']) ? target.document['params'] : {};
  const datasetId = textOf(targetParams['dataSetId'] ?? '');
  const dataset = context.state.collection<StoredDataset>(COLLECTIONS.datasets).get(scope, datasetId);
  if (dataset?.schemaId !== pinned.schemaId) throw schemasDiffer(datasetId, mappingId);
}
