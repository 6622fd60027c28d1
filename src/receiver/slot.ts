/**
 * A receiver's own place on the disk: `receivers/1`, `2`, … below the home folder, one for each that runs there at once. It
 * has a lock, the receiver's id, its spool and its journal, and is taken again by the next receiver that starts.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { tryLock } from '../process/lock.js';

export interface Slot {
  /** Stable for the folder, unique among machines. */
  readonly receiverId: string;
  readonly spoolFolder: string;
  readonly journalFolder: string;
  /** Receivers that are gone, whose spools are empty since a receiver of this folder has taken over what was in them. */
  readonly adopted: readonly string[];
  release(): void;
}

/** In a place whose spool has been moved; gone when the place is taken again. */
const ADOPTED = 'adopted';
const SEGMENT = /^(\d{10})\.seg$/;

/** Takes the first place that nobody holds, with what earlier receivers have left in the spools of all such places. */
export async function takeSlot(home: string): Promise<Slot> {
  const folder = join(home, 'receivers');
  for (let number = 1; ; number += 1) {
    const own = join(folder, String(number));
    const lock = tryLock(join(own, 'lock'));
    if (lock.state === 'held') continue;
    await rm(join(own, ADOPTED), { force: true });
    const spoolFolder = join(own, 'spool');
    await mkdir(spoolFolder, { recursive: true, mode: 0o700 });
    await adoptSpools(folder, String(number), spoolFolder);
    return {
      receiverId: await receiverIdOf(own),
      spoolFolder,
      journalFolder: join(own, 'journal'),
      adopted: await adoptedIn(folder),
      release: () => lock.release(),
    };
  }
}

async function receiverIdOf(folder: string): Promise<string> {
  const file = join(folder, 'id');
  const known = await readFile(file, 'utf8').catch(() => '');
  if (known !== '') return known;
  const id = `${hostname()}-${randomBytes(4).toString('hex')}`;
  await writeFile(`${file}.part`, id, { flush: true });
  await rename(`${file}.part`, file);
  return id;
}

/** Fewer receivers than before: the segments of places that nobody holds are moved here, behind our own. */
async function adoptSpools(folder: string, own: string, spoolFolder: string): Promise<void> {
  for (const other of await readdir(folder)) {
    if (other === own) continue;
    const orphaned = await segmentsOf(join(folder, other, 'spool'));
    if (orphaned.length === 0) continue;
    const lock = tryLock(join(folder, other, 'lock'));
    if (lock.state === 'held') continue;
    await writeFile(join(folder, other, ADOPTED), '');
    let next = 1 + Math.max(0, ...(await segmentsOf(spoolFolder)).map((name) => Number.parseInt(name, 10)));
    for (const name of await segmentsOf(join(folder, other, 'spool'))) {
      await rename(join(folder, other, 'spool', name), join(spoolFolder, `${String(next).padStart(10, '0')}.seg`));
      next += 1;
    }
    lock.release();
  }
}

async function adoptedIn(folder: string): Promise<string[]> {
  const places = (await readdir(folder)).filter((place) => existsSync(join(folder, place, ADOPTED)));
  return Promise.all(places.map((place) => receiverIdOf(join(folder, place))));
}

async function segmentsOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  return names.filter((name) => SEGMENT.test(name)).sort();
}
