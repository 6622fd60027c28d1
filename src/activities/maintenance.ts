/** What the store needs now and then, whoever does it: once a day per worker. */
import type { Logger } from 'pino';
import { messageOf } from '../domain/messageOf.js';
import { ensureBodyPartitions } from '../store/bodies/bodyPartitions.js';
import type { Database } from '../store/connection/database.js';
import { eraseAbandonedBodies, eraseDecidedBodies, forgetTurnedAway } from '../store/exceptions/heldErasure.js';
import { forgetInletAnswers } from '../store/delivery/inletAnswers.js';
import { pruneReceipts } from '../store/delivery/receipts.js';
import { dropOldBodies } from '../store/log/retention.js';
import { tallyPartitions } from '../store/views/tally.js';
import { holdUnsent, sourcesWithUnsent } from '../store/delivery/unsent.js';

const EVERY_MS = 86_400_000;
/** As long as Adobe keeps the diagnostics that a receipt could be compared with. */
const RECEIPTS_KEPT_MS = 30 * 86_400_000;

export interface Maintenance {
  close(): Promise<void>;
}

/** Runs at once and then every day; several workers doing it at the same time do no harm. */
export function startMaintenance({
  database,
  log,
}: {
  readonly database: Database;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}): Maintenance {
  const closing = new AbortController();
  let running = Promise.resolve();

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
    while (!closing.signal.aborted && (await eraseDecidedBodies(database)) > 0);
    while (!closing.signal.aborted && (await eraseAbandonedBodies(database)) > 0);
    await forgetTurnedAway(database);
    while (!closing.signal.aborted && (await forgetInletAnswers(database)) > 0);
    while (!closing.signal.aborted && (await pruneReceipts(database, RECEIPTS_KEPT_MS)) > 0);
  }

  function run(): void {
    running = maintain().catch((error: unknown) => {
      log.warn({ reason: messageOf(error) }, 'maintenance failed; it is tried again tomorrow');
    });
  }

  const timer = setInterval(run, EVERY_MS);
  run();
  return {
    async close() {
      closing.abort();
      clearInterval(timer);
      await running;
    },
  };
}
