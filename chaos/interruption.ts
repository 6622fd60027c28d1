/** Ctrl-C leaves no process behind: what runs tells how it is ended. */
const endings = new Set<() => Promise<void> | void>();

/** @returns takes the ending back, when there is nothing to be ended any more */
export function endOnInterruption(end: () => Promise<void> | void): () => void {
  endings.add(end);
  return () => void endings.delete(end);
}

let interrupted = false;

export function isInterrupted(): boolean {
  return interrupted;
}

export function listenForInterruption(exitCode: number): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      interrupted = true;
      const ended = Promise.allSettled([...endings].map(async (end) => end()));
      void ended.finally(() => process.exit(exitCode));
    });
  }
}
