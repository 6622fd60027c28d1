/** A file that a person has named for what a command is to write there. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { codedError } from '../domain/errors.js';
import { messageOf } from '../domain/messageOf.js';
import { reasonOfRefusal } from '../process/systemFaults.js';

/** @throws CodedError `CAEP_FILE_NOT_WRITTEN` for whatever the file system throws in `work` */
export async function writtenTo<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw codedError('CAEP_FILE_NOT_WRITTEN', { path, reason: reasonOf(path, cause) }, { cause });
  }
}

function reasonOf(path: string, cause: unknown): string {
  if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') return reasonOfRefusal(cause) ?? messageOf(cause);
  const folder = dirname(resolve(path));
  return existsSync(folder) ? `no file can be made in ${folder}` : `there is no folder ${folder}`;
}
