/** Source, target and base connections. */
import type { Context } from '../../context.js';
import { flowFamily } from '../../errorFamilies.js';
import { flowEtag, uuid } from '../../values/identifiers.js';
import { platformRoutes, type SimRequest } from '../../transport/request.js';
import type { StoredConnection } from '../../state/stored.js';
import { checkConnection, checkUnused } from './connectionRules.js';
import { type ConnectionCollection, connectionsOf } from './connectionStore.js';
import { listReply } from '../listing.js';
import { presentConnection } from './presentConnection.js';
import { notFound, updateRefusedInState } from '../refusals.js';
import { applyOperations, checkIfMatch, noteUnknownFields, objectBody, readOperations } from '../writes.js';

const PATH = '/data/foundation/flowservice';

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
        stored.list(request.scope).map((one) => presentConnection(one, request)),
      ),
  });

  route({
    name: name('get'),
    method: 'GET',
    path: `${path}/:id`,
    handle: (request) => ({ status: 200, json: { items: [presentConnection(find(request), request)] } }),
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
