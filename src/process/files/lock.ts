/**
 * A lock that a file stands for, held by one process among all that see the file: also of other containers and machines.
 *
 * A holder of our own pid namespace is looked up by pid and start time. Any other cannot be seen from here: it touches the file
 * every few seconds, and counts as gone when the file has not changed for the length of a lease, by our own clock.
 *
 * That can be wrong, for a process that was stopped for so long. So each lock has a token, and a holder looks after the act
 * whether the token still stands there, before it promises anything: {@link Lock.isOurs}.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identityOf, type Liveness, livenessOf } from '../programs/identity.js';
import { type Holder, overwriteHolder, putInPlace, readLockFile, replaceHolder, touch } from './lockFile.js';

export interface Lock {
  /** False as soon as somebody else has taken it, and when that cannot be told. */
  isOurs(): boolean;
  /** Resolves when somebody else has taken it; noticed within seconds. */
  readonly lost: Promise<void>;
  release(): void;
}

/** `liveness` is `unknown` for a holder of another container or machine, until its file is seen to change. */
export type LockAttempt =
  | { readonly state: 'taken'; readonly lock: Lock }
  | { readonly state: 'held'; readonly by: Holder; readonly liveness: Exclude<Liveness, 'ended'> };

export interface LockTimes {
  readonly beatMs: number;
  /** Several beats, and what a file system of the network may keep to itself. */
  readonly leaseMs: number;
}

const TIMES: LockTimes = { beatMs: 3_000, leaseMs: 15_000 };
const POLL_MS = 500;

/**
 * Tries once. Whether a holder that cannot be seen is gone takes more than one look: {@link contendFor}.
 *
 * @throws what the file system throws; `systemFault` makes an error with a code of it
 * @example
 * const attempt = tryLock(`${folder}/receiver-1/lock`);
 * assert.equal(attempt.state, 'taken');
 * assert.equal(tryLock(`${folder}/receiver-1/lock`).state, 'held');
 * if (attempt.state === 'taken') attempt.lock.release();
 */
export function tryLock(file: string, times: LockTimes = TIMES): LockAttempt {
  return contendFor(file, times)();
}

/** @returns tries again at each call, and remembers what it has seen of a holder */
export function contendFor(file: string, { beatMs, leaseMs }: LockTimes = TIMES): () => LockAttempt {
  let sighting: { readonly seen: string; readonly firstAtMs: number; readonly hasChanged: boolean } | undefined;

  function isGone(holder: Holder, seen: string): boolean {
    const liveness = livenessOf(holder);
    if (liveness !== 'unknown') return liveness === 'ended';
    const nowMs = performance.now();
    if (sighting?.seen !== seen) {
      sighting = { seen, firstAtMs: nowMs, hasChanged: sighting !== undefined };
      return false;
    }
    // One of release 0.1.0 touches nothing: whether it is gone is for a person to say.
    return holder.token !== undefined && nowMs - sighting.firstAtMs >= leaseMs;
  }

  return () => {
    const self = identityOf(process.pid);
    if (self === undefined) throw new Error('this process has no identity');
    mkdirSync(dirname(file), { recursive: true });
    const own: Holder = { ...self, token: randomUUID() };
    for (;;) {
      const there = readLockFile(file);
      if (there === undefined) {
        if (putInPlace(file, own)) return { state: 'taken', lock: hold(file, own, beatMs) };
        continue;
      }
      if (there.holder !== undefined && !isGone(there.holder, there.seen)) {
        const isKnown = livenessOf(there.holder) === 'running' || sighting?.hasChanged === true;
        return { state: 'held', by: there.holder, liveness: isKnown ? 'running' : 'unknown' };
      }
      if (replaceHolder(file, there.text, own)) return { state: 'taken', lock: hold(file, own, beatMs) };
    }
  };
}

/**
 * Takes the lock as soon as it is known whether it is free: at once where its holder can be seen from here, else after the
 * length of a lease.
 *
 * @param onWait told once of a holder that cannot be seen
 */
export async function takeLock(
  file: string,
  onWait: (holder: Holder) => void = () => undefined,
  times: LockTimes = TIMES,
): Promise<LockAttempt> {
  const attempt = contendFor(file, times);
  for (let hasWaited = false; ; hasWaited = true) {
    const result = attempt();
    if (result.state === 'taken' || result.liveness === 'running' || result.by.token === undefined) return result;
    if (!hasWaited) onWait(result.by);
    await delay(Math.min(POLL_MS, times.beatMs));
  }
}

/** Does something under the lock, however long it takes to get it. @param onWait told once of a holder that is waited for */
export async function withLock<T>(file: string, onWait: (holder: Holder) => void, work: () => Promise<T>): Promise<T> {
  const attempt = contendFor(file);
  for (let hasWaited = false; ; hasWaited = true) {
    const result = attempt();
    if (result.state === 'taken') {
      try {
        return await work();
      } finally {
        result.lock.release();
      }
    }
    if (!hasWaited) onWait(result.by);
    await delay(POLL_MS);
  }
}

function hold(file: string, own: Holder, beatMs: number): Lock {
  let tellLost: () => void = () => undefined;
  const lost = new Promise<void>((resolve) => (tellLost = resolve));
  const beat = setInterval(() => {
    const there = readOrNothing(file);
    if (there === 'unreadable') return;
    if (there?.holder?.token === own.token) return touch(file);
    clearInterval(beat);
    tellLost();
  }, beatMs).unref();
  const isOurs = (): boolean => {
    const there = readOrNothing(file);
    return there !== 'unreadable' && there?.holder?.token === own.token;
  };
  return {
    isOurs,
    lost,
    release() {
      clearInterval(beat);
      // The file stays: where the disk is full by the next start, there is no room for another one.
      if (isOurs()) overwriteHolder(file, undefined);
    },
  };
}

function readOrNothing(file: string): ReturnType<typeof readLockFile> | 'unreadable' {
  try {
    return readLockFile(file);
  } catch {
    return 'unreadable';
  }
}
