/** Answers that come after their drain has handed over: who ends the process waits for them, as nobody else can record them. */

export interface LateAnswers {
  /** @param recorded resolves when they have been answered and recorded */
  expect(requests: number, recorded: Promise<void>): void;
  /** Requests that are not answered yet, of drains that have ended. */
  count(): number;
  /** Resolves when all are recorded that are expected now. */
  recorded(): Promise<void>;
}

export function createLateAnswers(): LateAnswers {
  const expected = new Map<Promise<void>, number>();
  return {
    expect(requests, recorded) {
      expected.set(recorded, requests);
      void recorded.finally(() => expected.delete(recorded));
    },
    count: () => [...expected.values()].reduce((sum, requests) => sum + requests, 0),
    recorded: async () => void (await Promise.all(expected.keys())),
  };
}
