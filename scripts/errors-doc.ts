/** Writes `docs/errors.md` from the catalogue; a test checks that it is current. */
import { writeFile } from 'node:fs/promises';
import { packageFile } from '../src/process/packageFiles.js';
import { errorsPage } from './errorsPage.js';

await writeFile(packageFile('docs/errors.md'), errorsPage());
