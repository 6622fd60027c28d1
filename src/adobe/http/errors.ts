/** The one exception of `src/adobe`, and how a broken-off or refused call becomes it. */
import type { AdobeError } from '../../domain/errors.js';
import { readErrorBody } from './errorBody.js';
import type { Exchange } from './exchange.js';
import { parseRetryAfter } from './retryAfter.js';

/**
 * - `refused`: a definitive no (4xx)
 * - `throttled`: 429
 * - `not-sent`: no byte of the request left
 * - `unavailable`: 5xx; of a call that only reads also a cut or unreadable answer
 * - `ambiguous`: the request left, and no readable answer came
 * - `unexpected`: an answer in a shape that is not known, or a redirect
 */
export type AdobeCallKind = 'refused' | 'throttled' | 'not-sent' | 'unavailable' | 'ambiguous' | 'unexpected';

export interface AdobeCallFailure {
  /** May the call have changed something at Adobe? `none` is certain. */
  readonly effect: 'none' | 'maybe';
  readonly kind: AdobeCallKind;
  readonly error: AdobeError;
  /** As Adobe asked, at most a quarter of an hour. */
  readonly retryAfterMs?: number;
}

/**
 * The gateway does not know a token that was issued a moment ago: a call renews its token once, and somebody has taken back that
 * one, too, or not all of Adobe knows it yet. Wrong credentials are refused by the token service, and with other codes.
 */
const TOKEN_NOT_VALID = '401013';

/** Not Adobe's: the organisation's own budget had nothing left of for long. */
export const OUT_OF_BUDGET = 'budget';

/** May the same call succeed later, without anybody's doing? */
export function mayPass({ kind, error }: Pick<AdobeCallFailure, 'kind' | 'error'>): boolean {
  return kind !== 'refused' || error.code === TOKEN_NOT_VALID;
}

/** Everything in it is masked. */
export class AdobeCallError extends Error implements AdobeCallFailure {
  override readonly name = 'AdobeCallError';
  readonly effect: AdobeCallFailure['effect'];
  readonly kind: AdobeCallKind;
  readonly error: AdobeError;
  readonly retryAfterMs?: number;

  constructor(failure: AdobeCallFailure) {
    const { service, httpStatus, code } = failure.error;
    super(`${service}: ${failure.kind} (${code ?? httpStatus ?? 'no answer'}), effect ${failure.effect}`);
    this.effect = failure.effect;
    this.kind = failure.kind;
    this.error = failure.error;
    this.retryAfterMs = failure.retryAfterMs;
  }
}

export interface CallFacts {
  readonly service: string;
  /** The call changes nothing at Adobe, whatever becomes of it. */
  readonly readOnly: boolean;
  readonly secrets: readonly string[];
}

/** Whether an exchange failed, and how; undefined when its status is 2xx and its body whole. */
export function failureOf(seen: Exchange, call: CallFacts, nowMs: number): AdobeCallFailure | undefined {
  const { service, readOnly } = call;
  const mayHave = readOnly ? 'none' : 'maybe';
  const lost: AdobeCallKind = readOnly ? 'unavailable' : 'ambiguous';
  if (seen.phase === 'queued') {
    return { effect: 'none', kind: 'not-sent', error: { service, title: 'not sent', detail: seen.fault } };
  }
  if (seen.phase === 'sent') {
    return { effect: mayHave, kind: lost, error: { service, title: 'sent, not answered', detail: seen.fault } };
  }
  const { status, headers } = seen.answer;
  if (status < 300 && seen.phase === 'complete') return undefined;

  const said = readErrorBody(service, seen.answer, call.secrets);
  if (status < 300)
    return {
      effect: mayHave,
      kind: lost,
      error: { ...said, title: 'answer cut', detail: seen.phase === 'status' ? seen.fault : undefined },
    };
  const retryAfterMs = parseRetryAfter(headers['retry-after'], nowMs);
  const waiting = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status < 400) return { effect: 'none', kind: 'unexpected', error: said };
  if (status === 429) return { effect: 'none', kind: 'throttled', error: said, ...waiting };
  // 408 is the front's word for "the request did not come whole in time", which does not exclude that it came.
  if (status >= 500 || status === 408) return { effect: mayHave, kind: 'unavailable', error: said, ...waiting };
  return { effect: 'none', kind: 'refused', error: said };
}
