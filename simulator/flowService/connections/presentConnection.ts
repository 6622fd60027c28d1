/** A connection as the API shows it. */
import { accountInletId } from '../../inlet/inlets.js';
import { isJsonObject, type JsonObject } from '../../values/json.js';
import type { SimRequest } from '../../transport/request.js';
import type { StoredConnection } from '../../state/stored.js';

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

export function presentConnection(connection: StoredConnection, { sandbox, caller, baseUrl }: SimRequest): JsonObject {
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
