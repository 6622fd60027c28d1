/** Source, target and base connections. */
import type { Context } from '../context.js';
import { flowFamily } from '../errorFamilies.js';
import { flowEtag, uuid } from '../identifiers.js';
import { accountInletId } from '../inlet/inlets.js';
import { isJsonObject, type JsonObject, textOf } from '../json.js';
import { platformRoutes, type SimRequest } from '../request.js';
import { COLLECTIONS, type StoredConnection, type StoredDataset } from '../stored.js';
import { flowsUsing } from './flowUse.js';
import { listReply } from './listing.js';
import {
  authSpecUnknown,
  baseConnectionInUse,
  flowsFound,
  invalidBody,
  notFound,
  specUnknown,
  updateRefusedInState,
} from './refusals.js';
import { connectionSpec } from './specs.js';
import { applyOperations, checkIfMatch, noteUnknownFields, objectBody, readOperations } from './writes.js';

const PATH = '/data/foundation/flowservice';

export type ConnectionCollection = 'sourceConnections' | 'targetConnections' | 'connections';

const KNOWN_FIELDS = [
  'name',
  'description',
  'connectionSpec',
  'data',
  'params',
  'providerId',
  'baseConnectionId',
  'auth',
  'labels',
];

/** What PATCH may change. */
const PATCH_ROOTS = ['name', 'description', 'data', 'params', 'labels', 'auth', 'state'];

export function connectionsOf(context: Pick<Context, 'state'>, collection: ConnectionCollection) {
  return context.state.collection<StoredConnection>(COLLECTIONS[collection]);
}

/** @throws Refusal 400 */
function checkConnection(
  context: Context,
  request: SimRequest,
  collection: ConnectionCollection,
  body: JsonObject,
): void {
  const { flowInvalidCode: code, flowNamesUnique } = context.policy.current;
  const { name, connectionSpec: spec, data, params, auth } = body;
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
    case 'sourceConnections': {
      const format = isJsonObject(data) ? data['format'] : undefined;
      if (known.type === 'generic-streaming' && format !== 'json')
        throw invalidBody(code, `data.format must be json, got ${JSON.stringify(format)}.`);
      const base = body['baseConnectionId'];
      if (typeof base === 'string' && connectionsOf(context, 'connections').get(request.scope, base) === undefined) {
        throw invalidBody(code, `The base connection ${base} is not found.`);
      }
      break;
    }
    case 'targetConnections': {
      const id = isJsonObject(params) ? params['dataSetId'] : undefined;
      if (typeof id !== 'string') throw invalidBody(code, 'params.dataSetId is required.');
      if (context.state.collection<StoredDataset>(COLLECTIONS.datasets).get(request.scope, id) === undefined) {
        throw invalidBody(code, `The dataset ${id} is not found.`);
      }
      break;
    }
    case 'connections': {
      const specName = isJsonObject(auth) ? textOf(auth['specName']) : undefined;
      if (specName !== undefined && !known.authSpec.some((one) => one.name === specName))
        throw authSpecUnknown(specName);
      break;
    }
    default:
      collection satisfies never;
  }
}

/** A base connection of the HTTP API source has an inlet of its own, shown among its `auth.params`. */
function withAccountInlet({ id, document }: StoredConnection, baseUrl: string): JsonObject {
  const { auth } = document;
  if (!isJsonObject(auth) || auth['specName'] !== 'Streaming Connection') return document;
  const inletId = accountInletId(id);
  const params = isJsonObject(auth['params']) ? auth['params'] : {};
  return {
    ...document,
    auth: { ...auth, params: { ...params, inletId, inletUrl: `${baseUrl}/collection/${inletId}` } },
  };
}

function present(connection: StoredConnection, { sandbox, caller, baseUrl }: SimRequest): JsonObject {
  const { id, etag, createdAtMs, updatedAtMs, createdBy, createdClient, state, providerRefId, document } = connection;
  const base = document['baseConnectionId'];
  return {
    id,
    createdAt: createdAtMs,
    updatedAt: updatedAtMs,
    createdBy,
    updatedBy: createdBy,
    createdClient,
    updatedClient: createdClient,
    sandboxId: sandbox.id,
    sandboxName: sandbox.name,
    imsOrgId: caller.orgId,
    ...withAccountInlet(connection, baseUrl),
    state,
    version: etag,
    etag,
    providerRefId,
    inheritedAttributes:
      base === undefined ? {} : { baseConnection: { id: base, connectionSpec: document['connectionSpec'] } },
  };
}

/** @throws Refusal 400 when flows use it */
function checkUnused(context: Context, { scope }: SimRequest, collection: ConnectionCollection, id: string): void {
  if (collection !== 'connections') {
    if (flowsUsing(context, scope, [id])) throw flowsFound(id);
    return;
  }
  const onBase = connectionsOf(context, 'sourceConnections')
    .list(scope)
    .filter(({ document }) => document['baseConnectionId'] === id);
  if (
    flowsUsing(
      context,
      scope,
      onBase.map((one) => one.id),
    )
  )
    throw baseConnectionInUse(id);
}

export function registerConnections(context: Context, collection: ConnectionCollection): void {
  const route = platformRoutes(context, flowFamily);
  const stored = connectionsOf(context, collection);
  const path = `${PATH}/${collection}`;
  const name = (action: string) => `flowservice.${collection}.${action}`;

  /** @throws Refusal 404 */
  function find({ scope, params }: SimRequest): StoredConnection {
    const id = params['id'] ?? '';
    const found = stored.get(scope, id);
    if (found === undefined) throw notFound(collection, id);
    return found;
  }

  route({
    name: name('create'),
    method: 'POST',
    path,
    handle(request) {
      const body = objectBody(request);
      noteUnknownFields(request, body, KNOWN_FIELDS);
      checkConnection(context, request, collection, body);
      const nowMs = context.clock.now();
      const made: StoredConnection = {
        id: uuid(),
        etag: flowEtag(nowMs),
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        createdBy: request.caller.userId,
        createdClient: request.caller.clientId,
        state: 'enabled',
        providerRefId: uuid(),
        document: Object.fromEntries(Object.entries(body).filter(([field]) => KNOWN_FIELDS.includes(field))),
      };
      stored.put(request.scope, made.id, made);
      const location = `${request.baseUrl}${path}/${made.id}`;
      return { status: 201, headers: { location }, json: { id: made.id, etag: made.etag } };
    },
  });

  route({
    name: name('list'),
    method: 'GET',
    path,
    handle: (request) =>
      listReply(
        context,
        request,
        collection,
        stored.list(request.scope).map((one) => present(one, request)),
      ),
  });

  route({
    name: name('get'),
    method: 'GET',
    path: `${path}/:id`,
    handle: (request) => ({ status: 200, json: { items: [present(find(request), request)] } }),
  });

  route({
    name: name('patch'),
    method: 'PATCH',
    path: `${path}/:id`,
    handle(request) {
      const before = find(request);
      checkIfMatch(request, before.etag, before.id, true);
      const document = applyOperations(before.document, readOperations(request), PATCH_ROOTS);
      checkConnection(context, request, collection, document);
      const nowMs = context.clock.now();
      const after = { ...before, document, updatedAtMs: nowMs, etag: flowEtag(nowMs) };
      stored.put(request.scope, after.id, after);
      return { status: 200, json: { id: after.id, etag: after.etag } };
    },
  });

  route({
    name: name('delete'),
    method: 'DELETE',
    path: `${path}/:id`,
    handle(request) {
      const { id, state } = find(request);
      if (state === 'draft') throw updateRefusedInState(state);
      checkUnused(context, request, collection, id);
      stored.delete(request.scope, id);
      return { status: 204 };
    },
  });
}
