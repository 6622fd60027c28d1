/** Requests to Temporal's server that may be under way at the same time. */
import pLimit from 'p-limit';
const AT_ONCE = 16;

/** Does all of the work, a few at a time. */
export async function inParallel(work: readonly (() => Promise<void>)[]): Promise<void> {
  await pLimit(AT_ONCE).map(work, (one) => one());
}
