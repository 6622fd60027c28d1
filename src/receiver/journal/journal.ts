/**
 * The intake journal: the ids of what this receiver has answered with 2xx, in files of an hour each, apart from the event log.
 * Files are numbered throughout, so that one that is missing shows in the copies in PostgreSQL.
 *
 * Entries are buffered and written every half second: a receiver that is killed loses the entries, not the events, of so long.
 */
import { type FileHandle, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import { messageOf } from '../../domain/messageOf.js';
import { namesIn } from '../../process/files/namesIn.js';
import { replaceFile } from '../../process/files/wholeFile.js';
import { appendDurably } from '../appendDurably.js';
import { encodeBatch, type JournalEntry } from './entries.js';

const WRITE_EVERY_MS = 500;
const MAX_AGE_MS = 7 * 86_400_000;
/** Some 25 million events. */
const MAX_BYTES = 1024 * 1024 * 1024;
/** In memory while the disk takes nothing. */
const MAX_BUFFERED = 500_000;

export interface Journal {
  record(entries: readonly JournalEntry[]): void;
  /** What can be read, oldest first; of the file that is being written, as far as it is. */
  files(): readonly JournalFile[];
  /** Entries that found no room in memory, since the start. */
  dropped(): number;
  /** Every entry recorded before this is in a file. */
  writtenUntilMs(): number;
  write(): Promise<void>;
  close(): Promise<void>;
}

export interface JournalFile {
  /** `YYYYMMDDTHH-number`, the number one more than that of the file before. */
  readonly name: string;
  readonly path: string;
  bytes: number;
}

interface JournalOptions {
  readonly folder: string;
  readonly log: Pick<Logger, 'error'>;
  readonly maxBytes?: number;
}

export async function openJournal({ folder, log, maxBytes = MAX_BYTES }: JournalOptions): Promise<Journal> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = await findFiles(folder);
  // Beside the folder: it outlives the files.
  const numberFile = `${folder}.number`;
  let notedNumber = Number.parseInt(await readFile(numberFile, 'utf8').catch(() => ''), 10) || 0;
  let current: { readonly hour: string; readonly file: JournalFile; readonly handle: FileHandle } | undefined;
  let buffered: JournalEntry[] = [];
  let dropped = 0;
  let writtenUntilMs = Date.now();
  const inTurn = pLimit(1);

  async function writeBuffered(): Promise<void> {
    const nowMs = Date.now();
    if (buffered.length > 0) {
      const entries = buffered;
      buffered = [];
      try {
        await append(encodeBatch(entries), nowMs);
      } catch (error) {
        buffered = [...entries, ...buffered];
        await endTornFile();
        throw error;
      }
    }
    writtenUntilMs = nowMs;
    await prune(nowMs);
  }

  async function append(batch: Buffer, nowMs: number): Promise<void> {
    const hour = hourOf(nowMs);
    if (current !== undefined && current.hour !== hour) await endFile();
    current ??= await startFile(hour);
    await appendDurably(current.handle, batch);
    current.file.bytes += batch.length;
    noteNumber(numberOf(current.file));
  }

  /** Only of a file with entries: one that is gone before it has any leaves no gap. */
  function noteNumber(number: number): void {
    if (number === notedNumber) return;
    try {
      replaceFile(numberFile, String(number));
      notedNumber = number;
    } catch (error) {
      log.error({ reason: messageOf(error) }, 'the number of an intake journal file cannot be recorded');
    }
  }

  /** Never continues a file of an earlier process, whose end may be torn. */
  async function startFile(hour: string) {
    const number = 1 + Math.max(notedNumber, ...files.map(numberOf));
    const name = `${hour}-${String(number).padStart(6, '0')}`;
    const path = join(folder, `${name}.journal`);
    const handle = await open(path, 'ax', 0o600);
    const file: JournalFile = { name, path, bytes: 0 };
    files.push(file);
    return { hour, file, handle };
  }

  async function endFile(): Promise<void> {
    const ended = current;
    current = undefined;
    await ended?.handle.close();
  }

  /** What could not be written in full is cut off, if it can be: it is written again, to the next file. */
  async function endTornFile(): Promise<void> {
    if (current === undefined) return;
    const { file, handle } = current;
    await handle.truncate(file.bytes).catch(() => undefined);
    await endFile();
    if (file.bytes > 0) return;
    await rm(file.path, { force: true });
    files.pop();
  }

  async function prune(nowMs: number): Promise<void> {
    const oldest = hourOf(nowMs - MAX_AGE_MS);
    while (files.length > 1 && (sizeOf(files) > maxBytes || (files[0] as JournalFile).name < oldest)) {
      const file = files.shift() as JournalFile;
      await rm(file.path, { force: true });
    }
  }

  const write = (): Promise<void> =>
    inTurn(writeBuffered).catch((error: unknown) => {
      log.error({ reason: messageOf(error), entries: buffered.length }, 'the intake journal cannot be written');
    });
  const timer = setInterval(() => void write(), WRITE_EVERY_MS).unref();

  return {
    record(entries) {
      const room = Math.max(0, MAX_BUFFERED - buffered.length);
      buffered.push(...entries.slice(0, room));
      dropped += Math.max(0, entries.length - room);
    },
    files: () => files.map((file) => ({ ...file })),
    dropped: () => dropped,
    writtenUntilMs: () => writtenUntilMs,
    write,
    async close() {
      clearInterval(timer);
      await write();
      await endFile();
    },
  };
}

/** In the order of their numbers. Those of processes that ended before they had written anything are removed. */
export async function findFiles(folder: string): Promise<JournalFile[]> {
  const names = (await namesIn(folder)).filter((name) => /^\d{8}T\d\d-\d{6,}\.journal$/.test(name));
  const files: JournalFile[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const { size: bytes } = await stat(path);
    if (bytes === 0) await rm(path);
    else files.push({ name: name.replace('.journal', ''), path, bytes });
  }
  return files.sort((a, b) => numberOf(a) - numberOf(b));
}

function numberOf({ name }: JournalFile): number {
  return Number(name.split('-')[1]);
}

/** `20261121T12`, in UTC. */
function hourOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 13).replaceAll('-', '');
}

function sizeOf(files: readonly JournalFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
