/** Writes `schema/manifest.schema.json` from the zod schema; a test checks that it is fresh. */
import { writeFile } from 'node:fs/promises';
import { manifestJsonSchema } from '../src/manifest/json-schema.js';
import { packageFile } from '../src/process/packageFiles.js';

await writeFile(packageFile('schema/manifest.schema.json'), `${JSON.stringify(manifestJsonSchema(), null, 2)}\n`);
