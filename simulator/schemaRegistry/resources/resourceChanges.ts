/** Which changes data and other resources forbid. */
import type { Context } from '../../context.js';
import type { SimRequest } from '../../transport/request.js';
import type { StoredRegistryResource } from '../../state/stored.js';
import { destructiveChanges } from './evolution.js';
import { datasetsUsing, resolvedDocument, schemasUsing } from '../lookup.js';
import { destructive, inUse } from '../refusals.js';

/** @throws Refusal 400 */
export function checkEvolution(
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
export function checkUnused(context: Context, { scope }: SimRequest, resource: StoredRegistryResource): void {
  const { registryInUseCode } = context.policy.current;
  if (Array.isArray(resource.document['meta:immutableTags'])) {
    throw inUse(registryInUseCode, `${resource.id} is enabled for Profile and cannot be deleted.`);
  }
  const [schema] = schemasUsing(context, scope, resource.id);
  if (schema !== undefined) throw inUse(registryInUseCode, `${resource.id} is used by the schema ${schema.id}.`);
  const [dataset] = datasetsUsing(context, scope, resource);
  if (dataset !== undefined) throw inUse(registryInUseCode, `${resource.id} is used by the dataset ${dataset.id}.`);
}
