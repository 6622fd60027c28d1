/** Finds resources of the registry, the tenant's and Adobe's own, for the registry itself and for the other services. */
import type { Context } from '../context.js';
import { resolveSchema } from '../xdm/resolve.js';
import type { JsonObject } from '../values/json.js';
import type { Scope } from '../state/state.js';
import { COLLECTIONS, type StoredDataset, type StoredRegistryResource } from '../state/stored.js';
import { GLOBAL_RESOURCES } from './globals.js';

type StateOf = Pick<Context, 'state'>;

export function tenantResources({ state }: StateOf, scope: Scope): readonly StoredRegistryResource[] {
  return state.collection<StoredRegistryResource>(COLLECTIONS.registry).list(scope);
}

/** By `$id` or `meta:altId`, in either container. */
export function registryResource(
  context: StateOf,
  scope: Scope,
  idOrAltId: string,
): StoredRegistryResource | undefined {
  const byId = context.state.collection<StoredRegistryResource>(COLLECTIONS.registry).get(scope, idOrAltId);
  if (byId !== undefined) return byId;
  const isMeant = ({ id, altId }: StoredRegistryResource) => id === idOrAltId || altId === idOrAltId;
  return GLOBAL_RESOURCES.find(isMeant) ?? tenantResources(context, scope).find(isMeant);
}

/** With every reference followed. */
export function resolvedDocument(context: StateOf, scope: Scope, document: JsonObject): JsonObject {
  return resolveSchema((id) => registryResource(context, scope, id)?.document, document);
}

/** A schema as the other services see it: a new one may not have reached them yet. */
export function visibleSchema(
  context: Pick<Context, 'state' | 'clock' | 'policy'>,
  scope: Scope,
  id: string,
): StoredRegistryResource | undefined {
  const found = registryResource(context, scope, id);
  if (found?.resourceType !== 'schemas') return undefined;
  const lagMs = context.policy.current.schemaVisibilityLagMs;
  return found.createdAtMs <= context.clock.now() - lagMs ? found : undefined;
}

/** `$id`s that a document refers to in its `allOf`. */
export function referencesOf(document: JsonObject): readonly string[] {
  const parts = Array.isArray(document['allOf']) ? (document['allOf'] as readonly JsonObject[]) : [];
  return parts.flatMap(({ $ref }) => (typeof $ref === 'string' && !$ref.startsWith('#') ? [$ref] : []));
}

/** Datasets that use a schema, or a schema made of this field group. */
export function datasetsUsing(context: StateOf, scope: Scope, resource: StoredRegistryResource) {
  const schemaIds = new Set([resource.id, ...schemasUsing(context, scope, resource.id).map(({ id }) => id)]);
  const datasets = context.state.collection<StoredDataset>(COLLECTIONS.datasets).list(scope);
  return datasets.filter(({ schemaId }) => schemaIds.has(schemaId));
}

export function schemasUsing(context: StateOf, scope: Scope, id: string): readonly StoredRegistryResource[] {
  return tenantResources(context, scope).filter(
    (one) => one.resourceType === 'schemas' && referencesOf(one.document).includes(id),
  );
}
