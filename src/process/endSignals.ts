/** The signals that ask a program for an orderly end: Ctrl-C, a supervisor, and a terminal that was closed. */
export const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @returns aborted by the first of them */
export function askedToEnd(): AbortSignal {
  const asked = new AbortController();
  for (const signal of END_SIGNALS) process.once(signal, () => asked.abort());
  return asked.signal;
}
