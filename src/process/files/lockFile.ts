/** The file of a lock: who holds it, as JSON, in one block of the disk. */
import { randomUUID } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, renameSync, rmSync, utimesSync, writeSync } from 'node:fs';
import type { ProcessIdentity } from '../programs/identity.js';
import { linkedInPlace, withFileBeside } from './wholeFile.js';

/** As release 0.1.0 reads it as well; it wrote no token. */
export interface Holder extends ProcessIdentity {
  readonly token?: string;
}

interface LockFile {
  readonly text: string;
  /** Undefined: released, not written by us, or torn by a crash of the machine. */
  readonly holder?: Holder;
  /** Differs as soon as the holder, or its last sign of life, is another one. */
  readonly seen: string;
}

/** Always as long, so that it can be written over in place. */
const BYTES = 512;

/** @returns undefined when there is none */
export function readLockFile(file: string): LockFile | undefined {
  let descriptor: number;
  try {
    // Opened each time: a file system of the network asks its server then, and else may answer from what it remembers.
    descriptor = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const text = readFileSync(descriptor, 'utf8');
    const { mtimeMs, ino } = fstatSync(descriptor);
    return { text, holder: parseHolder(text), seen: `${text} ${mtimeMs} ${ino}` };
  } finally {
    closeSync(descriptor);
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, startedAt, namespace, token } = JSON.parse(text) as Partial<Holder>;
    return pid === undefined || startedAt === undefined ? undefined : { pid, startedAt, namespace, token };
  } catch {
    return undefined;
  }
}

/** @returns false when somebody else has put one there */
export function putInPlace(file: string, holder: Holder): boolean {
  // Written apart and linked into place: the lock is never seen without its holder.
  return withFileBeside(file, contentOf(holder), (own) => linkedInPlace(own, file));
}

/**
 * Takes the place of a holder that is gone. Moved aside first and looked at again: if somebody else has been faster, that one
 * is put back.
 *
 * @returns false when it is to be tried again
 */
export function replaceHolder(file: string, staleText: string, holder: Holder): boolean {
  try {
    return withFileBeside(file, contentOf(holder), (own) => {
      const aside = `${file}.${randomUUID()}`;
      try {
        renameSync(file, aside);
        const isStale = readFileSync(aside, 'utf8') === staleText;
        return linkedInPlace(isStale ? own : aside, file) && isStale;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        return false;
      } finally {
        rmSync(aside, { force: true });
      }
    });
  } catch (error) {
    if (!isNoRoom(error)) throw error;
    // Of two that come here together, the one that is written over finds out by its token.
    overwriteHolder(file, holder);
    return true;
  }
}

/** In place, so that it takes no room. @param holder undefined: nobody */
export function overwriteHolder(file: string, holder: Holder | undefined): void {
  const descriptor = openSync(file, 'r+');
  try {
    writeSync(descriptor, contentOf(holder), 0);
  } finally {
    closeSync(descriptor);
  }
}

/** A sign of life. It needs no room on the disk. */
export function touch(file: string): void {
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch {
    // The next one is soon; without any the lease ends, and the token tells.
  }
}

function contentOf(holder: Holder | undefined): string {
  return JSON.stringify(holder ?? {})
    .padEnd(BYTES - 1)
    .concat('\n');
}

function isNoRoom(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}
