/** Copies journal files to PostgreSQL, where the audit reads those of all receivers. By byte, so that nothing is copied twice. */
import { open } from 'node:fs/promises';
import type { Database } from '../../store/connection/database.js';
import { areCopied, copyStretch, type LastStretch, lastStretches } from '../../store/receivers/intakeJournal.js';
import { decodeBatches, findNextBatch } from './entries.js';
import type { JournalFile } from './journal.js';

const STRETCH_BYTES = 64 * 1024;

export interface JournalCopy {
  /** Copies what is in the files and not copied yet. */
  run(files: readonly JournalFile[]): Promise<void>;
}

/** @param onSetBack told when PostgreSQL has lost what was copied; it is copied again */
export function createJournalCopy(
  database: Database,
  receiverId: string,
  onSetBack: () => void = () => undefined,
): JournalCopy {
  /** By file. Undefined: to be asked for. */
  let copied: Map<string, LastStretch> | undefined;

  async function readCopied(): Promise<Map<string, LastStretch>> {
    return new Map((await lastStretches(database, receiverId)).map((last) => [last.file, last]));
  }

  async function hasLost(known: ReadonlyMap<string, LastStretch>, files: readonly JournalFile[]): Promise<boolean> {
    const kept = files.flatMap(({ name }) => known.get(name) ?? []);
    return kept.length > 0 && !(await areCopied(database, receiverId, kept));
  }

  /** @returns false when PostgreSQL knows something else of the file than we do */
  async function copyFile(file: JournalFile, done: Map<string, LastStretch>): Promise<boolean> {
    const bytes = file.bytes;
    for (let start = done.get(file.name)?.end ?? 0; start < bytes; ) {
      const content = await readAt(file.path, start, bytes - start).catch(nothingIfLost);
      const { entries, readBytes } = decodeBatches(content);
      // A batch is never torn apart: before the next whole one nothing can be read.
      const isReadable = readBytes > 0;
      const end = isReadable ? start + readBytes : start + (findNextBatch(content) ?? bytes - start);
      const last = { file: file.name, start, end };
      const isTaken = await copyStretch(database, {
        ...last,
        receiverId,
        entries: isReadable ? entries : undefined,
      });
      if (!isTaken) return false;
      done.set(file.name, last);
      start = end;
    }
    return true;
  }

  async function isSetBack(files: readonly JournalFile[]): Promise<boolean> {
    if (copied === undefined || !(await hasLost(copied, files))) return false;
    onSetBack();
    return true;
  }

  return {
    async run(files) {
      if (await isSetBack(files)) copied = undefined;
      copied ??= await readCopied();
      for (const file of files) {
        if (await copyFile(file, copied)) continue;
        await isSetBack(files);
        copied = undefined;
        return;
      }
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
      if (findNextBatch(content) !== undefined) return content;
    }
  } finally {
    await handle.close();
  }
}
