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
    // Not once: npm passes on the Ctrl-C that the terminal has sent already, and a second one would end us before our children.
    process.on(signal, () => {
      if (interrupted) return;
      interrupted = true;
      const ended = Promise.allSettled([...endings].map(async (end) => end()));
      void ended.finally(() => process.exit(exitCode));
    });
  }
}
