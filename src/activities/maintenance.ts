/** What the store needs once a day, of one worker for all. */
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import { messageOf } from '../domain/messageOf.js';
import { ensureBodyPartitions } from '../store/bodies/bodyPartitions.js';
import type { Database } from '../store/connection/database.js';
import { eraseAbandonedBodies, eraseDecidedBodies, forgetTurnedAway } from '../store/exceptions/heldErasure.js';
import { forgetInletAnswers } from '../store/delivery/inletAnswers.js';
import { pruneReceipts } from '../store/delivery/receipts.js';
import { dropOldBodies } from '../store/log/retention.js';
import { tallyPartitions } from '../store/views/tally.js';
import type { Duty } from '../store/sharing/duty.js';
import { holdUnsent, sourcesWithUnsent } from '../store/delivery/unsent.js';

const EVERY_MS = 86_400_000;
const BETWEEN_PAGES_MS = 50;
/** As long as Adobe keeps the diagnostics that a receipt could be compared with. */
const RECEIPTS_KEPT_MS = 30 * 86_400_000;

export interface Maintenance {
  close(): Promise<void>;
}

/** Runs whenever this worker gets the duty, and then every day; several workers doing it at the same time do no harm. */
export function startMaintenance({
  database,
  duty,
  log,
}: {
  readonly database: Database;
  /** Absent: there is no other worker. */
  readonly duty?: Duty;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}): Maintenance {
  const closing = new AbortController();
  const inTurn = pLimit(1);

  async function maintain(): Promise<void> {
    await ensureBodyPartitions(database);
    // What a receiver's spool has brought after the teardown.
    for (const sourceId of await sourcesWithUnsent(database)) {
      await holdUnsent(database, sourceId, () => closing.signal.throwIfAborted());
    }
    // What is dropped has been counted.
    await tallyPartitions(database);
    const dropped = await dropOldBodies(database);
    if (dropped.length > 0) log.info({ dropped }, 'deleted old bodies of events that are confirmed or decided');
    await paced(() => eraseDecidedBodies(database));
    await paced(() => eraseAbandonedBodies(database));
    await forgetTurnedAway(database);
    await paced(() => forgetInletAnswers(database));
    await paced(() => pruneReceipts(database, RECEIPTS_KEPT_MS));
  }

  /** Page after page, with room for what does not wait. */
  async function paced(page: () => Promise<number>): Promise<void> {
    while (!closing.signal.aborted && (await page()) > 0) await delay(BETWEEN_PAGES_MS);
  }

  function run(): void {
    if (duty?.isMine() === false) return;
    void inTurn(maintain).catch((error: unknown) => {
      log.warn({ reason: messageOf(error) }, 'maintenance failed; it is tried again tomorrow');
    });
  }

  const timer = setInterval(run, EVERY_MS);
  const takenOver = duty?.onTaken(run);
  if (duty === undefined) run();
  return {
    async close() {
      closing.abort();
      clearInterval(timer);
      takenOver?.();
      await inTurn(() => undefined);
    },
  };
}
