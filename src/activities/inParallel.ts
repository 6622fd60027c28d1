/** Requests to Temporal's server that may be under way at the same time. */
const AT_ONCE = 16;

/** Does all of the work, a few at a time. */
export async function inParallel(work: readonly (() => Promise<void>)[]): Promise<void> {
  const queue = work.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      // They share the iterator: each takes what is next.
      for (const one of queue) await one();
    }),
  );
}
