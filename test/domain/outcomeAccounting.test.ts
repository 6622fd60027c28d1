import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXCEPTION_REASONS } from '../../src/domain/exceptions.js';
import {
  type AttemptedException,
  faultOf,
  MAX_AUTOMATIC_RESENDS,
  settle,
  type Settlement,
  type Verdict,
  verdictOf,
} from '../../src/domain/outcomeAccounting.js';
import type { Attempt } from '../../src/domain/outcomes.js';

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
  });
});

const inFlight: AttemptedException = {
  reason: 'in-flight',
  state: 'sending',
  attempts: 1,
  fence: 5,
  automaticResends: 0,
};
const leftover: AttemptedException = { reason: 'unknown', state: 'held', attempts: 1, fence: 5, automaticResends: 0 };
const resending: AttemptedException = {
  reason: 'unknown',
  state: 'sending',
  attempts: 2,
  fence: 5,
  automaticResends: 1,
};

describe('settling an exception', () => {
  it.each<[string, AttemptedException, number, Verdict, Settlement]>([
    ['a slow answer', inFlight, 1, accepted, { to: 'forgotten' }],
    ['a slow refusal', inFlight, 1, refused, { to: 'held', reason: 'refused' }],
    ['no answer at all', inFlight, 1, unknown, { to: 'look-up' }],
    ['slow, then turned down', inFlight, 1, turnedDown, { to: 'waiting', reason: 'refused', automaticResends: 0 }],
    ['a late answer after a takeover', leftover, 1, accepted, { to: 'delivered' }],
    ['never begun, after a takeover', leftover, 1, notBegun, { to: 'waiting', reason: 'unknown', automaticResends: 0 }],
    ['a resend', resending, 2, accepted, { to: 'delivered' }],
    ['a resend that never left', resending, 2, notBegun, { to: 'waiting', reason: 'unknown', automaticResends: 0 }],
    ['a resend that is unknown again', resending, 2, unknown, { to: 'look-up' }],
    ['the first attempt, while the second runs', resending, 1, accepted, { to: 'unchanged', acceptedAttempt: 1 }],
    ['the first attempt, refused after all', resending, 1, refused, { to: 'unchanged' }],
    ['the second, when the first was accepted', { ...resending, acceptedAttempt: 1 }, 2, unknown, { to: 'delivered' }],
    ['anything after a decision', { ...leftover, state: 'resolved' }, 1, accepted, { to: 'unchanged' }],
  ])('%s', (_name, exception, attempt, verdict, settlement) => {
    expect(settle(exception, { attempt, fence: 5 }, verdict)).toEqual(settlement);
  });

  it.each([turnedDown, notBegun, refused, unknown])("takes no notice of another fence's attempt: %j", (verdict) => {
    for (const exception of [inFlight, leftover, { ...leftover, fence: undefined }]) {
      expect(settle(exception, { attempt: 1, fence: 4 }, verdict)).toEqual({ to: 'unchanged' });
    }
    expect(settle(inFlight, { attempt: 1, fence: 4 }, accepted)).toEqual({ to: 'unchanged', acceptedAttempt: 1 });
    expect(settle(leftover, { attempt: 1, fence: 4 }, accepted)).toEqual({ to: 'delivered' });
  });

  it('asks a person after the last automatic resend', () => {
    const worn = { ...resending, automaticResends: MAX_AUTOMATIC_RESENDS };
    expect(settle(worn, { attempt: 2, fence: 5 }, turnedDown)).toEqual({ to: 'held', reason: 'unknown' });
  });

  it('never sends again what may have been accepted', () => {
    const exceptions = fc.record({
      reason: fc.constantFrom(...EXCEPTION_REASONS),
      state: fc.constantFrom('waiting', 'sending', 'held', 'resolved'),
      attempts: fc.integer({ min: 1, max: 4 }),
      automaticResends: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(exceptions, fc.constantFrom(accepted, refused, unknown), (exception, verdict) => {
        expect(settle({ ...exception, fence: 5 }, { attempt: exception.attempts, fence: 5 }, verdict).to).not.toBe(
          'waiting',
        );
      }),
    );
  });
});
