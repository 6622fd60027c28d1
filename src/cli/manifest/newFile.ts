/** A manifest that is written for a person. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { codedError } from '../../domain/errors.js';
import { packageFile } from '../../process/packageFiles.js';
import { writtenTo } from '../givenFile.js';

/** @throws CodedError `CAEP_USAGE` where there is one already; `CAEP_FILE_NOT_WRITTEN` */
export async function writeNewFile(file: string, text: string, force: boolean): Promise<void> {
  if (!force && existsSync(file)) {
    throw codedError('CAEP_USAGE', { reason: `${file} already exists; --force overwrites it` });
  }
  await writtenTo(file, () => writeFile(file, text, { flag: force ? 'w' : 'wx' }));
}

/** The package's own copy of the JSON Schema, seen from the manifest's folder. */
export function schemaFrom(file: string): string {
  const path = relative(dirname(resolve(file)), packageFile('schema/manifest.schema.json')).replaceAll('\\', '/');
  return path.startsWith('.') ? path : `./${path}`;
}
