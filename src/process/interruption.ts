/** Signals to a program: the first asks for an orderly end, another Ctrl-C does not wait for it. */
import type { EventEmitter } from 'node:events';

/** The signals that ask a program for an orderly end: Ctrl-C, a supervisor, and a terminal that was closed. */
const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** npm passes on the Ctrl-C that the terminal has given us already: one press arrives twice. */
const ECHO_MS = 1_000;

interface InterruptionOptions {
  /** Where the signals arrive: the process. */
  readonly signals: Pick<EventEmitter, 'on'>;
  readonly monotonicMs: () => number;
  /** Called by a second Ctrl-C. */
  readonly endAtOnce: () => void;
}

/** @returns aborted by the first signal that asks for the end */
export function watchInterruption({ signals, monotonicMs, endAtOnce }: InterruptionOptions): AbortSignal {
  const interruption = new AbortController();
  let firstAtMs: number | undefined;
  for (const signal of END_SIGNALS) {
    signals.on(signal, () => {
      const nowMs = monotonicMs();
      firstAtMs ??= nowMs;
      if (signal === 'SIGINT' && nowMs - firstAtMs > ECHO_MS) endAtOnce();
      interruption.abort();
    });
  }
  return interruption.signal;
}

/** Of a program whose orderly end takes no time. @returns aborted by the first signal */
export function askedToEnd(): AbortSignal {
  const asked = new AbortController();
  for (const signal of END_SIGNALS) process.once(signal, () => asked.abort());
  return asked.signal;
}
