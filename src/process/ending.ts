/**
 * The end of a worker or a receiver: begun by a signal or by a failure, over within a bound, and told by its first reason.
 *
 * Nothing that is waited for can be relied on: an activity may never return, a server may have stopped without closing its
 * connections. So the whole is bounded, and what has not ended by then is named.
 */
import type { EventEmitter } from 'node:events';
import { codedError, EXIT_CODES } from '../domain/errors.js';
import { watchInterruption } from './interruption.js';
import { within } from './within.js';

/** From the first signal to the last byte. Below the 30 s that Kubernetes gives a pod. */
export const ENDS_WITHIN_MS = 25_000;
/** Of it, for the last lines of a log to reach a reader that is slow. */
export const LAST_WORDS_MS = 2_000;
/** For a part whose turn comes when its time is over: most end at once. */
const A_MOMENT_MS = 250;

export interface Ending {
  /** Aborted by the first signal, or the first failure. */
  readonly begun: AbortSignal;
  /** From now on there is work to bring to its end. A signal before that ends the process at once. */
  serves(): void;
  /** The process cannot go on. The first reason is told, and decides the exit code. */
  fail(reason: unknown): void;
  /**
   * Waits for a part to end, until so long after the end was begun. Rejects as `ended` does.
   *
   * @param part its name, for the error; asked when it is given up
   */
  bring(part: () => string, ended: Promise<unknown>, withinMs: number): Promise<void>;
}

interface EndOptions {
  /** Where the signals arrive. */
  readonly signals?: Pick<EventEmitter, 'on'>;
  readonly exit?: (code: number) => void;
  readonly endsWithinMs?: number;
}

/**
 * Runs a process to its end, which is whole only if a signal has asked for it and everything has ended.
 *
 * @throws the first failure; CodedError `CAEP_END_INCOMPLETE`
 */
export async function untilEnd(
  name: 'worker' | 'receiver',
  main: (ending: Ending) => Promise<void>,
  { signals = process, exit = (code) => process.exit(code), endsWithinMs = ENDS_WITHIN_MS }: EndOptions = {},
): Promise<void> {
  const begun = new AbortController();
  const underWay = new Set<() => string>();
  const givenUp = new Set<string>();
  let isServing = false;
  let begunMs: number | undefined;
  let failure: { readonly reason: unknown } | undefined;
  let timer: NodeJS.Timeout | undefined;

  const overdue = new Promise<'overdue'>((resolve) => {
    begun.signal.addEventListener('abort', () => {
      begunMs = performance.now();
      timer = setTimeout(() => resolve('overdue'), endsWithinMs - LAST_WORDS_MS);
    });
  });
  const asked = watchInterruption({
    signals,
    monotonicMs: () => performance.now(),
    endAtOnce: () => exit(EXIT_CODES.interrupted),
  });
  asked.addEventListener('abort', () => {
    // What was begun by then, such as a migration, is as if the process had been killed.
    if (!isServing) exit(EXIT_CODES.done);
    begun.abort();
  });

  function fail(reason: unknown): void {
    failure ??= { reason };
    begun.abort();
  }
  async function bring(part: () => string, ended: Promise<unknown>, withinMs: number): Promise<void> {
    const nowMs = performance.now();
    underWay.add(part);
    try {
      await within(Math.max(A_MOMENT_MS, (begunMs ?? nowMs) + withinMs - nowMs), ended, () => givenUp.add(part()));
    } finally {
      underWay.delete(part);
    }
  }

  const ended = main({ begun: begun.signal, serves: () => (isServing = true), fail, bring }).catch(fail);
  const isOverdue = (await Promise.race([ended, overdue])) === 'overdue';
  clearTimeout(timer);
  if (failure !== undefined) throw failure.reason;
  const parts = [...givenUp, ...[...underWay].map((part) => part())];
  if (parts.length === 0 && !isOverdue) return;
  const seconds = String(endsWithinMs / 1_000);
  throw codedError('CAEP_END_INCOMPLETE', { process: name, seconds, parts: parts.join(', ') || 'the process' });
}
