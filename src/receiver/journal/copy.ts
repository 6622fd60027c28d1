/** Copies journal files to PostgreSQL, where the audit reads those of all receivers. By byte, so that nothing is copied twice. */
import { open } from 'node:fs/promises';
import type { Database } from '../../store/database.js';
import { copiedUntil, copyStretch } from '../../store/intakeJournal.js';
import { decodeBatches } from './entries.js';
import type { JournalFile } from './journal.js';

const STRETCH_BYTES = 64 * 1024;

export interface JournalCopy {
  /** Copies what is in the files and not copied yet. */
  run(files: readonly JournalFile[]): Promise<void>;
}

export function createJournalCopy(database: Database, receiverId: string): JournalCopy {
  let copied: Map<string, number> | undefined;

  async function copyFile(file: JournalFile, done: Map<string, number>): Promise<void> {
    const bytes = file.bytes;
    for (let start = done.get(file.name) ?? 0; start < bytes; start = done.get(file.name) as number) {
      const content = await readAt(file.path, start, bytes - start).catch(nothingIfLost);
      const { entries, readBytes } = decodeBatches(content);
      // A batch is never torn apart: of a stretch without one whole batch nothing can be read, up to the file's end.
      const isReadable = readBytes > 0;
      const end = isReadable ? start + readBytes : bytes;
      await copyStretch(database, {
        receiverId,
        file: file.name,
        start,
        end,
        entries: isReadable ? entries : undefined,
      });
      done.set(file.name, end);
    }
  }

  return {
    async run(files) {
      copied ??= await copiedUntil(database, receiverId);
      for (const file of files) await copyFile(file, copied);
    },
  };
}

/** Missing, or on a part of the disk that cannot be read: no later try mends it, and the files after it must not wait. */
const LOST: ReadonlySet<string | undefined> = new Set(['ENOENT', 'EIO']);

function nothingIfLost(error: NodeJS.ErrnoException): Buffer {
  if (!LOST.has(error.code)) throw error;
  return Buffer.alloc(0);
}

/** A stretch, longer if its first batch is. */
async function readAt(path: string, start: number, available: number): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    for (let length = Math.min(STRETCH_BYTES, available); ; length = Math.min(length * 4, available)) {
      const content = Buffer.alloc(length);
      await handle.read(content, 0, length, start);
      if (length === available || decodeBatches(content).readBytes > 0) return content;
    }
  } finally {
    await handle.close();
  }
}
