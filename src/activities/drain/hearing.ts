/** Keeps what the inlet says in words, apart from the outcomes: these never wait for it, and it may be lost. */
import type { InletAnswer } from '../../store/delivery/inletAnswers.js';

/** Beyond it answers are dropped: codes and request ids are in the outcomes. */
const MAX_WAITING = 200;
const BATCH = 50;

export interface Hearing {
  heard(answer: InletAnswer): void;
  /** Resolves when everything was kept, or could not be. */
  allKept(): Promise<void>;
}

export function createHearing(
  keep: (answers: readonly InletAnswer[]) => Promise<void>,
  failed: (error: unknown) => void,
): Hearing {
  let waiting: InletAnswer[] = [];
  let running: Promise<void> | undefined;

  async function keepAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH);
      waiting = waiting.slice(BATCH);
      await keep(batch).catch(failed);
    }
    running = undefined;
  }

  return {
    heard(answer) {
      if (waiting.length >= MAX_WAITING) return;
      waiting.push(answer);
      running ??= keepAll();
    },
    allKept: async () => running,
  };
}
