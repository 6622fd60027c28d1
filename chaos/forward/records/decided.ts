/** Waits until every event that was taken is delivered, or a person would have to decide about it. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Backlog, readBacklog } from './records.js';

const BACKLOG_POLL_MS = 2_000;
/** Nothing has moved for so long: it never will. Above every deadline of the run. */
export const STUCK_AFTER_MS = 120_000;

/** @returns what does not come to its end */
export async function waitUntilDecided(deps: {
  readonly stack: { readonly databaseUrl: string };
  readonly lakeUrl: string;
  readonly taken: number;
  readonly log: (line: string) => void;
}): Promise<Backlog | undefined> {
  const { stack, lakeUrl, taken, log } = deps;
  let movedAt = performance.now();
  let seen = '';
  for (;;) {
    const backlog = await readBacklog(stack.databaseUrl, lakeUrl);
    const { known, ...left } = backlog;
    if (known >= taken && Object.values(left).every((count) => count === 0)) return undefined;
    const now = JSON.stringify(backlog);
    if (now !== seen) {
      movedAt = performance.now();
      log(now);
    }
    seen = now;
    if (performance.now() - movedAt > STUCK_AFTER_MS) return backlog;
    await delay(BACKLOG_POLL_MS);
  }
}
