/** Flattens a schema: every `$ref` followed, every `allOf` merged, as the registry's `xed-full` view shows it. */
import type { JsonObject } from '../values/json.js';
import type { XdmSchema } from './schema.js';

type DocumentLookup = (id: string) => XdmSchema | undefined;

/** A reference leads nowhere. */
export class UnresolvedReferenceError extends Error {
  readonly reference: string;

  constructor(reference: string) {
    super(`The referenced resource ${reference} is not found`);
    this.reference = reference;
  }
}

/**
 * @param lookup finds a document, of the tenant or global, by `$id`
 * @returns the document with `properties` and `required` of everything it is made of, and without `allOf`, `$ref`
 *   and `definitions`
 * @throws UnresolvedReferenceError
 */
export function resolveSchema(lookup: (id: string) => JsonObject | undefined, document: JsonObject): JsonObject {
  const root = document as XdmSchema;
  const trail = root.$id === undefined ? [] : [root.$id];
  return flatten(root, root, lookup, trail) as JsonObject;
}

function flatten(node: XdmSchema, root: XdmSchema, lookup: DocumentLookup, trail: readonly string[]): XdmSchema {
  const { allOf = [], $ref, definitions: _, properties, items, additionalProperties, ...own } = node;
  let flat: XdmSchema = own;
  if ($ref !== undefined) flat = merge(follow($ref, root, lookup, trail), flat);
  for (const part of allOf) flat = merge(flat, withoutIdentity(flatten(part, root, lookup, trail)));
  if (properties !== undefined) {
    const flattened = Object.entries(properties).map(([name, inner]) => [name, flatten(inner, root, lookup, trail)]);
    flat = merge(flat, { properties: Object.fromEntries(flattened) as Record<string, XdmSchema> });
  }
  if (items !== undefined) flat = { ...flat, items: flatten(items, root, lookup, trail) };
  if (additionalProperties !== undefined) {
    const inner =
      typeof additionalProperties === 'object'
        ? flatten(additionalProperties, root, lookup, trail)
        : additionalProperties;
    flat = { ...flat, additionalProperties: inner };
  }
  return flat;
}

function follow(reference: string, root: XdmSchema, lookup: DocumentLookup, trail: readonly string[]): XdmSchema {
  if (trail.includes(reference)) throw new UnresolvedReferenceError(reference);
  if (reference.startsWith('#')) {
    const local = reference
      .slice(1)
      .split('/')
      .filter((part) => part !== '')
      .reduce<unknown>(
        (node, part) =>
          typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[part] : undefined,
        root,
      );
    if (typeof local !== 'object' || local === null) throw new UnresolvedReferenceError(reference);
    return flatten(local as XdmSchema, root, lookup, [...trail, reference]);
  }
  const [id = '', fragment] = reference.split('#');
  const document = lookup(id);
  if (document === undefined) throw new UnresolvedReferenceError(reference);
  // The trail is the way inside one document for local references, so each document starts its own.
  const outside = trail.filter((step) => !step.startsWith('#'));
  const found =
    fragment === undefined || fragment === ''
      ? flatten(document, document, lookup, [...outside, id])
      : follow(`#${fragment}`, document, lookup, [...outside, id]);
  return withoutIdentity(found);
}

/** What describes a document and must not pass to the document that refers to it. */
function withoutIdentity(node: XdmSchema): XdmSchema {
  const kept = Object.entries(node).filter(
    ([key]) => !['$id', 'title', 'description', 'version', 'imsOrg'].includes(key) && !key.startsWith('meta:'),
  );
  return Object.fromEntries(kept);
}

function merge(base: XdmSchema, added: XdmSchema): XdmSchema {
  const properties = mergeProperties(base.properties, added.properties);
  const required = [...new Set([...(base.required ?? []), ...(added.required ?? [])])];
  return {
    ...base,
    ...added,
    ...(properties === undefined ? {} : { properties }),
    ...(required.length === 0 ? {} : { required }),
  };
}

/** Two field groups may both add fields below the tenant's node. */
function mergeProperties(base: XdmSchema['properties'], added: XdmSchema['properties']): XdmSchema['properties'] {
  if (base === undefined || added === undefined) return base ?? added;
  const merged: Record<string, XdmSchema> = { ...base };
  for (const [name, schema] of Object.entries(added)) {
    const known = base[name];
    merged[name] = known === undefined ? schema : merge(known, schema);
  }
  return merged;
}
