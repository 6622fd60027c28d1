/** What the parts of a drain work with, beside its state. */
import type { Attempt } from '../../../domain/delivery/outcomes.js';
import { isTransient } from '../../../store/connection/transient.js';
import type { Opened } from '../../../store/keys/opened.js';
import { type Clock, type Moment, momentOf } from '../lease.js';
import { noteFailure, wantsRetries } from './ending.js';
import type { DrainState, Sendable } from '../state.js';
import type { DrainStore } from '../store.js';

export interface Drain {
  readonly state: DrainState;
  readonly store: DrainStore;
  readonly clock: Clock;
  readonly open: (sendable: Sendable) => Opened;
  readonly post: (body: Buffer, options: { readonly mayStart: () => boolean }) => Promise<Attempt>;
  /** What the destination said in words: it may quote the event. */
  readonly heard: (sendable: Sendable, said: string) => void;
  readonly databaseFailed: (error: unknown) => void;
  /** The drain fails: everything up to this number may have been sent. */
  readonly leaveBehind: (intended: number) => void;
  /** A flush was committed. */
  readonly flushed: (durationMs: number) => void;
  /** Makes the loop look again. */
  readonly changed: () => void;
  readonly pause: (ms: number) => Promise<unknown>;
  /** Statements that change the books run one at a time. */
  readonly inTurn: <T>(work: () => Promise<T> | T) => Promise<T>;
}

/** Pause before a statement that failed is made again. */
const RETRY_MS = 200;

export function nowOf({ clock }: Drain): Moment {
  return momentOf(clock);
}

/** Does work that may be done twice until it succeeds, or the drain is to end; throws what does not pass by itself. */
export async function untilDone(drain: Drain, work: () => Promise<unknown>): Promise<void> {
  while (drain.state.ending === undefined) {
    try {
      await work();
      return;
    } catch (error) {
      if (!isTransient(error)) throw error;
      drain.databaseFailed(error);
      await drain.pause(RETRY_MS);
    }
  }
}

/** @returns undefined after a transient failure and a pause; throws when it is not to be made again */
export async function attempt<T>(drain: Drain, statement: () => Promise<T>): Promise<T | undefined> {
  try {
    return await statement();
  } catch (error) {
    if (!isTransient(error)) throw error;
    await beforeRetry(drain, error);
    return undefined;
  }
}

/** Throws the error when it is too late to try again. */
export async function beforeRetry(drain: Drain, error: unknown): Promise<void> {
  drain.databaseFailed(error);
  if (!wantsRetries(drain.state, drain.clock.monotonicMs())) throw error;
  await drain.pause(RETRY_MS);
}

/** Beside the loop, which looks again when it is over; a failure ends the drain. */
export function beside(drain: Drain, work: Promise<unknown>, over?: () => void): void {
  void work
    .catch((error: unknown) => noteFailure(drain.state, error))
    .finally(() => {
      over?.();
      drain.changed();
    });
}
