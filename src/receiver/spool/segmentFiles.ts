/** The files of a spool: numbered segments, and beside them those that were kept because something in them cannot be read. */
import { link, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

const SEGMENT = /^\d{10}\.seg$/;
/** Release 0.1.0 stopped at the first damaged record: behind it there may be whole ones that nobody was given. */
const UNFINISHED = /^\d{10}\.seg\.damaged$/;
const UNREADABLE = '.unreadable';
const PROBE_BYTES = 16 * 1024;

/** Oldest first. */
export async function segmentsIn(folder: string): Promise<string[]> {
  return namesIn(folder, (name) => SEGMENT.test(name));
}

export async function unfinishedIn(folder: string): Promise<string[]> {
  return namesIn(folder, (name) => UNFINISHED.test(name));
}

export function isUnreadable(file: string): boolean {
  return file.endsWith(UNREADABLE);
}

/** Everything that a spool has left in its folder. */
export async function leftIn(folder: string): Promise<string[]> {
  return namesIn(folder, (name) => SEGMENT.test(name) || UNFINISHED.test(name) || isUnreadable(name));
}

export async function unreadableIn(folder: string): Promise<string[]> {
  return namesIn(folder, isUnreadable);
}

async function namesIn(folder: string, isWanted: (name: string) => boolean): Promise<string[]> {
  const names = await readdir(folder).catch(noneWithoutFolder);
  return names
    .filter(isWanted)
    .sort()
    .map((name) => join(folder, name));
}

function noneWithoutFolder(error: NodeJS.ErrnoException): string[] {
  if (error.code !== 'ENOENT') throw error;
  return [];
}

export function segmentFile(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(10, '0')}.seg`);
}

/** What a file that is kept aside is called in another place. */
export function asideOf(segment: string): string {
  return `${segment}${UNREADABLE}`;
}

export function numberOf(file: string): number {
  return Number.parseInt(basename(file), 10);
}

/** Never onto another file, and never in between nowhere: after a crash it may be in both places. */
export async function moveFile(from: string, to: string): Promise<void> {
  await link(from, to);
  await rm(from, { force: true });
}

/** Whether the disk has room for as much as an event takes. */
export async function takesAFile(folder: string): Promise<boolean> {
  const file = join(folder, 'probe');
  try {
    await writeFile(file, Buffer.alloc(PROBE_BYTES), { mode: 0o600, flush: true });
    return true;
  } catch {
    return false;
  } finally {
    await rm(file, { force: true }).catch(() => undefined);
  }
}

/** For a person to look at, and to remove. */
export async function keepAside(file: string): Promise<string> {
  const aside = asideOf(file);
  await rename(file, aside);
  return aside;
}
