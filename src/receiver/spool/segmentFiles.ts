/** The files of a spool: numbered segments, and beside them those that were kept because something in them cannot be read. */
import { link, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { namesIn } from '../../process/files/namesIn.js';

const SEGMENT = /^\d{10}\.seg$/;
/** Release 0.1.0 stopped at the first damaged record: behind it there may be whole ones that nobody was given. */
const UNFINISHED = /^\d{10}\.seg\.damaged$/;
const UNREADABLE = '.unreadable';
const PROBE_BYTES = 16 * 1024;

/** Oldest first. */
export async function segmentsIn(folder: string): Promise<string[]> {
  return pathsIn(folder, (name) => SEGMENT.test(name));
}

export async function unfinishedIn(folder: string): Promise<string[]> {
  return pathsIn(folder, (name) => UNFINISHED.test(name));
}

export function isUnreadable(file: string): boolean {
  return file.endsWith(UNREADABLE);
}

/** Everything that a spool has left in its folder. */
export async function leftIn(folder: string): Promise<string[]> {
  return pathsIn(folder, (name) => SEGMENT.test(name) || UNFINISHED.test(name) || isUnreadable(name));
}

export async function unreadableIn(folder: string): Promise<string[]> {
  return pathsIn(folder, isUnreadable);
}

async function pathsIn(folder: string, isWanted: (name: string) => boolean): Promise<string[]> {
  const names = await namesIn(folder);
  return names
    .filter(isWanted)
    .sort()
    .map((name) => join(folder, name));
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

/** One that no file in the folder has, nor had before it was kept aside. */
export async function freeNumberIn(folder: string): Promise<number> {
  // A person may have given one that is kept aside any name.
  const numbers = (await leftIn(folder)).map(numberOf).filter(Number.isFinite);
  return 1 + Math.max(0, ...numbers);
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

/** For a person to look at, and to remove: it takes the place of none that was kept before. */
export async function keepAside(file: string): Promise<string> {
  for (let copy = 1; ; copy += 1) {
    const aside = asideOf(copy === 1 ? file : `${file}.${copy}`);
    try {
      await moveFile(file, aside);
      return aside;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    // Linked already, by a move that was cut off: it is kept once.
    if (!(await areOneFile(file, aside))) continue;
    await rm(file);
    return aside;
  }
}

async function areOneFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([stat(one), stat(other)]);
  return a.ino === b.ino && a.dev === b.dev;
}
