/** Schema Registry: `/data/foundation/schemaregistry`. */
import type { Context } from '../context.js';
import { registerDescriptors } from './descriptors.js';
import { registerRegistryResources } from './resources/resources.js';
import { registerStats } from './stats.js';

export function registerSchemaRegistry(context: Context): void {
  registerStats(context);
  registerRegistryResources(context);
  registerDescriptors(context);
}
