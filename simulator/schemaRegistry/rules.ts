/** What a field group, schema, class or data type must be, before it is stored. */
import type { Context } from '../context.js';
import { isJsonObject, type JsonObject, textOf } from '../values/json.js';
import type { Scope } from '../state/state.js';
import type { StoredRegistryResource } from '../state/stored.js';
import { referencesOf, registryResource, tenantResources } from './lookup.js';
import { fieldNameInvalid, invalid, namespaceInvalid, referenceInvalid, titleTaken } from './refusals.js';

export type TenantResourceType = 'schemas' | 'mixins' | 'classes' | 'datatypes';

interface Place {
  readonly context: Pick<Context, 'state' | 'policy'>;
  readonly scope: Scope;
  readonly tenantId: string;
}

const FIELD_TYPES = ['string', 'integer', 'number', 'boolean', 'object', 'array'];
const FIELD_NAME = /^[A-Za-z0-9-][A-Za-z0-9_-]*$/;

/**
 * @param ownId the resource that is being replaced, whose own title does not count as taken
 * @throws Refusal 400
 */
export function checkResource(place: Place, resourceType: TenantResourceType, body: JsonObject, ownId?: string): void {
  const { registryInvalidCode } = place.context.policy.current;
  if (typeOf(body) !== 'object') throw invalid(registryInvalidCode, 'The attribute type must be "object".');
  const { title } = body;
  if (typeof title !== 'string' || title.trim() === '') {
    throw invalid(registryInvalidCode, 'The attribute title is required.');
  }
  const holder = tenantResources(place.context, place.scope).find((one) => one.title === title && one.id !== ownId);
  if (holder !== undefined) throw titleTaken(holder);
  checkReferences(place, body);
  switch (resourceType) {
    case 'schemas':
      checkSchema(place, body);
      break;
    case 'mixins':
      checkFieldGroup(place, body);
      break;
    case 'classes':
      checkFieldNames(place, topLevelFields(body), true);
      break;
    case 'datatypes':
      checkFieldNames(place, topLevelFields(body), false);
      break;
    default:
      resourceType satisfies never;
  }
}

/** A body may leave its own type to the parts that it is made of, as clients do that build one from references. */
function typeOf({ type, allOf }: JsonObject): unknown {
  const parts = Array.isArray(allOf) ? (allOf as readonly unknown[]) : [];
  const typed = parts.find((part) => isJsonObject(part) && part['type'] !== undefined);
  return type ?? (isJsonObject(typed) ? typed['type'] : undefined);
}

/** Exactly one class; of the field groups each made for that class. */
function checkSchema(place: Place, body: JsonObject): void {
  const { registryReferenceCode: code, registryInvalidCode } = place.context.policy.current;
  const parts = referencesOf(body).map((id) => registryResource(place.context, place.scope, id));
  const classes = parts.filter((part) => part?.resourceType === 'classes');
  const [schemaClass] = classes;
  if (schemaClass === undefined || classes.length > 1) {
    throw invalid(registryInvalidCode, `allOf must refer to exactly one class, got ${classes.length}.`);
  }
  for (const part of parts) {
    if (part?.resourceType !== 'mixins') continue;
    const intended = part.document['meta:intendedToExtend'];
    const fitting = [schemaClass.id, ...extendedBy(schemaClass)];
    if (!Array.isArray(intended) || !intended.some((id) => fitting.includes(String(id)))) {
      throw referenceInvalid(code, `The mixin ${part.id} is not intended to extend the class ${schemaClass.id}.`);
    }
  }
  if (topLevelFields(body).length > 0) {
    throw invalid(registryInvalidCode, 'A schema has no fields of its own; define them in a field group.');
  }
}

const extendedBy = ({ document }: StoredRegistryResource) =>
  Array.isArray(document['meta:extends']) ? document['meta:extends'].map(String) : [];

function checkFieldGroup(place: Place, body: JsonObject): void {
  const { registryInvalidCode, registryReferenceCode } = place.context.policy.current;
  const intended = body['meta:intendedToExtend'];
  if (!Array.isArray(intended) || intended.length === 0) {
    throw invalid(registryInvalidCode, 'The attribute meta:intendedToExtend must name at least one class.');
  }
  for (const id of intended) {
    const found = registryResource(place.context, place.scope, String(id));
    if (found?.resourceType !== 'classes' && found?.resourceType !== 'behaviors') {
      throw referenceInvalid(registryReferenceCode, `The class ${String(id)} in meta:intendedToExtend is not found.`);
    }
  }
  checkFieldNames(place, topLevelFields(body), true);
}

/** Every resource that is referred to, at any depth, exists; local references lead to a definition. */
function checkReferences(place: Place, body: JsonObject): void {
  const code = place.context.policy.current.registryReferenceCode;
  for (const reference of allReferences(body)) {
    if (reference.startsWith('#')) {
      if (localDefinition(body, reference) === undefined) {
        throw referenceInvalid(code, `The reference ${reference} leads to no definition.`);
      }
    } else if (registryResource(place.context, place.scope, reference.split('#')[0] ?? '') === undefined) {
      throw referenceInvalid(code, `The referenced resource ${reference} is not found.`);
    }
  }
}

function allReferences(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(allReferences);
  if (!isJsonObject(value)) return [];
  const own = typeof value['$ref'] === 'string' ? [value['$ref']] : [];
  return [...own, ...Object.values(value).flatMap(allReferences)];
}

function localDefinition(body: JsonObject, reference: string): JsonObject | undefined {
  let found: unknown = body;
  for (const part of reference.replace(/^#\/?/, '').split('/')) {
    if (part !== '') found = isJsonObject(found) ? found[part] : undefined;
  }
  return isJsonObject(found) ? found : undefined;
}

type Field = readonly [name: string, schema: unknown];

/** Fields of the root: its own properties and those of the blocks that its `allOf` refers to. */
function topLevelFields(body: JsonObject): readonly Field[] {
  const parts = Array.isArray(body['allOf']) ? (body['allOf'] as readonly JsonObject[]) : [];
  const blocks = parts.map((part) =>
    typeof part['$ref'] === 'string'
      ? localDefinition(body, part['$ref'].startsWith('#') ? part['$ref'] : '#/-')
      : part,
  );
  return [body, ...blocks].flatMap((block) =>
    isJsonObject(block?.['properties']) ? Object.entries(block['properties']) : [],
  );
}

/** @param underTenant whether all of them must stand below the tenant's node */
function checkFieldNames(place: Place, fields: readonly Field[], underTenant: boolean): void {
  for (const [name, schema] of fields) {
    if (underTenant && name !== `_${place.tenantId}`) throw namespaceInvalid(place.tenantId);
    checkField(place, name === `_${place.tenantId}` ? name.slice(1) : name, schema);
  }
}

function checkField(place: Place, name: string, schema: unknown): void {
  const { registryFieldNameCode, registryInvalidCode } = place.context.policy.current;
  if (!FIELD_NAME.test(name)) throw fieldNameInvalid(registryFieldNameCode, name);
  if (!isJsonObject(schema)) throw invalid(registryInvalidCode, `The field ${name} must be an object.`);
  const { type, properties, items } = schema;
  const isComposed = ['$ref', 'allOf', 'anyOf', 'oneOf'].some((keyword) => schema[keyword] !== undefined);
  if (!isComposed && !FIELD_TYPES.includes(textOf(type))) {
    throw invalid(registryInvalidCode, `The field ${name} has the unknown type ${JSON.stringify(type)}.`);
  }
  if (type === 'array' && !isJsonObject(items)) {
    throw invalid(registryInvalidCode, `The array field ${name} must have items.`);
  }
  // Elements are fields themselves, with or without fields of their own.
  if (isJsonObject(items)) checkField(place, name, items);
  for (const [inner, innerSchema] of isJsonObject(properties) ? Object.entries(properties) : []) {
    checkField(place, inner, innerSchema);
  }
}
