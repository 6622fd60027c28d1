/**
 * Proof: events are looked for in the lake by their `_id`. A mapping that fills `_id` or `timestamp` with something else leaves none, and a
 * person may have said so (`proof: none`).
 */

/** Completes "still not known: …". */
export const NO_PROOF =
  'the mapping does not fill `_id` from `eventId` and `timestamp` from `occurredAt` (`proof: none`), so no event can be looked for in the lake';

/** Said wherever the source is shown. */
export const WITHOUT_PROOF =
  'This source is without proof (`proof: none`): an unknown outcome is held and never sent again automatically, nothing is confirmed in the lake, and the audit counts by what was accepted.';
