/** The shapes in which the registry shows a resource, by Accept header. */
import type { Context } from '../context.js';
import { isJsonObject, type Json, type JsonObject } from '../values/json.js';
import type { Scope } from '../state/state.js';
import { COLLECTIONS, type StoredDescriptor, type StoredRegistryResource } from '../state/stored.js';
import type { ListForm, LookupForm } from './resources/accept.js';
import { resolvedDocument } from './lookup.js';

export function presentInList({ document, title, id, altId, version }: StoredRegistryResource, { shape }: ListForm) {
  return shape === 'full' ? document : { title, $id: id, 'meta:altId': altId, version };
}

export function presentLookup(
  context: Pick<Context, 'state'>,
  scope: Scope,
  resource: StoredRegistryResource,
  form: LookupForm,
): JsonObject {
  const document = form.resolved
    ? { ...resolvedDocument(context, scope, resource.document), refs: resource.document['refs'] }
    : resource.document;
  const shown = form.texts ? document : (withoutTexts(document) as JsonObject);
  if (!form.descriptors) return shown;
  const descriptors = context.state.collection<StoredDescriptor>(COLLECTIONS.descriptors).list(scope);
  const own = descriptors.filter(({ schemaId }) => schemaId === resource.id);
  return { ...shown, 'meta:descriptors': own.map((descriptor) => descriptor.document) };
}

/** Without the titles and descriptions of fields; a field may itself be called `title`. */
function withoutTexts(node: Json | undefined, holdsNames = false): Json | undefined {
  if (Array.isArray(node)) return (node as readonly Json[]).map((inner) => withoutTexts(inner) ?? null);
  if (!isJsonObject(node)) return node;
  const kept = Object.entries(node).filter(([name]) => holdsNames || (name !== 'title' && name !== 'description'));
  return Object.fromEntries(
    kept.map(([name, inner]) => [name, withoutTexts(inner, name === 'properties' || name === 'definitions')]),
  );
}

/** Answers to writes show required fields under the names of the XDM model, reads under those of the record. */
export function presentWritten({ document }: StoredRegistryResource): JsonObject {
  const { required } = document;
  if (!Array.isArray(required)) return document;
  const modelNames: Readonly<Record<string, string>> = { _id: '@id', timestamp: 'xdm:timestamp' };
  return { ...document, required: required.map((name) => modelNames[String(name)] ?? String(name)) };
}
