/**
 * What receivers of this home folder have left behind that are gone: their spools are taken over, and their journals are copied
 * for them. Looked for again and again, for whether one is gone may show only after a while.
 */
import { readdir } from 'node:fs/promises';
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import { messageOf } from '../domain/messageOf.js';
import { contendFor, type Lock, type LockAttempt } from '../process/files/lock.js';
import { readLockFile } from '../process/files/lockFile.js';
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
  finished(): void;
}

export interface Adoption {
  orphans(): readonly Orphan[];
  /** PostgreSQL may have forgotten what was finished: all that are gone become orphans once more. */
  startOver(): void;
  close(): Promise<void>;
}

interface AdoptionOptions {
  readonly home: string;
  readonly slot: Pick<Slot, 'folder'>;
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
  const finished = new Map<string, string | undefined>();
  const saidHeld = new Set<string>();

  async function look(): Promise<void> {
    const names = await readdir(placesFolder(home));
    for (const name of names.filter((one) => /^\d+$/.test(one))) {
      const place = placeOf(home, name);
      if (place.folder === slot.folder || orphans.has(name)) continue;
      await lookAt(name, place).catch((error: unknown) => {
        log.error({ place: name, reason: messageOf(error) }, 'the folder of another receiver cannot be taken over');
      });
    }
  }

  async function lookAt(name: string, place: Place): Promise<void> {
    const seen = readLockFile(place.lockFile)?.seen;
    if (finished.has(name) && finished.get(name) === seen) return;
    const attempt = attempts.get(name) ?? contendFor(place.lockFile);
    attempts.set(name, attempt);
    const result = attempt();
    if (result.state === 'held') return sayHeld(name, result);
    const { lock } = result;
    try {
      const left = await leftIn(place.spoolFolder);
      await spool.adopt(left);
      if (left.length > 0) {
        log.info({ place: name, files: left.length }, 'took over the spool of a receiver that has stopped');
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
      finished.set(name, readLockFile(place.lockFile)?.seen);
    };
    if (receiverId === undefined) return free();
    const { journalFolder } = place;
    orphans.set(name, { lock, orphan: { receiverId, journalFolder, finished: free } });
  }

  /** Release 0.1.0 gives no sign of life: of one in another container only a person can say that it has ended. */
  function sayHeld(name: string, { by, liveness }: Extract<LockAttempt, { state: 'held' }>): void {
    if (liveness === 'running' || by.token !== undefined || saidHeld.has(name)) return;
    saidHeld.add(name);
    const { folder } = placeOf(home, name);
    log.error(
      { folder },
      'a receiver of release 0.1.0 in another container used this folder; if it has ended, remove its file `lock`',
    );
  }

  /** Said once for as long as it lasts: looks come every few seconds. */
  let failing = false;
  async function lookAgain(): Promise<void> {
    try {
      await look();
      failing = false;
    } catch (error) {
      if (!failing) log.error({ reason: messageOf(error) }, 'cannot look for receivers that have stopped');
      failing = true;
    }
  }

  await look();
  const inTurn = pLimit(1);
  const timer = setInterval(() => void inTurn(lookAgain), LOOK_EVERY_MS).unref();
  return {
    orphans: () => [...orphans.values()].map(({ orphan }) => orphan),
    startOver: () => finished.clear(),
    async close() {
      clearInterval(timer);
      await inTurn(() => undefined);
      for (const { lock } of orphans.values()) lock.release();
    },
  };
}
