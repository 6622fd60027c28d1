/** How far the load may run: ahead of the disruptions, and while a source is updated slowly on, so that it meets every moment of that. */
import type { Load } from './load.js';

export interface Allowance {
  /** Posts up to this number may begin, as soon as no update holds them back. */
  until(posts: number): void;
  /**
   * While `work` runs, the load goes on little by little, and no further than a share of the run; half of that share is kept for
   * the time after `work` has called `goOn`.
   */
  slowly(work: (goOn: () => void) => Promise<void>): Promise<void>;
}

const STEP_MS = 100;
/** An update takes about ten seconds. */
const SHARE_A_STEP = 0.001;
const MOST_SHARE = 0.12;

export function createAllowance(load: Pick<Load, 'allow' | 'answered'>, posts: number): Allowance {
  let wanted = 0;
  /** While the load is held back. */
  let limit: number | undefined;
  let slow = 0;

  const apply = (): void => load.allow(limit === undefined ? wanted : Math.min(wanted, Math.floor(limit)));

  return {
    until(count) {
      wanted = Math.max(wanted, count);
      apply();
    },
    async slowly(work) {
      const from = load.answered();
      limit = Math.max(limit ?? 0, from);
      slow += 1;
      let most = from + (MOST_SHARE / 2) * posts;
      const goOn = (): void => {
        most = from + MOST_SHARE * posts;
      };
      const timer = setInterval(() => {
        limit = Math.min((limit ?? from) + SHARE_A_STEP * posts, most);
        apply();
      }, STEP_MS);
      try {
        await work(goOn);
      } finally {
        clearInterval(timer);
        slow -= 1;
        if (slow === 0) limit = undefined;
        apply();
      }
    },
  };
}
