/**
 * Copies of what the log has taken, in segments of a minute each, for as long as the log may lose it. Written before the
 * answer and synced a second later, off its way: it is PostgreSQL that loses commits, and this machine would have to die in the
 * same second.
 */
import { type FileHandle, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import pLimit from 'p-limit';
import { decodeSegment, encodeRecord } from '../spool/segment.js';
import { moveFile, numberOf, segmentFile, segmentsIn } from '../spool/segmentFiles.js';
import { SPOOLED_MARK } from '../spool/spooledEvent.js';
import { createLateSync } from './lateSync.js';

const SEGMENT_MS = 60_000;
const SEGMENT_BYTES = 8 * 1024 * 1024;
/** One sync for all that was written meanwhile: what that costs does not show beside the appends. */
const SYNC_AFTER_MS = 1_000;

export interface KeptSegment {
  readonly file: string;
  bytes: number;
  /** Milliseconds since the epoch. */
  lastWrittenAtMs: number;
  /** Since when the server runs that it was last compared with. Absent: with none, as after a start, or after a takeover. */
  comparedWith?: string;
}

export interface KeptFiles {
  /** @param comparedWith the server that what is written now has come from, as far as that is known */
  append(records: readonly Buffer[], comparedWith?: string): Promise<void>;
  /** Oldest first. The last one may still be written to. */
  segments(): readonly KeptSegment[];
  /** What can be read of one. */
  read(segment: KeptSegment): Promise<readonly Buffer[]>;
  remove(segment: KeptSegment): Promise<void>;
  /** Takes over what another receiver has kept. */
  adopt(files: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export async function openKeptFiles(folder: string): Promise<KeptFiles> {
  const segments: KeptSegment[] = [];
  let nextNumber = 1;
  const exclusive = pLimit(1);
  const sync = createLateSync(SYNC_AFTER_MS);
  let writing: { readonly handle: FileHandle; readonly segment: KeptSegment; readonly startedAtMs: number } | undefined;

  for (const file of await segmentsIn(folder)) await note(file);

  async function note(file: string): Promise<void> {
    const { size: bytes, mtimeMs: lastWrittenAtMs } = await stat(file);
    segments.push({ file, bytes, lastWrittenAtMs });
    nextNumber = Math.max(nextNumber, numberOf(file) + 1);
  }

  async function write(content: Buffer, comparedWith: string | undefined): Promise<void> {
    const nowMs = Date.now();
    if (writing !== undefined && (nowMs - writing.startedAtMs > SEGMENT_MS || writing.segment.bytes > SEGMENT_BYTES)) {
      endSegment();
    }
    writing ??= await startSegment(nowMs, comparedWith);
    const { handle, segment } = writing;
    try {
      await handle.appendFile(content);
    } catch (error) {
      await handle.truncate(segment.bytes).catch(() => undefined);
      endSegment();
      throw error;
    }
    segment.bytes += content.length;
    segment.lastWrittenAtMs = nowMs;
    sync.written(handle);
  }

  async function startSegment(startedAtMs: number, comparedWith: string | undefined) {
    const file = segmentFile(folder, nextNumber);
    nextNumber += 1;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await open(file, 'ax', 0o600);
    sync.named(folder);
    const segment: KeptSegment = { file, bytes: 0, lastWrittenAtMs: startedAtMs, comparedWith };
    segments.push(segment);
    return { handle, segment, startedAtMs };
  }

  function endSegment(): void {
    if (writing !== undefined) sync.ended(writing.handle);
    writing = undefined;
  }

  return {
    append: (records, comparedWith) => exclusive(() => write(Buffer.concat(records.map(encodeRecord)), comparedWith)),
    segments: () => [...segments],
    async read({ file }) {
      const content = await readFile(file).catch(nothingWithoutFile);
      return decodeSegment(content, SPOOLED_MARK).records;
    },
    remove: (segment) =>
      exclusive(async () => {
        if (writing?.segment === segment) endSegment();
        segments.splice(segments.indexOf(segment), 1);
        await rm(segment.file, { force: true });
      }),
    adopt: (files) =>
      exclusive(async () => {
        for (const file of files) {
          const target = segmentFile(folder, nextNumber);
          await mkdir(folder, { recursive: true, mode: 0o700 });
          await moveFile(file, target);
          await note(target);
        }
        if (files.length > 0) sync.named(folder);
      }),
    close: () =>
      exclusive(async () => {
        endSegment();
        await sync.allDone();
      }),
  };
}

function nothingWithoutFile(error: NodeJS.ErrnoException): Buffer {
  if (error.code !== 'ENOENT') throw error;
  return Buffer.alloc(0);
}
