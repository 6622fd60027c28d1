/**
 * What receivers of this home folder have left behind that are gone: their spools are taken over, and their journals are copied
 * for them. Looked for again and again, for whether one is gone may show only after a while.
 */
import { readdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import { contendFor, type Lock, type LockAttempt } from '../process/lock.js';
import { readLockFile } from '../process/lockFile.js';
import { type Place, placeOf, placesFolder, readReceiverId, type Slot } from './slot.js';
import type { KeptFiles } from './kept/keptFiles.js';
import { leftIn, segmentsIn } from './spool/segmentFiles.js';
import type { Spool } from './spool/spool.js';

const LOOK_EVERY_MS = 5_000;

/** A receiver that is gone, whose spool is part of ours now. Its place is ours until its journal is copied. */
interface Orphan {
  readonly receiverId: string;
  readonly journalFolder: string;
  /** Nothing of it is left to be done. */
  settled(): void;
}

export interface Adoption {
  orphans(): readonly Orphan[];
  /** PostgreSQL may have forgotten what was settled: all that are gone become orphans once more. */
  unsettle(): void;
  close(): Promise<void>;
}

interface AdoptionOptions {
  readonly home: string;
  readonly slot: Slot;
  readonly spool: Pick<Spool, 'adopt'>;
  readonly kept: Pick<KeptFiles, 'adopt'>;
  /** Called after something was taken over. */
  readonly onAdopted: () => void;
  readonly log: Pick<Logger, 'info' | 'error'>;
}

/** Has looked once when it resolves. */
export async function startAdoption(options: AdoptionOptions): Promise<Adoption> {
  const { home, slot, spool, kept, onAdopted, log } = options;
  const attempts = new Map<string, () => LockAttempt>();
  const orphans = new Map<string, { readonly orphan: Orphan; readonly lock: Lock }>();
  /** Their locks as they were left: unchanged, nobody has been there since. */
  const settled = new Map<string, string | undefined>();
  const saidHeld = new Set<string>();

  async function look(): Promise<void> {
    const names = await readdir(placesFolder(home));
    for (const name of names.filter((one) => /^\d+$/.test(one))) {
      const place = placeOf(home, name);
      if (place.folder === slot.folder || orphans.has(name)) continue;
      await lookAt(name, place).catch((error: unknown) => {
        log.error({ place: name, reason: String(error) }, 'the place of another receiver cannot be taken over');
      });
    }
  }

  async function lookAt(name: string, place: Place): Promise<void> {
    const seen = readLockFile(place.lockFile)?.seen;
    if (settled.has(name) && settled.get(name) === seen) return;
    const attempt = attempts.get(name) ?? contendFor(place.lockFile);
    attempts.set(name, attempt);
    const result = attempt();
    if (result.state === 'held') return sayHeld(name, result);
    const { lock } = result;
    try {
      const left = await leftIn(place.spoolFolder);
      await spool.adopt(left);
      if (left.length > 0) {
        log.info({ place: name, files: left.length }, 'the spool of a receiver that is gone was taken over');
        onAdopted();
      }
      await kept.adopt(await segmentsIn(place.keptFolder));
      await noteOrphan(name, place, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  async function noteOrphan(name: string, place: Place, lock: Lock): Promise<void> {
    const receiverId = await readReceiverId(place);
    const free = (): void => {
      orphans.delete(name);
      lock.release();
      settled.set(name, readLockFile(place.lockFile)?.seen);
    };
    if (receiverId === undefined) return free();
    const { journalFolder } = place;
    orphans.set(name, { lock, orphan: { receiverId, journalFolder, settled: free } });
  }

  /** Release 0.1.0 gives no sign of life: of one in another container only a person can say that it has ended. */
  function sayHeld(name: string, { by, liveness }: Extract<LockAttempt, { state: 'held' }>): void {
    if (liveness === 'running' || by.token !== undefined || saidHeld.has(name)) return;
    saidHeld.add(name);
    const { folder } = placeOf(home, name);
    log.error(
      { folder },
      'a receiver of release 0.1.0, in another container, had this place; has it ended, remove `lock`',
    );
  }

  await look();
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(look).catch(() => undefined);
  }, LOOK_EVERY_MS).unref();
  return {
    orphans: () => [...orphans.values()].map(({ orphan }) => orphan),
    unsettle: () => settled.clear(),
    async close() {
      clearInterval(timer);
      await looking;
      for (const { lock } of orphans.values()) lock.release();
    },
  };
}
