/** What a connection must be, and when it may go. */
import type { Context } from '../../context.js';
import { isJsonObject, type JsonObject, textOf } from '../../values/json.js';
import type { SimRequest } from '../../transport/request.js';
import { COLLECTIONS, type StoredDataset } from '../../state/stored.js';
import { type ConnectionCollection, connectionsOf } from './connectionStore.js';
import { flowsUsing } from '../flowUse.js';
import { authSpecUnknown, baseConnectionInUse, flowsFound, invalidBody, specUnknown } from '../refusals.js';
import { connectionSpec } from '../specs.js';

/** @throws Refusal 400 */
export function checkConnection(
  context: Context,
  request: SimRequest,
  collection: ConnectionCollection,
  body: JsonObject,
): void {
  const { flowInvalidCode: code, flowNamesUnique } = context.policy.current;
  const { name, connectionSpec: spec, params, auth } = body;
  // The target connection's request schema has no required name.
  if (collection !== 'targetConnections' && (typeof name !== 'string' || name.trim() === '')) {
    throw invalidBody(code, 'The field name is required.');
  }
  if (!isJsonObject(spec) || spec['id'] === undefined) throw invalidBody(code, 'The field connectionSpec is required.');
  const known = connectionSpec(textOf(spec['id']));
  if (known === undefined) throw specUnknown();
  if (
    flowNamesUnique &&
    connectionsOf(context, collection)
      .list(request.scope)
      .some((c) => c.document['name'] === name)
  ) {
    throw invalidBody(code, `A connection named ${textOf(name)} exists already.`);
  }
  switch (collection) {
    case 'sourceConnections':
      checkSource(context, request, body, known.type);
      break;
    case 'targetConnections':
      checkTarget(context, request, params);
      break;
    case 'connections': {
      const specName = isJsonObject(auth) ? textOf(auth['specName']) : undefined;
      const isKnown = specName === undefined || known.authSpec.some((one) => one.name === specName);
      if (!isKnown) throw authSpecUnknown(specName);
      break;
    }
    default:
      collection satisfies never;
  }
}

function checkSource(context: Context, { scope }: SimRequest, body: JsonObject, specType: string | undefined): void {
  const { flowInvalidCode: code } = context.policy.current;
  const { data, baseConnectionId: base } = body;
  const format = isJsonObject(data) ? data['format'] : undefined;
  if (specType === 'generic-streaming' && format !== 'json') {
    throw invalidBody(code, `data.format must be json, got ${JSON.stringify(format)}.`);
  }
  if (typeof base === 'string' && connectionsOf(context, 'connections').get(scope, base) === undefined) {
    throw invalidBody(code, `The base connection ${base} is not found.`);
  }
}

function checkTarget(context: Context, { scope }: SimRequest, params: unknown): void {
  const { flowInvalidCode: code } = context.policy.current;
  const id = isJsonObject(params) ? params['dataSetId'] : undefined;
  if (typeof id !== 'string') throw invalidBody(code, 'params.dataSetId is required.');
  if (context.state.collection<StoredDataset>(COLLECTIONS.datasets).get(scope, id) === undefined) {
    throw invalidBody(code, `The dataset ${id} is not found.`);
  }
}

/** @throws Refusal 400 when flows use it */
export function checkUnused(
  context: Context,
  { scope }: SimRequest,
  collection: ConnectionCollection,
  id: string,
): void {
  if (collection !== 'connections') {
    if (flowsUsing(context, scope, [id])) throw flowsFound(id);
    return;
  }
  const onBase = connectionsOf(context, 'sourceConnections')
    .list(scope)
    .filter(({ document }) => document['baseConnectionId'] === id);
  const ids = onBase.map((one) => one.id);
  if (flowsUsing(context, scope, ids)) throw baseConnectionInUse(id);
}
