/** Writes `docs/errors.md` from the catalogue; a test checks that it is current. */
import { writeFile } from 'node:fs/promises';
import { errorsPage } from './errorsPage.js';

await writeFile(new URL('../docs/errors.md', import.meta.url), errorsPage());
