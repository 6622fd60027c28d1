/** What looking for an event in the lake shows, and what follows. Pure; all waiting times come from the manifest's `delivery`. */
import type { Delivery } from './manifest.js';
import { MAX_AUTOMATIC_RESENDS } from './outcomeAccounting.js';

type Waits = Pick<Delivery, 'leaseMs' | 'requestTimeoutMs' | 'lakeLatencyMs'>;

/** Before this has passed since the last attempt, an event that is not in the lake may still be on its way. */
export function absenceDeadlineMs({ leaseMs, requestTimeoutMs, lakeLatencyMs }: Waits): number {
  return leaseMs + requestTimeoutMs + lakeLatencyMs;
}

/** Most events show up early; each look costs a query, so the pauses grow. Parts of the deadline. */
const EARLY_LOOKS = [1 / 12, 1 / 3, 1 / 2, 2 / 3, 1];
/** After the deadline, while the lake is late, looks go on in these parts of it, */
const LATE_PAUSE = 1 / 4;
/** until so many deadlines have passed: then a person is asked. */
const DEADLINES_BEFORE_HOLD = 4;

/** In how long to look next, counted from the age of the last attempt. */
export function nextLookInMs(ageMs: number, waits: Waits): number {
  const deadlineMs = absenceDeadlineMs(waits);
  const next = EARLY_LOOKS.map((part) => part * deadlineMs).find((atMs) => atMs > ageMs);
  return next === undefined ? LATE_PAUSE * deadlineMs : next - ageMs;
}

/** Whether it makes sense to look at all: nothing is in the lake at once. */
export function isLookDue(ageMs: number, waits: Waits): boolean {
  return ageMs >= (EARLY_LOOKS[0] ?? 0) * absenceDeadlineMs(waits);
}

/** What was seen of an event. */
export interface Sighting {
  /** Rows in the dataset. */
  readonly copies: number;
  /** Adobe refused it after the inlet had accepted it. */
  readonly inFailedBatch: boolean;
  /** Every record that Adobe refused since the attempt was read, and says which event it was. */
  readonly failedBatchesRead: boolean;
  /** An event that the same flow accepted after the attempt is in the lake: the positive control. */
  readonly laterVisible: boolean;
}

export type LookUpVerdict =
  | { readonly kind: 'found'; readonly copies: number }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'cannot-tell'; readonly why: string }
  | { readonly kind: 'look-again'; readonly inMs: number };

/**
 * A verdict of presence may be taken at any time. One of absence needs that the deadline has passed, that a later event is
 * visible, and that the failed batches were read.
 */
export function verdictOfSighting(sighting: Sighting, ageMs: number, waits: Waits): LookUpVerdict {
  if (sighting.copies > 0) return { kind: 'found', copies: sighting.copies };
  if (sighting.inFailedBatch) return { kind: 'invalid' };
  const deadlineMs = absenceDeadlineMs(waits);
  if (ageMs >= deadlineMs && sighting.laterVisible && sighting.failedBatchesRead) return { kind: 'not-found' };
  if (ageMs < deadlineMs * DEADLINES_BEFORE_HOLD) return { kind: 'look-again', inMs: nextLookInMs(ageMs, waits) };
  const why = sighting.laterVisible
    ? 'not every failed batch could be read'
    : 'no later event of this flow is in the lake either';
  return { kind: 'cannot-tell', why };
}

/** The lake could not be asked: again later, but not for ever. */
export function withoutSighting(ageMs: number, waits: Waits, why: string): LookUpVerdict {
  if (ageMs >= absenceDeadlineMs(waits) * DEADLINES_BEFORE_HOLD) return { kind: 'cannot-tell', why };
  return { kind: 'look-again', inMs: nextLookInMs(ageMs, waits) };
}

export type AfterNotFound = 'resend' | 'hold';

/** What becomes of an `unknown` event that is not in the lake. */
export function afterNotFound(
  { automaticResends }: { readonly automaticResends: number },
  { onNotFound }: Pick<Delivery, 'onNotFound'>,
): AfterNotFound {
  return onNotFound === 'resend' && automaticResends < MAX_AUTOMATIC_RESENDS ? 'resend' : 'hold';
}
