/** Schemas, field groups, classes and data types: list, lookup, create, replace, patch, delete. */
import type { Context } from '../context.js';
import { xdmFamily } from '../errorFamilies.js';
import { isJsonObject, type JsonObject } from '../json.js';
import { applyPatch, PatchError } from '../jsonPatch.js';
import { headerOf, platformRoutes, shownInLists, type Reply, type SimRequest } from '../request.js';
import { COLLECTIONS, type StoredDescriptor, type StoredRegistryResource } from '../stored.js';
import { listForm, lookupForm } from './accept.js';
import { makeResource, nextVersion, withoutReadOnly } from './document.js';
import { destructiveChanges } from './evolution.js';
import { GLOBAL_RESOURCES } from './globals.js';
import { pageOf } from './listing.js';
import { datasetsUsing, registryResource, resolvedDocument, schemasUsing, tenantResources } from './lookup.js';
import { readPatch } from '../patchBody.js';
import { presentInList, presentLookup, presentWritten } from './present.js';
import { acceptInvalid, destructive, invalid, inUse, notFound } from './refusals.js';
import { checkResource, type TenantResourceType } from './rules.js';

const PATH = '/data/foundation/schemaregistry';

/** Path segment to resource type; `mixins` is the older name of field groups that clients still use. */
const COLLECTION_PATHS = [
  ['schemas', 'schemas'],
  ['fieldgroups', 'mixins'],
  ['mixins', 'mixins'],
  ['classes', 'classes'],
  ['datatypes', 'datatypes'],
  ['behaviors', 'behaviors'],
] as const;

export function registerRegistryResources(context: Context): void {
  for (const [segment, resourceType] of COLLECTION_PATHS) {
    for (const container of ['tenant', 'global'] as const) registerReads(context, container, segment, resourceType);
    if (resourceType !== 'behaviors') registerWrites(context, segment, resourceType);
  }
}

type ResourceType = StoredRegistryResource['resourceType'];

function routeName(container: string, segment: string, action: string): string {
  return `schemaregistry.${container === 'tenant' ? '' : 'global.'}${segment}.${action}`;
}

function registerReads(
  context: Context,
  container: 'tenant' | 'global',
  segment: string,
  resourceType: ResourceType,
): void {
  const path = `${PATH}/${container}/${segment}`;
  const route = platformRoutes(context, xdmFamily);
  route({
    name: routeName(container, segment, 'list'),
    method: 'GET',
    path,
    handle(request) {
      const accept = headerOf(request, 'accept');
      const form = listForm(accept);
      if (form === undefined) throw acceptInvalid(1006, accept);
      const all = container === 'tenant' ? tenantResources(context, request.scope) : GLOBAL_RESOURCES;
      const shown = shownInLists(
        all.filter((one) => one.resourceType === resourceType),
        (one) => one.createdAtMs,
        { nowMs: context.clock.now(), hidesYoungerThanMs: request.hidesYoungerThanMs },
      );
      const page = pageOf(shown, request.query, context.policy.current.registryListLimit);
      const results = page.resources.map((one) => presentInList(one, form));
      const json = {
        results,
        _page: { orderby: page.orderby, next: page.next, count: results.length },
        _links: {
          next: page.next === null ? null : { href: nextLink(request, page.next) },
          [`global_${segment}`]: { href: `${request.baseUrl}${PATH}/global/${segment}` },
        },
      };
      return { status: 200, json };
    },
  });

  route({
    name: routeName(container, segment, 'get'),
    method: 'GET',
    path: `${path}/:id`,
    handle(request) {
      const accept = headerOf(request, 'accept');
      const form = lookupForm(accept);
      if (form === undefined) throw acceptInvalid(1007, accept);
      const found = find(context, request, resourceType);
      if (!hasVersion(found, form.version)) throw notFound(resourceType, found.id, form.version);
      return { status: 200, json: presentLookup(context, request.scope, found, form) };
    },
  });
}

function nextLink(request: SimRequest, start: string): string {
  const query = new URLSearchParams(request.query);
  query.set('start', start);
  return `${request.baseUrl}${request.path}?${query.toString()}`;
}

/** Only the latest minor version of a major one is kept. */
function hasVersion({ version }: StoredRegistryResource, asked: string): boolean {
  const [major, minor] = version.split('.');
  const [askedMajor, askedMinor] = asked.split('.');
  return askedMajor === major && (askedMinor === undefined || askedMinor === minor);
}

/** @throws Refusal 404 */
function find(context: Context, { scope, params }: SimRequest, resourceType: ResourceType): StoredRegistryResource {
  const id = params['id'] ?? '';
  const found = registryResource(context, scope, id);
  if (found?.resourceType !== resourceType) throw notFound(resourceType, id);
  return found;
}

function registerWrites(context: Context, segment: string, resourceType: TenantResourceType): void {
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
    const before = find(context, request, resourceType);
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
      const { document } = find(context, request, resourceType);
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
      const found = find(context, request, resourceType);
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

/** @throws Refusal 400 */
function checkEvolution(
  context: Context,
  { scope }: SimRequest,
  before: StoredRegistryResource,
  after: StoredRegistryResource,
): void {
  const { registryDestructiveCode } = context.policy.current;
  const tagsOf = ({ document }: StoredRegistryResource) =>
    Array.isArray(document['meta:immutableTags']) ? document['meta:immutableTags'].map(String) : [];
  const lostTag = tagsOf(before).find((tag) => !tagsOf(after).includes(tag));
  if (lostTag !== undefined) throw destructive(registryDestructiveCode, `The tag ${lostTag} can never be removed.`);
  if (datasetsUsing(context, scope, before).length === 0) return;
  const resolved = (resource: StoredRegistryResource) => resolvedDocument(context, scope, resource.document);
  const changes = destructiveChanges(resolved(before), resolved(after));
  if (changes.length > 0) {
    throw destructive(
      registryDestructiveCode,
      `Data exists; only additive changes are allowed: ${changes.join('; ')}.`,
    );
  }
}

/** @throws Refusal 400 */
function checkUnused(context: Context, { scope }: SimRequest, resource: StoredRegistryResource): void {
  const { registryInUseCode } = context.policy.current;
  if (Array.isArray(resource.document['meta:immutableTags'])) {
    throw inUse(registryInUseCode, `${resource.id} is enabled for Profile and cannot be deleted.`);
  }
  const [schema] = schemasUsing(context, scope, resource.id);
  if (schema !== undefined) throw inUse(registryInUseCode, `${resource.id} is used by the schema ${schema.id}.`);
  const [dataset] = datasetsUsing(context, scope, resource);
  if (dataset !== undefined) throw inUse(registryInUseCode, `${resource.id} is used by the dataset ${dataset.id}.`);
}

function deleteDescriptors(context: Context, { scope }: SimRequest, schemaId: string): void {
  const descriptors = context.state.collection<StoredDescriptor>(COLLECTIONS.descriptors);
  for (const descriptor of descriptors.list(scope)) {
    if (descriptor.schemaId === schemaId) descriptors.delete(scope, descriptor.id);
  }
}
