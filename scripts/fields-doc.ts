/** Writes `docs/fields.md` from the tables; a test checks that it is current. */
import { writeFile } from 'node:fs/promises';
import { packageFile } from '../src/process/packageFiles.js';
import { fieldsPage } from './fieldsPage.js';

await writeFile(packageFile('docs/fields.md'), fieldsPage());
