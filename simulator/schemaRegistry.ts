/** Schema Registry: `/data/foundation/schemaregistry`. */
import type { Context } from './context.js';
import { registerDescriptors } from './schemaRegistry/descriptors.js';
import { registerRegistryResources } from './schemaRegistry/resources.js';
import { registerStats } from './schemaRegistry/stats.js';

export function registerSchemaRegistry(context: Context): void {
  registerStats(context);
  registerRegistryResources(context);
  registerDescriptors(context);
}
