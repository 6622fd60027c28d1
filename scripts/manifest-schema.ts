/** Writes `schema/manifest.schema.json` from the zod schema; a test checks that it is fresh. */
import { writeFile } from 'node:fs/promises';
import { manifestJsonSchema } from '../src/manifest/json-schema.js';

const target = new URL('../schema/manifest.schema.json', import.meta.url);
await writeFile(target, `${JSON.stringify(manifestJsonSchema(), null, 2)}\n`);
