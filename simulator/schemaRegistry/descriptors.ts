/** Descriptors: what a schema's fields mean, identities above all ("Schema Registry API guide", descriptors). */
import type { Context } from '../context.js';
import { xdmFamily } from '../errorFamilies.js';
import { groupBy } from '../values/groupBy.js';
import { hexId } from '../values/identifiers.js';
import { isJsonObject, type JsonObject, textOf } from '../values/json.js';
import { namespaceExists } from '../identity/identityNamespaces.js';
import { parsePropertyFilter } from '../values/propertyFilter.js';
import { headerOf, platformRoutes, shownInLists, type SimRequest } from '../transport/request.js';
import { COLLECTIONS, type StoredDescriptor } from '../state/stored.js';
import { descriptorListForm, descriptorLookupAccepts, type DescriptorListForm } from './resources/accept.js';
import { registryResource, resolvedDocument } from './lookup.js';
import { acceptInvalid, descriptorInvalid, notFound } from './refusals.js';

const PATH = '/data/foundation/schemaregistry/tenant/descriptors';
const IDENTITY = 'xdm:descriptorIdentity';

function fieldAtPointer(schema: JsonObject, pointer: string): JsonObject | undefined {
  return pointer
    .split('/')
    .filter((part) => part !== '')
    .reduce<JsonObject | undefined>((node, part) => {
      const properties =
        node?.['properties'] ?? (isJsonObject(node?.['items']) ? node['items']['properties'] : undefined);
      const field = isJsonObject(properties) ? properties[part] : undefined;
      return isJsonObject(field) ? field : undefined;
    }, schema);
}

/**
 * @param ownId the descriptor that is being replaced
 * @throws Refusal 400
 */
function checkDescriptor(context: Context, request: SimRequest, body: JsonObject, ownId?: string): string {
  const { registryDescriptorCode: code, duplicateIdentityDescriptor } = context.policy.current;
  const refuse = (detail: string): never => {
    throw descriptorInvalid(code, detail);
  };
  const type = body['@type'];
  if (typeof type !== 'string' || !/^xdm:(descriptor\w+|alternateDisplayInfo)$/.test(type)) {
    return refuse(`The descriptor type ${JSON.stringify(type)} is not known.`);
  }
  const schemaId = textOf(body['xdm:sourceSchema'] ?? '');
  const schema = registryResource(context, request.scope, schemaId);
  if (schema === undefined) return refuse(`The schema ${schemaId} in xdm:sourceSchema is not found.`);
  if (Number(body['xdm:sourceVersion']) !== 1) refuse('xdm:sourceVersion must be 1.');
  const pointer = textOf(body['xdm:sourceProperty'] ?? '');
  const field = fieldAtPointer(resolvedDocument(context, request.scope, schema.document), pointer);
  if (!pointer.startsWith('/') || field === undefined) {
    return refuse(`The field ${pointer} does not exist in the schema ${schema.id}.`);
  }
  if (type !== IDENTITY) return schema.id;

  if (field['type'] !== 'string') refuse(`The identity field ${pointer} must be a string.`);
  const namespace = body['xdm:namespace'];
  if (namespace === undefined || !namespaceExists(context, request.scope, textOf(namespace))) {
    refuse(`The identity namespace ${textOf(namespace)} is not found.`);
  }
  if (typeof body['xdm:isPrimary'] !== 'boolean') refuse('xdm:isPrimary must be true or false.');
  const others = descriptorsOf(context)
    .list(request.scope)
    .filter((one) => one.id !== ownId && one.schemaId === schema.id && one.document['@type'] === IDENTITY);
  if (body['xdm:isPrimary'] === true && others.some((one) => one.document['xdm:isPrimary'] === true)) {
    refuse(`The schema ${schema.id} has a primary identity already.`);
  }
  const isSame = ({ document }: StoredDescriptor) =>
    document['xdm:sourceProperty'] === pointer && document['xdm:namespace'] === namespace;
  if (duplicateIdentityDescriptor === 'refuse' && others.some(isSame)) {
    refuse(`An identity descriptor for ${pointer} with the namespace ${textOf(namespace)} exists already.`);
  }
  return schema.id;
}

const descriptorsOf = (context: Context) => context.state.collection<StoredDescriptor>(COLLECTIONS.descriptors);

function make(context: Context, request: SimRequest, body: JsonObject, id: string, version: string): StoredDescriptor {
  const schemaId = checkDescriptor(context, request, body, id);
  const { caller, sandbox } = request;
  const document: JsonObject = {
    ...body,
    '@id': id,
    ...(body['@type'] === IDENTITY ? { 'xdm:property': body['xdm:property'] ?? 'xdm:code' } : {}),
    imsOrg: caller.orgId,
    version,
    'meta:containerId': 'tenant',
    'meta:sandboxId': sandbox.id,
    'meta:sandboxType': sandbox.type,
  };
  return { id, schemaId, createdAtMs: context.clock.now(), document };
}

function presentRow({ id, document }: StoredDescriptor, shape: DescriptorListForm['shape']) {
  switch (shape) {
    case 'id':
      return id;
    case 'link':
      return `/tenant/descriptors/${id}`;
    case 'full':
      return document;
    default:
      return shape satisfies never;
  }
}

function objectBody(context: Context, request: SimRequest): JsonObject {
  const body = request.json();
  if (isJsonObject(body)) return body;
  throw descriptorInvalid(context.policy.current.registryDescriptorCode, 'The body must be an object.');
}

/** `property=@type==x,xdm:sourceSchema==y`: all of them, in one parameter or in several. */
function isWanted({ query }: SimRequest, document: JsonObject): boolean {
  return query
    .getAll('property')
    .flatMap((parameter) => parameter.split(','))
    .every((expression) => {
      const filter = parsePropertyFilter(expression, ['==']);
      return filter === undefined || textOf(document[filter.path] ?? '') === filter.value;
    });
}

export function registerDescriptors(context: Context): void {
  const route = platformRoutes(context, xdmFamily);
  const descriptors = descriptorsOf(context);

  /** @throws Refusal 404 */
  function find({ scope, params }: SimRequest): StoredDescriptor {
    const id = params['id'] ?? '';
    const found = descriptors.get(scope, id);
    if (found === undefined) throw notFound('descriptors', id);
    return found;
  }

  route({
    name: 'schemaregistry.descriptors.list',
    method: 'GET',
    path: PATH,
    handle(request) {
      const accept = headerOf(request, 'accept');
      const form = descriptorListForm(accept);
      if (form === undefined) throw acceptInvalid(1008, accept);
      const wanted = descriptors.list(request.scope).filter(({ document }) => isWanted(request, document));
      const shown = shownInLists(wanted, (one) => one.createdAtMs, {
        nowMs: context.clock.now(),
        hidesYoungerThanMs: request.hidesYoungerThanMs,
      });
      if (form.paged) {
        const results = shown.map((one) => presentRow(one, form.shape));
        const page = { orderby: 'updated', next: null, count: results.length };
        return { status: 200, json: { results, _page: page, _links: { next: null } } };
      }
      const byType = groupBy(shown, (one) => textOf(one.document['@type']));
      const json = Object.fromEntries(
        [...byType].map(([type, rows]) => [type, rows.map((one) => presentRow(one, form.shape))]),
      );
      return { status: 200, json };
    },
  });

  route({
    name: 'schemaregistry.descriptors.get',
    method: 'GET',
    path: `${PATH}/:id`,
    handle(request) {
      const accept = headerOf(request, 'accept');
      if (!descriptorLookupAccepts(accept)) throw acceptInvalid(1009, accept);
      return { status: 200, json: find(request).document };
    },
  });

  route({
    name: 'schemaregistry.descriptors.create',
    method: 'POST',
    path: PATH,
    handle(request) {
      const made = make(context, request, objectBody(context, request), hexId(40), '1');
      descriptors.put(request.scope, made.id, made);
      return { status: 201, json: made.document };
    },
  });

  route({
    name: 'schemaregistry.descriptors.replace',
    method: 'PUT',
    path: `${PATH}/:id`,
    handle(request) {
      const before = find(request);
      const version = String(Number(before.document['version']) + 1);
      const after = { ...make(context, request, objectBody(context, request), before.id, version) };
      descriptors.put(request.scope, before.id, { ...after, createdAtMs: before.createdAtMs });
      return { status: context.policy.current.descriptorReplaceStatus, json: after.document };
    },
  });

  route({
    name: 'schemaregistry.descriptors.delete',
    method: 'DELETE',
    path: `${PATH}/:id`,
    handle(request) {
      descriptors.delete(request.scope, find(request).id);
      return { status: 204 };
    },
  });
}
