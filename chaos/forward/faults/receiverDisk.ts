/** The disk of the receivers' home: a file system of its own where this process may mount one, so that it can be filled. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface ReceiverDisk {
  readonly folder: string;
  /** Otherwise it is a folder of the machine's own disk, which nobody may fill. */
  readonly canBeFilled: boolean;
  /** Until no byte is left. */
  fill(): void;
  clear(): void;
  /** Its files are gone with it. */
  release(): void;
}

/** Above what a run leaves there: spool, journals, and what is kept for a database that is set back. */
const SIZE_MIB = 1_024;
const CHUNK_BYTES = 1024 * 1024;

export function makeReceiverDisk(folder: string): ReceiverDisk {
  mkdirSync(folder, { recursive: true });
  const options = ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m,mode=0700`, 'tmpfs', folder];
  const canBeFilled = process.platform === 'linux' && spawnSync('mount', options).status === 0;
  const filler = join(folder, 'somebody-elses-file');
  return {
    folder,
    canBeFilled,
    fill: () => fillWith(filler),
    clear: () => rmSync(filler, { force: true }),
    release: () => {
      // Lazily: what is left of a killed process may have files open for a moment.
      if (canBeFilled) spawnSync('umount', ['--lazy', folder]);
    },
  };
}

function fillWith(file: string): void {
  const target = openSync(file, 'w');
  try {
    for (let bytes = CHUNK_BYTES; bytes >= 1; ) {
      try {
        writeSync(target, Buffer.alloc(bytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        bytes = Math.floor(bytes / 2);
      }
    }
  } finally {
    closeSync(target);
  }
}
