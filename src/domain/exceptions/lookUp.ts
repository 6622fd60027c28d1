/** What looking for an event in the lake shows, and what follows. Pure; all waiting times come from the manifest's `delivery`. */
import type { Delivery } from '../source/manifest.js';
import { MAX_AUTOMATIC_RESENDS } from './exceptions.js';
import { NO_PROOF } from './proof.js';

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
  return next === undefined ? latePauseMs(waits) : next - ageMs;
}

/** Between looks for what is overdue. */
export function latePauseMs(waits: Waits): number {
  return LATE_PAUSE * absenceDeadlineMs(waits);
}

/** Whether it makes sense to look at all: nothing is in the lake at once. */
export function isLookDue(ageMs: number, waits: Waits): boolean {
  return ageMs >= (EARLY_LOOKS[0] ?? 0) * absenceDeadlineMs(waits);
}

/** Whether looking has gone on for so long without a verdict that a person is to be asked. */
export function isLongOverdue(ageMs: number, waits: Waits): boolean {
  return ageMs >= absenceDeadlineMs(waits) * DEADLINES_BEFORE_HOLD;
}

/** What was seen of an event. */
export interface Sighting {
  /** Rows in the dataset. */
  readonly copies: number;
  /** Adobe refused it after the inlet had accepted it. */
  readonly inFailedBatch: boolean;
  /** Where, and why. */
  readonly refusals?: readonly Refusal[];
  /** Failed batches since the attempt that do not say of every record which event it was: any event may be in them. */
  readonly unreadBatches: readonly string[];
  /** An event that the same flow accepted after the attempt is in the lake: the positive control. */
  readonly laterVisible: boolean;
  /**
   * Why nothing that is still to come can tell more, where that is so: the dataset of the attempt is gone, which proves nothing, or
   * its flow was replaced and takes no later event; or it was sent under a mapping that does not tell events apart.
   */
  readonly closed?: { readonly dataset: string } | { readonly flow: string } | typeof UNPROVEN;
}

/** Of an event that cannot be looked for. */
const UNPROVEN = { proof: 'none' } as const;

export const UNPROVEN_SIGHTING: Sighting = {
  copies: 0,
  inFailedBatch: false,
  unreadBatches: [],
  laterVisible: false,
  closed: UNPROVEN,
};

export function isUnprovenSighting({ closed }: Sighting): boolean {
  return closed !== undefined && 'proof' in closed;
}

/** A failed batch that has an event. */
export interface Refusal {
  readonly batchId: string;
  /** Adobe's, such as MAPPER-3700-199. */
  readonly codes: readonly string[];
  /** Adobe's own words, of some of the events of a batch. They may quote the event. */
  readonly words?: string;
}

export type LookUpVerdict =
  | { readonly kind: 'found'; readonly copies: number }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'not-found' }
  /** `isLakeLate`: no event is in the lake, and this one may come with the others. */
  | { readonly kind: 'cannot-tell'; readonly why: string; readonly isLakeLate: boolean }
  | { readonly kind: 'look-again'; readonly inMs: number; readonly why: string };

/**
 * A verdict of presence may be taken at any time. One of absence needs that the deadline has passed, that a later event is
 * visible, and that the failed batches were read. A failed batch that has an event which was sent more than once may be of an attempt
 * before: then it is a verdict only where one of absence would be, or where there is one for each attempt.
 *
 * @param attempts at the event, with the last one
 */
export function verdictOfSighting(sighting: Sighting, ageMs: number, waits: Waits, attempts: number): LookUpVerdict {
  const { copies, inFailedBatch, refusals = [], unreadBatches, laterVisible, closed } = sighting;
  if (copies > 0) return { kind: 'found', copies };
  if (isUnprovenSighting(sighting)) return { kind: 'cannot-tell', why: NO_PROOF, isLakeLate: false };
  const isDue = ageMs >= absenceDeadlineMs(waits);
  // One for each attempt: none of them came through.
  const isRefused = attempts <= 1 || refusals.length >= attempts || (isDue && laterVisible);
  if (inFailedBatch && isRefused) return { kind: 'invalid' };
  const gone = closed !== undefined && 'dataset' in closed ? closed.dataset : undefined;
  if (isDue && gone !== undefined) {
    return { kind: 'cannot-tell', why: `the dataset ${gone} that it was sent to is gone`, isLakeLate: false };
  }
  if (isDue && laterVisible && unreadBatches.length === 0) return { kind: 'not-found' };
  const why = laterVisible ? unreadReason(unreadBatches) : lateReason(closed);
  return isLongOverdue(ageMs, waits)
    ? { kind: 'cannot-tell', why, isLakeLate: !laterVisible && closed === undefined }
    : { kind: 'look-again', inMs: nextLookInMs(ageMs, waits), why };
}

function lateReason(closed: Sighting['closed']): string {
  const none = 'no later event of this flow is in the lake either';
  return closed !== undefined && 'flow' in closed ? `${none}, and the flow ${closed.flow} was replaced` : none;
}

/** Batches that are named; the rest is counted. */
const NAMED_BATCHES = 3;

function unreadReason(batches: readonly string[]): string {
  if (batches.length === 0) return 'it is too early';
  if (batches.length === 1) return `the failed batch ${batches[0]} does not say which events are in it`;
  const more = batches.length > NAMED_BATCHES ? ` and ${batches.length - NAMED_BATCHES} more` : '';
  return `the failed batches ${batches.slice(0, NAMED_BATCHES).join(', ')}${more} do not say which events are in them`;
}

export type AfterNotFound = 'resend' | 'hold';

/** What becomes of an `unknown` event that is not in the lake. */
export function afterNotFound(
  { automaticResends }: { readonly automaticResends: number },
  { onNotFound }: Pick<Delivery, 'onNotFound'>,
): AfterNotFound {
  return onNotFound === 'resend' && automaticResends < MAX_AUTOMATIC_RESENDS ? 'resend' : 'hold';
}
