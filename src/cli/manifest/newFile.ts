/** A manifest that is written for a person. */
import { writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { codedError } from '../../domain/errors.js';
import { packageFile } from '../../process/packageFiles.js';

/** @throws CodedError `CAEP_USAGE` where there is one already, or it cannot be written */
export async function writeNewFile(file: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(file, text, { flag: force ? 'w' : 'wx' });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason =
      code === 'EEXIST' ? `${file} already exists; --force overwrites it` : `${file} cannot be written: ${message}`;
    throw codedError('CAEP_USAGE', { reason }, { cause });
  }
}

/** The package's own copy of the JSON Schema, seen from the manifest's folder. */
export function schemaFrom(file: string): string {
  const path = relative(dirname(resolve(file)), packageFile('schema/manifest.schema.json')).replaceAll('\\', '/');
  return path.startsWith('.') ? path : `./${path}`;
}
