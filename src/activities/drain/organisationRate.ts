/** How many events a second the organisation sends, over all its sources and workers: divided among the drains that have something to send. */
import type { Database } from '../../store/connection/database.js';
import { countBusy } from '../../store/delivery/claim.js';

/** Of one look, for all drains of the process. */
const KNOWN_FOR_MS = 500;

export interface OrganisationRate {
  /** What a drain has of it, itself counted, as things are now; one statement for all that ask meanwhile. */
  share(): Promise<number>;
}

export function createOrganisationRate(database: Database, perSecond: number): OrganisationRate {
  let known: { readonly busy: Promise<number>; readonly atMs: number } | undefined;
  return {
    async share() {
      if (known === undefined || performance.now() - known.atMs > KNOWN_FOR_MS) {
        const busy = countBusy(database);
        known = { busy, atMs: performance.now() };
        // Whoever asks next asks the database again.
        busy.catch(() => (known = undefined));
      }
      return perSecond / Math.max(1, await known.busy);
    },
  };
}
