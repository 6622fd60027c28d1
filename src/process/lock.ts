/** A lock that a file stands for, held by a process: it is free again when its holder is gone, however it went. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { identityOf, isRunning, type ProcessIdentity } from './identity.js';

export type LockAttempt =
  | { readonly state: 'taken'; release(): void }
  | { readonly state: 'held'; readonly by: ProcessIdentity };

/** Takes the lock for this process, or says who holds it. */
export function tryLock(file: string): LockAttempt {
  const self = identityOf(process.pid);
  if (self === undefined) throw new Error('this process has no identity');
  mkdirSync(dirname(file), { recursive: true });
  // Written apart and linked into place: the lock is never seen without its holder.
  const own = `${file}.${randomUUID()}`;
  writeFileSync(own, JSON.stringify(self));
  try {
    for (;;) {
      try {
        linkSync(own, file);
        return { state: 'taken', release: () => rmSync(file, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = readHolder(file);
      if (holder !== undefined && isRunning(holder)) return { state: 'held', by: holder };
      if (holder !== undefined) removeStale(file, holder);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

function readHolder(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    // Not written by us, or torn by a crash of the machine: nobody's.
    return { pid: 0, startedAt: '' };
  }
}

/** Moves the stale lock aside and looks again: if somebody has taken the lock in between, it is put back. */
function removeStale(file: string, stale: ProcessIdentity): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
    if (readHolder(aside)?.startedAt !== stale.startedAt) linkSync(aside, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
