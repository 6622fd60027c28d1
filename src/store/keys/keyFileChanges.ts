/**
 * What changes a key file: creating, rotating, merging. Each reads and replaces it under a lock beside the file, so that two of
 * them at once lose no key; readers need no lock, as a file is only ever replaced whole.
 */
import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codedError } from '../../domain/errors.js';
import { contendFor, type Lock } from '../../process/files/lock.js';
import { linkedInPlace } from '../../process/files/wholeFile.js';
import { fingerprintOf, type Key, KEY_BYTES, type KeyFile, readKeyFile, writeKeyFile } from './keyFile.js';

/** A change takes milliseconds; whether one was killed in another container shows after the lock's lease. */
const LOCK_WITHIN_MS = 25_000;
const LOCK_EVERY_MS = 20;

/**
 * Makes a file with one fresh key, unless there is one: of two processes that start together, the second uses the first one's.
 * Whether there is data that another key has sealed is for the caller to know: see `keyCreation.ts`.
 *
 * @returns whether it was made
 */
export async function createKeyFile(file: string): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const key = freshKey();
  return writeKeyFile(file, { keys: [key], active: key.id }, linkedInPlace);
}

/**
 * Adds a fresh key and makes it the active one. Running processes open with it at once, and seal with it after a restart.
 *
 * @throws CodedError what {@link readKeyFile} throws
 */
export function rotateKeyFile(file: string): Promise<KeyFile> {
  return changeKeyFile(file, ({ keys }) => {
    const added = freshKey();
    return { keys: [...keys, added], active: added.id };
  });
}

/**
 * Adds the keys of another file, so that what was sealed with either opens. Oldest first, as the first makes the MACs; which is
 * active stays.
 *
 * @returns the file, and how many keys were new to it
 * @throws CodedError what {@link readKeyFile} throws; `CAEP_CONFIGURATION_INVALID` when two different keys have one id
 */
export async function mergeKeyFiles(file: string, from: string): Promise<{ file: KeyFile; added: number }> {
  const other = await readKeyFile(from);
  let added = 0;
  const merged = await changeKeyFile(file, (own) => {
    const fresh = other.keys.filter((key) => isNew(key, own, { file, from }));
    added = fresh.length;
    const byAge = (a: Key, b: Key) => a.createdAt.localeCompare(b.createdAt);
    const [first, ...rest] = [...own.keys, ...fresh].sort(byAge);
    return first === undefined ? own : { keys: [first, ...rest], active: own.active };
  });
  return { file: merged, added };
}

function isNew(key: Key, own: KeyFile, files: { readonly file: string; readonly from: string }): boolean {
  const same = own.keys.find(({ id }) => id === key.id);
  if (same === undefined) return true;
  if (same.key.equals(key.key)) return false;
  throw codedError('CAEP_CONFIGURATION_INVALID', {
    reason: `the key ${key.id} is ${fingerprintOf(same)} in ${files.file} and ${fingerprintOf(key)} in ${files.from}: one of the files was changed by hand`,
  });
}

async function changeKeyFile(file: string, change: (content: KeyFile) => KeyFile): Promise<KeyFile> {
  // Before the lock, which would make the folder of a file that is not there.
  await readKeyFile(file);
  for (;;) {
    const lock = await lockFor(file);
    try {
      const changed = change(await readKeyFile(file));
      const isPut = writeKeyFile(file, changed, (from, to) => {
        // Somebody who took this process for gone may have changed the file since it was read.
        if (!lock.isOurs()) return false;
        renameSync(from, to);
        return true;
      });
      if (isPut) return changed;
    } finally {
      lock.release();
    }
  }
}

async function lockFor(file: string): Promise<Lock> {
  const deadlineMs = performance.now() + LOCK_WITHIN_MS;
  const attempt = contendFor(`${file}.lock`);
  for (;;) {
    const result = attempt();
    if (result.state === 'taken') return result.lock;
    if (performance.now() > deadlineMs) throw codedError('CAEP_KEY_FILE_BUSY', { file, pid: String(result.by.pid) });
    await delay(LOCK_EVERY_MS);
  }
}

function freshKey(): Key {
  return { id: randomBytes(4).toString('hex'), key: randomBytes(KEY_BYTES), createdAt: new Date().toISOString() };
}
