/** Secrets in files, as container platforms mount them: `NAME_FILE` names the file that holds the value of `NAME`. */
import { readFileSync, statSync } from 'node:fs';
import type { Problem } from '../domain/errors.js';

/** Their values are never shown. */
export const SECRET_VARIABLES: ReadonlySet<string> = new Set([
  'ADOBE_CLIENT_SECRET',
  'ADOBE_QUERY_SERVICE_URL',
  'CHATLIO_AEP_ACCESS_KEY',
  'DATABASE_DIRECT_URL',
  'DATABASE_MIGRATOR_URL',
  'DATABASE_URL',
  'TEMPORAL_API_KEY',
]);

/** No secret is as long; what is longer, or has no end, is another file. */
const LONGEST_BYTES = 64 * 1024;

export interface WithSecrets {
  /** Each secret under its own name; the names of the files are gone. */
  readonly environment: NodeJS.ProcessEnv;
  readonly problems: readonly Problem[];
}

/** @param environment where `NAME` and `NAME_FILE` are both set, a file that cannot be read, or an empty one, is a problem */
export function withSecretFiles(environment: NodeJS.ProcessEnv): WithSecrets {
  const complete = { ...environment };
  const problems: Problem[] = [];
  for (const name of SECRET_VARIABLES) {
    const path = `${name}_FILE`;
    const file = secretFileOf(environment, name);
    delete complete[path];
    if (file === undefined) continue;
    const { value, problem } = isSet(environment[name])
      ? { value: undefined, problem: { path, expected: `${name} or ${path}, not both`, got: 'both' } }
      : readSecretFile(path, file);
    if (problem !== undefined) problems.push(problem);
    complete[name] = value;
  }
  return { environment: complete, problems };
}

/** @returns undefined when none is named for this secret */
export function secretFileOf(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const file = environment[`${name}_FILE`]?.trim() ?? '';
  return file === '' ? undefined : file;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value.trim() !== '';
}

/** @param path of the variable that names it */
export function readSecretFile(path: string, file: string): { readonly value?: string; readonly problem?: Problem } {
  const wrong = (got: string) => ({ problem: { path, expected: 'a file that holds the value', got } });
  const shown = JSON.stringify(file);
  try {
    const { size } = statSync(file);
    if (size > LONGEST_BYTES) return wrong(`${shown}, of ${size} bytes`);
    const value = readFileSync(file, 'utf8').trim();
    return value === '' ? wrong(`${shown}, which is empty`) : { value };
  } catch (failure) {
    return wrong(`${shown}: ${(failure as NodeJS.ErrnoException).code ?? 'it cannot be read'}`);
  }
}
