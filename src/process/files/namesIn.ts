/** What a folder holds. */
import { readdir } from 'node:fs/promises';

/** Names, in no order. None of a folder that does not exist. */
export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return [];
  });
}
