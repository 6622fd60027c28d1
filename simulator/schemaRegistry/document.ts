/** What the registry adds to a body before it stores it: ids, the `meta:` attributes, metadata. */
import { hexId } from '../values/identifiers.js';
import { isJsonObject, type Json, type JsonObject, textOf } from '../values/json.js';
import type { Caller, Sandbox } from '../transport/request.js';
import type { StoredRegistryResource } from '../state/stored.js';
import { TIME_SERIES_BEHAVIOUR } from './globals.js';
import { referencesOf } from './lookup.js';
import type { TenantResourceType } from './rules.js';

interface Author {
  readonly caller: Caller;
  readonly sandbox: Sandbox;
  readonly nowMs: number;
  /** What a class extends; undefined when the id is not that of a class. */
  classExtends(id: string): readonly string[] | undefined;
}

/** Set by the registry, whatever a body says. */
const READ_ONLY = [
  '$id',
  'meta:altId',
  'meta:resourceType',
  'version',
  'imsOrg',
  'meta:extensible',
  'meta:abstract',
  'meta:extends',
  'meta:class',
  'meta:containerId',
  'meta:tenantNamespace',
  'meta:sandboxId',
  'meta:sandboxType',
  'meta:registryMetadata',
  'refs',
];

export function withoutReadOnly(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !READ_ONLY.includes(name)));
}

export function makeResource(
  resourceType: TenantResourceType,
  body: JsonObject,
  author: Author,
): StoredRegistryResource {
  const { tenantId } = author.caller;
  const hex = hexId(48);
  return build(body, author, {
    id: `https://ns.adobe.com/${tenantId}/${resourceType}/${hex}`,
    altId: `_${tenantId}.${resourceType}.${hex}`,
    resourceType,
    version: '1.0',
    createdAtMs: author.nowMs,
    createdBy: author.caller,
  });
}

/** The next minor version. */
export function nextVersion(before: StoredRegistryResource, body: JsonObject, author: Author): StoredRegistryResource {
  const [major = '1', minor = '0'] = before.version.split('.');
  const { 'xdm:createdClientId': clientId, 'xdm:createdUserId': userId } = before.document[
    'meta:registryMetadata'
  ] as JsonObject;
  return build(body, author, {
    ...before,
    version: `${major}.${Number(minor) + 1}`,
    createdBy: { clientId: textOf(clientId), userId: textOf(userId) },
  });
}

interface Identity extends Pick<StoredRegistryResource, 'id' | 'altId' | 'resourceType' | 'version' | 'createdAtMs'> {
  readonly createdBy: Pick<Caller, 'clientId' | 'userId'>;
}

function build(body: JsonObject, author: Author, identity: Identity): StoredRegistryResource {
  const { id, altId, resourceType, version, createdAtMs, createdBy } = identity;
  const { caller, sandbox, nowMs } = author;
  const isSchema = resourceType === 'schemas';
  const document: JsonObject = {
    $id: id,
    'meta:altId': altId,
    'meta:resourceType': resourceType,
    version,
    type: 'object',
    ...withTypes(withoutReadOnly(body)),
    imsOrg: caller.orgId,
    'meta:extensible': !isSchema,
    'meta:abstract': !isSchema,
    'meta:xdmType': 'object',
    ...extension(body, resourceType, author),
    'meta:containerId': 'tenant',
    'meta:tenantNamespace': `_${caller.tenantId}`,
    'meta:sandboxId': sandbox.id,
    'meta:sandboxType': sandbox.type,
    'meta:registryMetadata': {
      'repo:createdDate': createdAtMs,
      'repo:lastModifiedDate': nowMs,
      'xdm:createdClientId': createdBy.clientId,
      'xdm:lastModifiedClientId': caller.clientId,
      'xdm:createdUserId': createdBy.userId,
      'xdm:lastModifiedUserId': caller.userId,
      eTag: hexId(64),
      'meta:globalLibVersion': '1.31.2',
    },
  };
  return { id, altId, resourceType, title: textOf(body['title']), version, createdAtMs, updatedAtMs: nowMs, document };
}

/** What a schema is made of, its class first, with what that class extends. */
function extension(body: JsonObject, resourceType: StoredRegistryResource['resourceType'], author: Author): JsonObject {
  const refs = referencesOf(body);
  if (resourceType === 'classes') return { 'meta:extends': refs };
  if (resourceType !== 'schemas') return {};
  const schemaClass = refs.find((ref) => author.classExtends(ref) !== undefined) ?? '';
  const extended = [...new Set([schemaClass, ...(author.classExtends(schemaClass) ?? []), ...refs])];
  const required = extended.includes(TIME_SERIES_BEHAVIOUR) ? { required: ['_id', 'timestamp'] } : {};
  return { 'meta:class': schemaClass, 'meta:extends': extended, refs, ...required };
}

const XDM_TYPES: Readonly<Record<string, string>> = { integer: 'int', number: 'number', boolean: 'boolean' };

function xdmTypeOf({ type, format }: JsonObject): string | undefined {
  if (typeof type !== 'string') return undefined;
  if (type === 'string' && (format === 'date-time' || format === 'date')) return format;
  return XDM_TYPES[type] ?? type;
}

/** Every property gains `meta:xdmType`, and every reference of the root `type` as well. */
function withTypes(body: JsonObject): JsonObject {
  const allOf = Array.isArray(body['allOf'])
    ? {
        allOf: (body['allOf'] as readonly JsonObject[]).map((part) => ({
          ...part,
          type: 'object',
          'meta:xdmType': 'object',
        })),
      }
    : {};
  const definitions = isJsonObject(body['definitions'])
    ? { definitions: mapValues(body['definitions'], (block) => withPropertyTypes(block)) }
    : {};
  return { ...(withPropertyTypes(body) as JsonObject), ...definitions, ...allOf };
}

function withPropertyTypes(node: Json | undefined): Json | undefined {
  if (!isJsonObject(node)) return node;
  const properties = isJsonObject(node['properties'])
    ? { properties: mapValues(node['properties'], (field) => withOwnType(field)) }
    : {};
  const items = isJsonObject(node['items']) ? { items: withOwnType(node['items']) } : {};
  return { ...node, ...properties, ...items };
}

function withOwnType(field: Json | undefined): Json | undefined {
  if (!isJsonObject(field)) return field;
  const xdmType = field['meta:xdmType'] ?? xdmTypeOf(field);
  const typed = withPropertyTypes(field) as JsonObject;
  return xdmType === undefined ? typed : { ...typed, 'meta:xdmType': xdmType };
}

function mapValues(object: JsonObject, map: (value: Json | undefined) => Json | undefined): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));
}
