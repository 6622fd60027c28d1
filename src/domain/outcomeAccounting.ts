/** What the outcome of an attempt means: for the event, and for the destination. Pure decisions; nothing is sent or stored here. */
import type { ExceptionReason } from './exceptions.js';
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

/** Begun attempts that were turned down and sent again by themselves, before a person is asked. */
export const MAX_AUTOMATIC_RESENDS = 2;

/** An exception as a verdict about one of its attempts meets it. */
export interface AttemptedException {
  readonly reason: ExceptionReason;
  readonly state: 'waiting' | 'sending' | 'held' | 'resolved';
  readonly attempts: number;
  /** Of the drain whose attempt is the last one. Absent where no drain of ours is known to have made it. */
  readonly fence?: number;
  readonly automaticResends: number;
  /** An earlier attempt turned out to be accepted while a later one was running. */
  readonly acceptedAttempt?: number;
}

export type Settlement =
  /** A slow answer, and all is well: nothing to keep. */
  | { readonly to: 'forgotten' }
  | { readonly to: 'delivered' }
  | { readonly to: 'waiting'; readonly reason: ExceptionReason; readonly automaticResends: number }
  | { readonly to: 'held'; readonly reason: ExceptionReason }
  /** Whether the inlet has it is to be found out in the lake. */
  | { readonly to: 'look-up' }
  /** Only noted: the answer comes too late to change anything, or the attempt that runs now decides. */
  | { readonly to: 'unchanged'; readonly acceptedAttempt?: number };

/** Which attempt a verdict is about. A number alone names several: each drain counts its first attempts from 1. */
export interface AttemptKey {
  readonly attempt: number;
  /** Of the drain that made it. */
  readonly fence: number;
}

/** An answer to another attempt than the last one decides nothing, unless it says that the event was accepted. */
export function settle(exception: AttemptedException, { attempt, fence }: AttemptKey, verdict: Verdict): Settlement {
  if (exception.state === 'resolved') return { to: 'unchanged' };
  if (attempt !== exception.attempts || fence !== exception.fence) {
    if (verdict.kind !== 'accepted') return { to: 'unchanged' };
    return exception.state === 'sending' ? { to: 'unchanged', acceptedAttempt: attempt } : { to: 'delivered' };
  }
  if (verdict.kind === 'accepted') return { to: exception.reason === 'in-flight' ? 'forgotten' : 'delivered' };
  if (exception.acceptedAttempt !== undefined) return { to: 'delivered' };
  switch (verdict.kind) {
    case 'not-accepted': {
      const reason = exception.reason === 'in-flight' ? 'refused' : exception.reason;
      if (!verdict.begun) {
        return { to: 'waiting', reason, automaticResends: Math.max(exception.automaticResends - 1, 0) };
      }
      return exception.automaticResends < MAX_AUTOMATIC_RESENDS
        ? { to: 'waiting', reason, automaticResends: exception.automaticResends }
        : { to: 'held', reason };
    }
    case 'refused':
      return { to: 'held', reason: verdict.reason };
    case 'unknown':
      return { to: 'look-up' };
    default:
      return verdict satisfies never;
  }
}
