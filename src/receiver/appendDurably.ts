/** Appending to a file so that it is all there, whatever happens to the machine. */
import type { FileHandle } from 'node:fs/promises';

/**
 * A single write may take less than it is given, for want of room, and says so only by its count.
 *
 * @throws an error of the file system: how much of it is in the file then, nobody knows
 */
export async function appendDurably(
  handle: Pick<FileHandle, 'write' | 'datasync'>,
  content: Uint8Array,
): Promise<void> {
  for (let written = 0; written < content.length; ) {
    const { bytesWritten } = await handle.write(content, written);
    if (bytesWritten === 0) throw new Error('the file takes no more');
    written += bytesWritten;
  }
  await handle.datasync();
}
