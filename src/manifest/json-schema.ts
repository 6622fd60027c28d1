/** The published JSON Schema of the manifest, by which editors complete and check it while it is written. */
import * as z from 'zod';
import { manifestSchema } from './schema.js';

export function manifestJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(manifestSchema, { io: 'input' });
  return { $schema, title: 'chatlio-aep manifest', ...schema };
}
