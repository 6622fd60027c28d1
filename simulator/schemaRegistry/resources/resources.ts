/** Schemas, field groups, classes and data types: list, lookup, create, replace, patch, delete. */
import type { Context } from '../../context.js';
import { registerResourceReads } from './resourceReads.js';
import { registerResourceWrites } from './resourceWrites.js';

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
    for (const container of ['tenant', 'global'] as const)
      registerResourceReads(context, container, segment, resourceType);
    if (resourceType !== 'behaviors') registerResourceWrites(context, segment, resourceType);
  }
}
