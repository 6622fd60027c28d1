/**
 * How a program tells whoever has started it that it serves: by a message over the channel that Node opens between the two.
 * A log would tell it too, but a log may be lost, and a full disk is no reason to take a program for one that does not start.
 */
import type { ChildProcess } from 'node:child_process';

/** What a program says of itself, for example where it is reached. */
export type ReadyFacts = Readonly<Record<string, unknown>>;

/** Does nothing in a program that was started by hand. */
export function tellReady(facts: ReadyFacts = {}): void {
  // Whoever started us may be gone by now; that is no matter of ours.
  process.send?.({ ready: facts }, undefined, undefined, () => undefined);
}

/**
 * @param child started with an `ipc` channel, which is closed once it has told
 * @returns never resolves for one that does not tell
 */
export function readinessOf(child: ChildProcess): Promise<ReadyFacts> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      const { ready } = message as { ready?: ReadyFacts };
      if (ready === undefined) return;
      child.disconnect();
      resolve(ready);
    });
  });
}
