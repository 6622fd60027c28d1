/** The room on the disk of a folder. */
import { stat, statfs } from 'node:fs/promises';

export interface DiskRoom {
  /** The same for folders that share their room. */
  readonly device: number;
  /** To processes that are not the administrator's. */
  readonly freeBytes: number;
}

export async function diskRoom(folder: string): Promise<DiskRoom> {
  const [{ dev: device }, { bavail, bsize }] = await Promise.all([stat(folder), statfs(folder)]);
  return { device, freeBytes: bavail * bsize };
}
