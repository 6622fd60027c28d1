/** Events that were sent under a mapping that does not tell them apart: concluded without the lake, which cannot say anything of them. */
import { absenceDeadlineMs, UNPROVEN_SIGHTING } from '../../domain/exceptions/lookUp.js';
import type { Delivery } from '../../domain/source/manifest.js';
import type { Database } from '../../store/connection/database.js';
import { chosenCanaries } from '../../store/delivery/canaries.js';
import { dueConfirmations, unconfirmedDeliveries } from '../../store/exceptions/confirmation.js';
import { dueLookUps, lookUpsAwaitingLake, recordLookUps, unprovenLookUps } from '../../store/exceptions/lookUps.js';
import { confirmPage, NOT_SEEN, type ConfirmationStep } from './accepted.js';
import type { Observer } from './observer.js';
import { cannotBeLookedFor } from './unknown.js';

const AT_ONCE = 1_000;

/** Of the others nothing is seen, and nothing is concluded. */
const WITHOUT_LAKE: Observer = {
  observe: (events) =>
    Promise.resolve(events.map(({ unproven }) => (unproven === true ? UNPROVEN_SIGHTING : NOT_SEEN))),
};

/**
 * Holds those of unknown outcome, at once, and passes the accepted ones as far as none comes before that can be looked for.
 *
 * @param goesOn false: the rest is passed in the next round
 */
export async function concludeUnproven(
  database: Database,
  sourceId: number,
  delivery: Delivery,
  goesOn: () => boolean,
): Promise<void> {
  await recordLookUps(database, sourceId, (await unprovenLookUps(database, sourceId, AT_ONCE)).map(cannotBeLookedFor));
  for (const due of await dueConfirmations(database, sourceId)) {
    let step: ConfirmationStep = { state: 'more', due };
    while (step.state === 'more' && goesOn()) step = await confirmPage(database, WITHOUT_LAKE, step.due, delivery);
  }
}

/** Whether anything is due that was sent under another mapping. */
export async function hasProvenToLookFor(database: Database, sourceId: number, delivery: Delivery): Promise<boolean> {
  const due = await Promise.all([
    dueLookUps(database, sourceId, 1),
    lookUpsAwaitingLake(database, sourceId, 1),
    dueConfirmations(database, sourceId),
    unconfirmedDeliveries(database, sourceId, { olderThanMs: absenceDeadlineMs(delivery), limit: 1 }),
    chosenCanaries(database, sourceId),
  ]);
  return due.some((rows) => rows.length > 0);
}
