import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXCEPTION_REASONS, MAX_AUTOMATIC_RESENDS } from '../../../src/domain/exceptions/exceptions.js';
import {
  type AttemptedException,
  faultOf,
  type LateTransition,
  transitionBy,
  type Verdict,
  verdictOf,
} from '../../../src/domain/delivery/outcomeAccounting.js';
import { canMove } from '../../../src/domain/exceptions/move.js';
import type { Attempt } from '../../../src/domain/delivery/outcomes.js';

const PLACES = ['to-resend', 'to-look-up', 'sending', 'held', 'held-apart', 'delivered', 'closed'] as const;
const RECEIPT = { inletId: 'a', xactionId: '1:2:3' };
const accepted: Verdict = { kind: 'accepted', receipt: RECEIPT };
const turnedDown: Verdict = { kind: 'not-accepted', begun: true, fact: 'HTTP 429' };
const notBegun: Verdict = { kind: 'not-accepted', begun: false, fact: 'no connection' };
const refused: Verdict = { kind: 'refused', reason: 'refused', fact: 'HTTP 400' };
const unknown: Verdict = { kind: 'unknown', fact: 'ECONNRESET' };

describe('verdict and fault of an attempt', () => {
  it.each<[Attempt, Verdict['kind'], 'outage' | 'held' | undefined]>([
    [{ outcome: 'accepted', receipt: RECEIPT }, 'accepted', undefined],
    [{ outcome: 'not-sent', cause: 'ECONNREFUSED' }, 'not-accepted', undefined],
    [{ outcome: 'refused', scope: 'event', status: 400 }, 'refused', undefined],
    [{ outcome: 'refused', scope: 'event', status: 413 }, 'refused', undefined],
    [{ outcome: 'refused', scope: 'destination', status: 404 }, 'not-accepted', 'held'],
    [{ outcome: 'refused', scope: 'destination', status: 307 }, 'not-accepted', 'held'],
    [{ outcome: 'refused', scope: 'destination', status: 429 }, 'not-accepted', 'outage'],
    [{ outcome: 'refused', scope: 'destination', status: 503 }, 'not-accepted', 'outage'],
    [{ outcome: 'unknown', scope: 'event', probably: 'either', cause: 'http-500', status: 500 }, 'unknown', undefined],
    [{ outcome: 'unknown', scope: 'destination', probably: 'either', cause: 'foreign-answer' }, 'unknown', 'held'],
  ])('%j', (attempt, kind, stops) => {
    expect(verdictOf(attempt).kind).toBe(kind);
    expect(faultOf(attempt)?.stops).toBe(stops);
  });

  it('tells a body that is too large from one that is refused', () => {
    expect(verdictOf({ outcome: 'refused', scope: 'event', status: 413 })).toMatchObject({ reason: 'too-large' });
    expect(verdictOf({ outcome: 'refused', scope: 'event', status: 400 })).toMatchObject({ reason: 'refused' });
  });

  it('tells a request that had left, which counts as an attempt, from one that had not', () => {
    const away = { outcome: 'not-sent', cause: 'ECONNREFUSED' } as const;
    expect(verdictOf(away)).toEqual({ kind: 'not-accepted', begun: false, fact: 'not sent: ECONNREFUSED' });
    const busy = { outcome: 'refused', scope: 'destination', status: 429 } as const;
    expect(verdictOf(busy)).toEqual({ kind: 'not-accepted', begun: true, fact: 'not accepted: HTTP 429' });
  });

  it.each<[Attempt, string]>([
    [{ outcome: 'refused', scope: 'event', status: 400 }, 'refused: HTTP 400'],
    [{ outcome: 'refused', scope: 'event', status: 400, evidence: '' }, 'refused: HTTP 400'],
    [{ outcome: 'refused', scope: 'event', status: 400, evidence: 'DCVS-1106' }, 'refused: HTTP 400, DCVS-1106'],
    [
      { outcome: 'unknown', scope: 'event', probably: 'either', cause: 'http-500', evidence: 'request r-1' },
      'outcome unknown: http-500, request r-1',
    ],
  ])('keeps as evidence what was seen, with codes and request ids: %j', (attempt, fact) => {
    expect(verdictOf(attempt)).toMatchObject({ fact });
  });

  it('says of a fault what was seen, and how long the destination asked to be left alone', () => {
    const limited = { outcome: 'refused', scope: 'destination', status: 429, retryAfterMs: 900 } as const;
    expect(faultOf(limited)).toEqual({ stops: 'outage', detail: 'HTTP 429', retryAfterMs: 900 });
    expect(faultOf({ outcome: 'refused', scope: 'destination', status: 404 })).toEqual({
      stops: 'held',
      detail: 'HTTP 404',
    });
    expect(faultOf({ outcome: 'unknown', scope: 'destination', probably: 'either', cause: 'foreign-answer' })).toEqual({
      stops: 'held',
      detail: 'foreign-answer',
    });
  });

  it('takes what the server’s side broke as passing: from HTTP 500 on', () => {
    const stops = (status: number) => faultOf({ outcome: 'refused', scope: 'destination', status })?.stops;
    expect([499, 500, 501].map(stops)).toEqual(['held', 'outage', 'outage']);
  });
});

const inFlight: AttemptedException = {
  reason: 'in-flight',
  place: 'sending',
  attempts: 1,
  fence: 5,
  automaticResends: 0,
};
const leftover: AttemptedException = { reason: 'unknown', place: 'held', attempts: 1, fence: 5, automaticResends: 0 };
const resending: AttemptedException = {
  reason: 'unknown',
  place: 'sending',
  attempts: 2,
  fence: 5,
  automaticResends: 1,
};

describe('what a verdict does to an exception', () => {
  const noted: LateTransition = { transition: 'noted', given: {} };
  const delivered: LateTransition = { transition: 'accepted', given: { acceptedAttempt: 1 } };
  const unanswered: LateTransition = { transition: 'unanswered', given: {} };
  const sentAgain = (reason: 'refused' | 'unknown', automaticResends = 0): LateTransition => ({
    transition: 'turned-down',
    given: { reason, due: 5_000, automaticResends },
  });
  const held = (reason: 'refused' | 'unknown'): LateTransition => ({ transition: 'refused', given: { reason } });

  it.each<[string, AttemptedException, number, Verdict, LateTransition]>([
    ['a slow answer', inFlight, 1, accepted, { transition: 'slow-accepted', given: {} }],
    ['a slow refusal', inFlight, 1, refused, held('refused')],
    ['no answer at all', inFlight, 1, unknown, unanswered],
    ['slow, then turned down', inFlight, 1, turnedDown, sentAgain('refused')],
    ['a late answer after a takeover', leftover, 1, accepted, delivered],
    ['never begun, after a takeover', leftover, 1, notBegun, sentAgain('unknown')],
    ['a resend', resending, 2, accepted, { transition: 'accepted', given: { acceptedAttempt: 2 } }],
    ['a resend that never left', resending, 2, notBegun, sentAgain('unknown')],
    ['a resend that is unknown again', resending, 2, unknown, unanswered],
    [
      'the first attempt, while the second runs',
      resending,
      1,
      accepted,
      { transition: 'accepted-meanwhile', given: { acceptedAttempt: 1 } },
    ],
    ['the first attempt, refused after all', resending, 1, refused, noted],
    ['the second, when the first was accepted', { ...resending, acceptedAttempt: 1 }, 2, unknown, delivered],
    ['anything after a decision', { ...leftover, place: 'closed' }, 1, accepted, noted],
    ['anything once it is delivered', { ...leftover, place: 'delivered' }, 1, accepted, noted],
    ['anything where it is no event of the log', { ...leftover, place: 'held-apart' }, 1, accepted, noted],
  ])('%s', (_name, exception, attempt, verdict, expected) => {
    expect(transitionBy(verdict, { attempt, fence: 5 }, exception)).toEqual(expected);
  });

  it.each([turnedDown, notBegun, refused, unknown])("takes no notice of another fence's attempt: %j", (verdict) => {
    const other = { attempt: 1, fence: 4 };
    for (const exception of [inFlight, leftover, { ...leftover, fence: undefined }]) {
      expect(transitionBy(verdict, other, exception)).toEqual(noted);
    }
    expect(transitionBy(accepted, other, inFlight)).toEqual({
      transition: 'accepted-meanwhile',
      given: { acceptedAttempt: 1 },
    });
    expect(transitionBy(accepted, other, leftover)).toEqual(delivered);
  });

  it('asks a person after the last automatic resend', () => {
    const last = { attempt: 2, fence: 5 };
    const nearly = { ...resending, automaticResends: MAX_AUTOMATIC_RESENDS - 1 };
    expect(transitionBy(turnedDown, last, nearly)).toEqual(sentAgain('unknown', MAX_AUTOMATIC_RESENDS - 1));
    const worn = { ...resending, automaticResends: MAX_AUTOMATIC_RESENDS };
    expect(transitionBy(turnedDown, last, worn)).toEqual(held('unknown'));
  });

  const exceptions = fc.record({
    reason: fc.constantFrom(...EXCEPTION_REASONS),
    place: fc.constantFrom(...PLACES),
    attempts: fc.integer({ min: 1, max: 4 }),
    fence: fc.constantFrom(4, 5),
    automaticResends: fc.integer({ min: 0, max: 3 }),
    acceptedAttempt: fc.constantFrom(undefined, 1),
  });

  it('never sends again what may have been accepted', () => {
    fc.assert(
      fc.property(exceptions, fc.constantFrom(accepted, refused, unknown), (exception, verdict) => {
        const last = { attempt: exception.attempts, fence: exception.fence };
        expect(transitionBy(verdict, last, exception).transition).not.toBe('turned-down');
      }),
    );
  });

  it('can happen to it, wherever it is', () => {
    const verdicts = fc.constantFrom(accepted, turnedDown, notBegun, refused, unknown);
    const attempts = fc.record({ attempt: fc.integer({ min: 1, max: 4 }), fence: fc.constantFrom(4, 5) });
    fc.assert(
      fc.property(exceptions, verdicts, attempts, (exception, verdict, attempt) => {
        const whole = { ...exception, awaitsLake: false, version: 1, confirmed: false };
        expect(canMove(whole, transitionBy(verdict, attempt, exception).transition)).toBe(true);
      }),
    );
  });
});
