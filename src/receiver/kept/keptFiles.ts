/**
 * Copies of what the log has taken, in segments of a minute each, for as long as the log may lose it. Written before the
 * answer, not synced: it is PostgreSQL's disk that may be lost, and this one with it only by another fault at the same time.
 */
import { type FileHandle, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { decodeSegment, encodeRecord } from '../spool/segment.js';
import { moveFile, numberOf, segmentFile, segmentsIn } from '../spool/segmentFiles.js';
import { SPOOLED_MARK } from '../spool/spooledEvent.js';

const SEGMENT_MS = 60_000;
const SEGMENT_BYTES = 8 * 1024 * 1024;

export interface KeptSegment {
  readonly file: string;
  bytes: number;
  /** Milliseconds since the epoch. */
  lastWrittenAtMs: number;
}

export interface KeptFiles {
  append(records: readonly Buffer[]): Promise<void>;
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
  let writing: { readonly handle: FileHandle; readonly segment: KeptSegment; readonly startedAtMs: number } | undefined;
  let lastWork: Promise<unknown> = Promise.resolve();

  for (const file of await segmentsIn(folder)) await note(file);

  async function note(file: string): Promise<void> {
    const { size: bytes, mtimeMs: lastWrittenAtMs } = await stat(file);
    segments.push({ file, bytes, lastWrittenAtMs });
    nextNumber = Math.max(nextNumber, numberOf(file) + 1);
  }

  function exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = lastWork.then(work);
    lastWork = done.catch(() => undefined);
    return done;
  }

  async function write(content: Buffer): Promise<void> {
    const nowMs = Date.now();
    if (writing !== undefined && (nowMs - writing.startedAtMs > SEGMENT_MS || writing.segment.bytes > SEGMENT_BYTES)) {
      await endSegment();
    }
    writing ??= await startSegment(nowMs);
    const { handle, segment } = writing;
    try {
      await handle.appendFile(content);
    } catch (error) {
      await handle.truncate(segment.bytes).catch(() => undefined);
      await endSegment();
      throw error;
    }
    segment.bytes += content.length;
    segment.lastWrittenAtMs = nowMs;
  }

  async function startSegment(startedAtMs: number) {
    const file = segmentFile(folder, nextNumber);
    nextNumber += 1;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await open(file, 'ax', 0o600);
    const segment = { file, bytes: 0, lastWrittenAtMs: startedAtMs };
    segments.push(segment);
    return { handle, segment, startedAtMs };
  }

  async function endSegment(): Promise<void> {
    const ended = writing;
    writing = undefined;
    await ended?.handle.close();
  }

  return {
    append: (records) => exclusive(() => write(Buffer.concat(records.map(encodeRecord)))),
    segments: () => [...segments],
    async read({ file }) {
      const content = await readFile(file).catch(nothingWithoutFile);
      return decodeSegment(content, SPOOLED_MARK).records;
    },
    remove: (segment) =>
      exclusive(async () => {
        if (writing?.segment === segment) await endSegment();
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
      }),
    close: () => exclusive(endSegment),
  };
}

function nothingWithoutFile(error: NodeJS.ErrnoException): Buffer {
  if (error.code !== 'ENOENT') throw error;
  return Buffer.alloc(0);
}
