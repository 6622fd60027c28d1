/** A drain's part of its source's rate: the whole of it, shared by the drains that have something to send. */
import type { PartitionId } from '../../store/claim.js';
import { countBusyDrains } from '../../store/claim.js';
import type { Database } from '../../store/database.js';
import type { Background } from './background.js';
import type { Ending } from './ending.js';
import type { Rate } from './rate.js';

/** So long the rate may be exceeded by the share of a drain that has just begun: it begins with that of all partitions. */
const LOOK_EVERY_MS = 2_000;

/** @returns looks if it is time to, without waiting for it */
export function createShare(deps: {
  readonly database: Database;
  readonly partition: PartitionId;
  /** Of the source. */
  readonly requestsPerSecond: number;
  readonly rate: Pick<Rate, 'change'>;
  readonly background: Background;
  readonly ending: Pick<Ending, 'planned'>;
  readonly monotonicMs: () => number;
}): () => void {
  let lookedAtMs = deps.monotonicMs();

  return () => {
    if (deps.ending.planned() !== undefined || deps.background.busy()) return;
    const now = deps.monotonicMs();
    if (now - lookedAtMs < LOOK_EVERY_MS) return;
    lookedAtMs = now;
    deps.background.run(async () => {
      const others = await countBusyDrains(deps.database, deps.partition);
      deps.rate.change(deps.requestsPerSecond / (others + 1));
    });
  };
}
