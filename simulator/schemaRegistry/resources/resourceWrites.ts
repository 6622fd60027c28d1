/** Creating, replacing, patching and deleting a tenant's resources. */
import type { Context } from '../../context.js';
import { xdmFamily } from '../../errorFamilies.js';
import { isJsonObject, type JsonObject } from '../../values/json.js';
import { applyPatch, PatchError } from '../../values/jsonPatch.js';
import { readPatch } from '../../transport/patchBody.js';
import { platformRoutes, type Reply, type SimRequest } from '../../transport/request.js';
import { COLLECTIONS, type StoredDescriptor, type StoredRegistryResource } from '../../state/stored.js';
import { makeResource, nextVersion, withoutReadOnly } from '../document.js';
import { registryResource } from '../lookup.js';
import { presentWritten } from '../present.js';
import { invalid } from '../refusals.js';
import { checkEvolution, checkUnused } from './resourceChanges.js';
import { findResource, PATH, routeName } from './resourceRoutes.js';
import { checkResource, type TenantResourceType } from '../rules.js';

export function registerResourceWrites(context: Context, segment: string, resourceType: TenantResourceType): void {
  const path = `${PATH}/tenant/${segment}`;
  const stored = context.state.collection<StoredRegistryResource>(COLLECTIONS.registry);
  const route = platformRoutes(context, xdmFamily);

  const authorOf = ({ caller, sandbox, scope }: SimRequest) => ({
    caller,
    sandbox,
    nowMs: context.clock.now(),
    classExtends(id: string) {
      const found = registryResource(context, scope, id);
      if (found?.resourceType !== 'classes') return undefined;
      const extended = found.document['meta:extends'];
      return Array.isArray(extended) ? extended.map(String) : [];
    },
  });
  const placeOf = ({ scope, caller }: SimRequest) => ({ context, scope, tenantId: caller.tenantId });

  /** Checks the new body as a whole, and against the old one when data depends on it. */
  function replace(request: SimRequest, body: JsonObject): Reply {
    const before = findResource(context, request, resourceType);
    const editable = withoutReadOnly(body);
    checkResource(placeOf(request), resourceType, editable, before.id);
    const after = nextVersion(before, editable, authorOf(request));
    checkEvolution(context, request, before, after);
    stored.put(request.scope, before.id, after);
    return { status: 200, json: presentWritten(after) };
  }

  route({
    name: routeName('tenant', segment, 'create'),
    method: 'POST',
    path,
    handle(request) {
      const body = withoutReadOnly(objectBody(context, request));
      checkResource(placeOf(request), resourceType, body);
      const made = makeResource(resourceType, body, authorOf(request));
      stored.put(request.scope, made.id, made);
      return { status: 201, json: presentWritten(made) };
    },
  });

  route({
    name: routeName('tenant', segment, 'replace'),
    method: 'PUT',
    path: `${path}/:id`,
    handle: (request) => replace(request, objectBody(context, request)),
  });

  route({
    name: routeName('tenant', segment, 'patch'),
    method: 'PATCH',
    path: `${path}/:id`,
    handle(request) {
      const { registryInvalidCode } = context.policy.current;
      const operations = readPatch(request.json());
      if (operations === undefined) throw invalid(registryInvalidCode, 'The body must be a JSON Patch array.');
      const { document } = findResource(context, request, resourceType);
      try {
        return replace(request, applyPatch(document, operations) as JsonObject);
      } catch (error) {
        throw error instanceof PatchError ? invalid(registryInvalidCode, error.message) : error;
      }
    },
  });

  route({
    name: routeName('tenant', segment, 'delete'),
    method: 'DELETE',
    path: `${path}/:id`,
    handle(request) {
      const found = findResource(context, request, resourceType);
      checkUnused(context, request, found);
      stored.delete(request.scope, found.id);
      if (context.policy.current.schemaDeleteTakesDescriptors) deleteDescriptors(context, request, found.id);
      return { status: 204 };
    },
  });
}

function objectBody(context: Context, request: SimRequest): JsonObject {
  const body = request.json();
  if (!isJsonObject(body)) throw invalid(context.policy.current.registryInvalidCode, 'The body must be an object.');
  return body;
}

function deleteDescriptors(context: Context, { scope }: SimRequest, schemaId: string): void {
  const descriptors = context.state.collection<StoredDescriptor>(COLLECTIONS.descriptors);
  for (const descriptor of descriptors.list(scope)) {
    if (descriptor.schemaId === schemaId) descriptors.delete(scope, descriptor.id);
  }
}
