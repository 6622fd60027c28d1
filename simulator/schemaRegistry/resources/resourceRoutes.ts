/** What the routes of all resource types share. */
import type { Context } from '../../context.js';
import type { SimRequest } from '../../transport/request.js';
import type { StoredRegistryResource } from '../../state/stored.js';
import { registryResource } from '../lookup.js';
import { notFound } from '../refusals.js';

export const PATH = '/data/foundation/schemaregistry';

export type ResourceType = StoredRegistryResource['resourceType'];

export function routeName(container: string, segment: string, action: string): string {
  return `schemaregistry.${container === 'tenant' ? '' : 'global.'}${segment}.${action}`;
}

/** @throws Refusal 404 */
export function findResource(
  context: Context,
  { scope, params }: SimRequest,
  resourceType: ResourceType,
): StoredRegistryResource {
  const id = params['id'] ?? '';
  const found = registryResource(context, scope, id);
  if (found?.resourceType !== resourceType) throw notFound(resourceType, id);
  return found;
}
