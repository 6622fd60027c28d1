/** Small JSON files of ours, which a full disk or a person may have spoilt. */
import { existsSync, readFileSync } from 'node:fs';
import { codedError } from '../../domain/errors.js';

/**
 * @returns undefined when there is no such file
 * @throws CodedError `CAEP_FILE_REFUSED` when it holds something else
 */
export function readJsonFile(path: string): unknown {
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw codedError('CAEP_FILE_REFUSED', { path, reason: 'its content is damaged; remove it' }, { cause });
  }
}
