/** Looks for resends that are due, and for attempts that nobody will answer any more. */
import type { Holding } from '../../store/claim.js';
import type { Database } from '../../store/database.js';
import { claimResends, expireUnanswered } from '../../store/exceptions.js';
import type { Background } from './background.js';
import type { Ending } from './ending.js';
import type { Outbox } from './outbox.js';

/** While nothing is known to be due. */
const LOOK_EVERY_MS = 2_000;
/** Of one claim, whose bodies are in memory. */
const RESENDS_AT_ONCE = 16;

/** @returns looks if it is time to, without waiting for it */
export function createResends(deps: {
  readonly database: Database;
  readonly holding: Holding;
  readonly concurrency: number;
  readonly answerWithinMs: number;
  readonly background: Background;
  readonly ending: Pick<Ending, 'planned'>;
  readonly outbox: Outbox;
  readonly monotonicMs: () => number;
}): () => void {
  const { database, holding, answerWithinMs, outbox } = deps;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  /** The last claim took as many as it might: as soon as those have room, the next ones are claimed. */
  let moreAreDue = false;

  async function look(): Promise<void> {
    await expireUnanswered(database, holding.sourceId);
    await claim();
  }

  async function claim(): Promise<void> {
    const limit = Math.min(RESENDS_AT_ONCE, 2 * deps.concurrency - outbox.undecided());
    if (limit <= 0) return;
    const resends = await claimResends(database, { ...holding, limit, answerWithinMs });
    outbox.add(resends.map((resend) => ({ resend })));
    moreAreDue = resends.length === limit;
  }

  return () => {
    if (deps.ending.planned() !== undefined || deps.background.busy()) return;
    const now = deps.monotonicMs();
    if (now - lookedAtMs >= LOOK_EVERY_MS) {
      lookedAtMs = now;
      deps.background.run(look);
    } else if (moreAreDue && outbox.undecided() < deps.concurrency) {
      deps.background.run(claim);
    }
  };
}
