/**
 * A receiver's own place on the disk: `receivers/1`, `2`, … below the home folder, one for each that runs there at once. It
 * has a lock, the receiver's id, its spool and its journal, and is taken again by the next receiver that starts.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Lock, tryLock } from '../process/files/lock.js';
import { replaceFile } from '../process/files/wholeFile.js';

export interface Slot extends Place {
  readonly lock: Lock;
  /** Stable for the folder, unique among machines. */
  readonly receiverId: string;
}

export interface Place {
  readonly folder: string;
  readonly lockFile: string;
  readonly spoolFolder: string;
  /** Copies of what PostgreSQL has taken and may lose. */
  readonly keptFolder: string;
  readonly journalFolder: string;
}

export function placesFolder(home: string): string {
  return join(home, 'receivers');
}

export function placeOf(home: string, name: string): Place {
  const folder = join(placesFolder(home), name);
  return {
    folder,
    lockFile: join(folder, 'lock'),
    spoolFolder: join(folder, 'spool'),
    keptFolder: join(folder, 'kept'),
    journalFolder: join(folder, 'journal'),
  };
}

/** Takes the first place that nobody holds. */
export async function takeSlot(home: string): Promise<Slot> {
  for (let number = 1; ; number += 1) {
    const place = placeOf(home, String(number));
    await mkdir(place.folder, { recursive: true, mode: 0o700 });
    const attempt = tryLock(place.lockFile);
    if (attempt.state === 'held') continue;
    return { ...place, lock: attempt.lock, receiverId: (await readReceiverId(place)) ?? makeReceiverId(place) };
  }
}

/** @returns undefined when no receiver has ever run there */
export async function readReceiverId({ folder }: Place): Promise<string | undefined> {
  const known = await readFile(join(folder, 'id'), 'utf8').catch(() => '');
  return known === '' ? undefined : known;
}

function makeReceiverId({ folder }: Place): string {
  const id = `${hostname()}-${randomBytes(4).toString('hex')}`;
  replaceFile(join(folder, 'id'), id);
  return id;
}
