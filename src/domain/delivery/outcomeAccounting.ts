/** What the outcome of an attempt means: for the event, and for the destination. Pure decisions; nothing is sent or stored here. */
import { MAX_AUTOMATIC_RESENDS } from '../exceptions/exceptions.js';
import type { ExceptionIn } from '../exceptions/move.js';
import type { GivenTransition } from '../exceptions/transitions.js';
import type { Attempt, Receipt } from './outcomes.js';

/** What is known of the event. */
export type Verdict =
  | { readonly kind: 'accepted'; readonly receipt: Receipt }
  /** Certainly not with the inlet, through no fault of its own: to be sent again. `begun`: a request had left. */
  | { readonly kind: 'not-accepted'; readonly begun: boolean; readonly fact: string }
  /** Certainly not with the inlet, and the same bytes would fail again. */
  | { readonly kind: 'refused'; readonly reason: 'refused' | 'too-large' | 'unreadable'; readonly fact: string }
  | { readonly kind: 'unknown'; readonly fact: string };

export function verdictOf(attempt: Attempt): Verdict {
  switch (attempt.outcome) {
    case 'accepted':
      return { kind: 'accepted', receipt: attempt.receipt };
    case 'not-sent':
      return { kind: 'not-accepted', begun: false, fact: `not sent: ${attempt.cause}` };
    case 'refused':
      if (attempt.scope === 'destination') {
        return { kind: 'not-accepted', begun: true, fact: `not accepted: HTTP ${attempt.status}` };
      }
      return {
        kind: 'refused',
        reason: attempt.status === 413 ? 'too-large' : 'refused',
        fact: `refused: ${describe(`HTTP ${attempt.status}`, attempt.evidence)}`,
      };
    case 'unknown':
      return { kind: 'unknown', fact: `outcome unknown: ${describe(attempt.cause, attempt.evidence)}` };
    default:
      return attempt satisfies never;
  }
}

function describe(what: string, evidence: string | undefined): string {
  return evidence === undefined || evidence === '' ? what : `${what}, ${evidence}`;
}

/** Why nothing more is sent to the destination for now. */
export interface DestinationFault {
  /** `outage`: may pass by itself. `held`: the inlet turns everything down; after some probes a person is asked. */
  readonly stops: 'outage' | 'held';
  readonly detail: string;
  readonly retryAfterMs?: number;
}

/** A fault that one answer alone proves; several in a row are judged by {@link IN_A_ROW}. */
export function faultOf(attempt: Attempt): DestinationFault | undefined {
  if (attempt.outcome === 'accepted' || attempt.outcome === 'not-sent') return undefined;
  if (attempt.scope !== 'destination') return undefined;
  const { retryAfterMs, status } = attempt;
  const detail = attempt.outcome === 'refused' ? `HTTP ${attempt.status}` : attempt.cause;
  const passing = status === 429 || (status ?? 0) >= 500;
  return { stops: passing ? 'outage' : 'held', detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** So many outcomes other than accepted in a row stop the destination, whatever each says by itself. */
export const IN_A_ROW = 5;

/** An exception as a verdict about one of its attempts meets it. `fence`: absent where no drain of ours is known to have made the last. */
export type AttemptedException = Pick<
  ExceptionIn,
  'place' | 'reason' | 'attempts' | 'fence' | 'automaticResends' | 'acceptedAttempt'
>;

/** Which attempt a verdict is about. A number alone names several: each drain counts its first attempts from 1. */
export interface AttemptKey {
  readonly attempt: number;
  /** Of the drain that made it. */
  readonly fence: number;
}

/** How long a resend waits after an attempt that was not accepted. */
const RESEND_DELAY_MS = 5_000;

export type LateTransition = GivenTransition<
  'slow-accepted' | 'accepted' | 'turned-down' | 'refused' | 'unanswered' | 'accepted-meanwhile' | 'noted'
>;

/**
 * What a verdict does to an exception. An answer to another attempt than the last one decides nothing, unless it says that the event
 * was accepted.
 */
export function transitionBy(
  verdict: Verdict,
  { attempt, fence }: AttemptKey,
  exception: AttemptedException,
): LateTransition {
  const { place, reason, automaticResends } = exception;
  if (place === 'held-apart' || place === 'delivered' || place === 'closed') return NOTED;
  if (attempt !== exception.attempts || fence !== exception.fence) {
    if (verdict.kind !== 'accepted') return NOTED;
    return { transition: place === 'sending' ? 'accepted-meanwhile' : 'accepted', given: { acceptedAttempt: attempt } };
  }
  if (verdict.kind === 'accepted') {
    return reason === 'in-flight'
      ? { transition: 'slow-accepted', given: {} }
      : { transition: 'accepted', given: { acceptedAttempt: attempt } };
  }
  if (exception.acceptedAttempt !== undefined) {
    return { transition: 'accepted', given: { acceptedAttempt: exception.acceptedAttempt } };
  }
  switch (verdict.kind) {
    case 'not-accepted': {
      const given = { reason: reason === 'in-flight' ? 'refused' : reason, due: RESEND_DELAY_MS };
      if (!verdict.begun) {
        return { transition: 'turned-down', given: { ...given, automaticResends: Math.max(automaticResends - 1, 0) } };
      }
      return automaticResends < MAX_AUTOMATIC_RESENDS
        ? { transition: 'turned-down', given: { ...given, automaticResends } }
        : { transition: 'refused', given: { reason: given.reason } };
    }
    case 'refused':
      return { transition: 'refused', given: { reason: verdict.reason } };
    case 'unknown':
      return { transition: 'unanswered', given: {} };
    default:
      return verdict satisfies never;
  }
}

const NOTED: LateTransition = { transition: 'noted', given: {} };
