/** Catalog: datasets under `/data/foundation/catalog`. Objects are keyed by their ids; writes answer with references. */
import type { Context } from '../context.js';
import { changeDataset, checkDataset, makeDataset } from './dataset.js';
import { pageOf } from './listing.js';
import { badRequest, notFound, versionStale } from './refusals.js';
import { placeholderFamily } from '../errorFamilies.js';
import { isJsonObject, type Json, type JsonObject, textOf } from '../values/json.js';
import { applyPatch, mergePatch, PatchError } from '../values/jsonPatch.js';
import { readPatch } from '../transport/patchBody.js';
import { headerOf, platformRoutes, shownInLists, type Reply, type SimRequest } from '../transport/request.js';
import { visibleSchema } from '../schemaRegistry/lookup.js';
import { COLLECTIONS, type StoredConnection, type StoredDataset } from '../state/stored.js';

const PATH = '/data/foundation/catalog';

const referencesTo = (id: string) => [`@/dataSets/${id}`];

export function registerCatalog(context: Context): void {
  const route = platformRoutes(context, placeholderFamily);
  const stored = context.state.collection<StoredDataset>(COLLECTIONS.datasets);

  /** @throws Refusal 404 */
  function find({ scope, params }: SimRequest): StoredDataset {
    const id = params['id'] ?? '';
    const found = stored.get(scope, id);
    if (found === undefined) throw notFound(id);
    return found;
  }

  const authorOf = ({ caller }: SimRequest) => ({ caller, nowMs: context.clock.now() });
  const schemaFinder =
    ({ scope }: SimRequest) =>
    (id: string) =>
      visibleSchema(context, scope, id);

  /** Checks and stores the object that a change makes of the one that is there. */
  function change(request: SimRequest, make: (before: JsonObject) => Json): Reply {
    const before = find(request);
    checkVersion(request, before);
    const body = patched(() => make(before.document));
    const schema = checkDataset(body, schemaFinder(request));
    if (isDryRun(request)) return { status: 200, json: referencesTo(before.id) };
    stored.put(request.scope, before.id, changeDataset(before, body, schema, authorOf(request)));
    return { status: 200, json: referencesTo(before.id) };
  }

  route({
    name: 'catalog.dataSets.create',
    method: 'POST',
    path: `${PATH}/dataSets`,
    handle(request) {
      const body = objectBody(request);
      const schema = checkDataset(body, schemaFinder(request));
      if (isDryRun(request)) return { status: 200, json: [] };
      const made = makeDataset(body, schema, stored.list(request.scope), authorOf(request));
      stored.put(request.scope, made.id, made);
      const location = `${request.baseUrl}${PATH}/dataSets/${made.id}`;
      return { status: 201, headers: { location }, json: referencesTo(made.id) };
    },
  });

  route({
    name: 'catalog.dataSets.list',
    method: 'GET',
    path: `${PATH}/dataSets`,
    handle(request) {
      const shown = shownInLists(stored.list(request.scope), (dataset) => dataset.createdAtMs, {
        nowMs: context.clock.now(),
        hidesYoungerThanMs: request.hidesYoungerThanMs,
      });
      return { status: 200, json: pageOf(new Map(shown.map(({ id, document }) => [id, document])), request.query) };
    },
  });

  route({
    name: 'catalog.dataSets.get',
    method: 'GET',
    path: `${PATH}/dataSets/:id`,
    handle(request) {
      const { id, document } = find(request);
      const version = textOf(document['version']);
      const headers = { 'e-tag': version };
      if (headerOf(request, 'if-none-match') === version) return { status: 304, headers };
      const fields = request.query.get('properties')?.split(',');
      const shown = Object.entries(document).filter(([name]) => fields === undefined || fields.includes(name));
      return { status: 200, headers, json: { [id]: Object.fromEntries(shown) } };
    },
  });

  route({
    name: 'catalog.dataSets.replace',
    method: 'PUT',
    path: `${PATH}/dataSets/:id`,
    handle: (request) => change(request, () => objectBody(request)),
  });

  route({
    name: 'catalog.dataSets.patch',
    method: 'PATCH',
    path: `${PATH}/dataSets/:id`,
    handle: (request) =>
      change(request, (before) => {
        const operations = jsonPatchOf(request);
        return operations === undefined ? { ...before, ...objectBody(request) } : applyPatch(before, operations);
      }),
  });

  route({
    name: 'catalog.dataSets.patchDeep',
    method: 'PATCH',
    path: `${PATH}/v2/dataSets/:id`,
    handle: (request) =>
      change(request, (before) => {
        const operations = jsonPatchOf(request);
        return operations === undefined
          ? mergePatch(before, objectBody(request))
          : applyPatch(before, operations, true);
      }),
  });

  route({
    name: 'catalog.dataSets.delete',
    method: 'DELETE',
    path: `${PATH}/dataSets/:id`,
    handle(request) {
      const id = request.params['id'] ?? '';
      const { catalogUnknownDelete, catalogDeleteInUse } = context.policy.current;
      if (stored.get(request.scope, id) === undefined) {
        if (catalogUnknownDelete === '404') throw notFound(id);
        return { status: 200, json: [] };
      }
      if (catalogDeleteInUse === 'refuse' && isTarget(context, request, id)) {
        throw badRequest(`Dataset ${id} is used by a target connection`);
      }
      stored.delete(request.scope, id);
      return { status: 200, json: referencesTo(id) };
    },
  });
}

/** @throws Refusal 400 */
function objectBody(request: SimRequest): JsonObject {
  const body = request.json();
  if (!isJsonObject(body)) throw badRequest('The body must be an object');
  return body;
}

/** @throws Refusal 400 for a patch that leads nowhere */
function patched(make: () => Json): JsonObject {
  try {
    return make() as JsonObject;
  } catch (error) {
    throw error instanceof PatchError ? badRequest(error.message) : error;
  }
}

/** One page of the documentation writes the media type the other way round. */
function jsonPatchOf(request: SimRequest) {
  if (!/json-patch\+json|json\+patch/.test(headerOf(request, 'content-type') ?? '')) return undefined;
  const operations = readPatch(request.json());
  if (operations === undefined) throw badRequest('The body must be a JSON Patch array');
  return operations;
}

const isDryRun = (request: SimRequest) => headerOf(request, 'pragma')?.toLowerCase() === 'validate-only';

/** @throws Refusal 412 */
function checkVersion(request: SimRequest, { document }: StoredDataset): void {
  const supplied = headerOf(request, 'if-match')?.replaceAll('"', '');
  if (supplied !== undefined && supplied !== '*' && supplied !== document['version']) throw versionStale(supplied);
}

function isTarget(context: Context, { scope }: SimRequest, datasetId: string): boolean {
  const targets = context.state.collection<StoredConnection>(COLLECTIONS.targetConnections).list(scope);
  return targets.some(
    ({ document }) => isJsonObject(document['params']) && document['params']['dataSetId'] === datasetId,
  );
}
