import { describe, expect, it } from 'vitest';
import {
  bookOutcome,
  bookTakenBack,
  closeBooks,
  flushOf,
  noteSlow,
  passToExceptions,
  recorded,
  reopenBooks,
} from '../../../../src/activities/drain/roles/recording.js';
import { type DrainState, NOTHING } from '../../../../src/activities/drain/state.js';
import { intend, sequencesIn } from '../../../../src/domain/delivery/cursor.js';
import type { Verdict } from '../../../../src/domain/delivery/outcomeAccounting.js';
import { placesOf } from '../places.js';
import { eventOf, events, NOW_MS, requestOf, restingState } from '../states.js';

const accepted: Verdict = { kind: 'accepted', receipt: { inletId: 'inlet', xactionId: 'x-1', receivedTimeMs: 7 } };
const turnedAway: Verdict = { kind: 'not-accepted', begun: true, fact: 'not accepted: HTTP 429' };
const unknown: Verdict = { kind: 'unknown', fact: 'outcome unknown: ECONNRESET' };
const refused: Verdict = { kind: 'refused', reason: 'too-large', fact: 'refused: HTTP 413' };

/** Numbers up to this one are intended. */
function intended(count: number): DrainState {
  const state = restingState();
  state.recording.window = intend(state.recording.window, { seqs: events(count).map(({ seq }) => seq) });
  return state;
}

const slowRequest = (seq: number) => requestOf(seq, { slowMs: NOW_MS - 10 });
const bookedKinds = ({ recording }: DrainState) => [...recording.booked.values()].map(({ entry }) => entry.kind);

describe('an outcome', () => {
  it('is booked, and the time since when something is', () => {
    const state = intended(2);
    bookOutcome(state, requestOf(1), accepted, NOW_MS);
    bookOutcome(state, requestOf(2), unknown, NOW_MS + 50);
    expect(bookedKinds(state)).toEqual(['accepted', 'unknown']);
    expect(state.recording.bookedSinceMs).toBe(NOW_MS);
  });

  it('that says "not accepted" puts the event back into the queue, before all others', () => {
    const state = intended(2);
    state.reading.queue = [eventOf(3)];
    bookOutcome(state, requestOf(1), turnedAway, NOW_MS);
    expect(state.reading.queue.map(({ seq }) => seq)).toEqual([1, 3]);
    expect(placesOf(state).get(1)).toEqual(['queue']);
  });

  it('of a slow request goes to its exception', () => {
    const state = intended(1);
    bookOutcome(state, slowRequest(1), turnedAway, NOW_MS);
    expect(state.recording.late).toEqual([
      { of: { seq: 1 }, eventId: eventOf(1).eventId, attempt: 1, verdict: turnedAway },
    ]);
    expect([bookedKinds(state), state.reading.queue]).toEqual([[], []]);
  });

  it.each([accepted, refused, unknown])(
    'of a slow request that is not recorded as slow yet is booked instead ($kind)',
    (verdict) => {
      const state = intended(1);
      noteSlow(state.recording, [eventOf(1)]);
      bookOutcome(state, slowRequest(1), verdict, NOW_MS);
      expect([bookedKinds(state), state.recording.late]).toEqual([[verdict.kind], []]);
    },
  );

  it('of such a request that says "not accepted" puts the event back: nobody else would send it', () => {
    const state = intended(1);
    noteSlow(state.recording, [eventOf(1)]);
    bookOutcome(state, slowRequest(1), turnedAway, NOW_MS);
    expect(placesOf(state).get(1)).toEqual(['queue']);
  });

  it('of a resend goes to its exception, whatever it is', () => {
    const state = restingState();
    const resend = { exceptionId: 5, kind: 'feedback', attempt: 3, eventId: Buffer.from('9') } as const;
    bookOutcome(state, { ...requestOf(9), sendable: { resend } }, turnedAway, NOW_MS);
    bookTakenBack(state, [{ resend }], NOW_MS);
    const of = { of: { exceptionId: 5 }, eventId: resend.eventId, attempt: 3 };
    expect(state.recording.late).toMatchObject([of, { ...of, verdict: { kind: 'not-accepted', begun: false } }]);
  });
});

describe('a flush', () => {
  it('records what is booked, each outcome where it belongs, and intends what is given', () => {
    const state = intended(6);
    const { recording } = state;
    bookOutcome(state, requestOf(1), accepted, NOW_MS);
    bookOutcome(state, requestOf(2), refused, NOW_MS);
    bookOutcome(state, requestOf(3), unknown, NOW_MS);
    bookOutcome(state, requestOf(4), turnedAway, NOW_MS);
    noteSlow(recording, [eventOf(5)]);
    closeBooks(recording);
    const flush = flushOf(state, { events: [eventOf(4), eventOf(8)], absent: [7] });
    expect(flush).toMatchObject({ number: 1, accepted: 1, serverSince: 'then', leaseMs: 9_000 });
    expect(flush.receipts).toEqual([{ seq: 1, xactionId: 'x-1', receivedTimeMs: 7 }]);
    expect(flush.exceptions).toEqual([
      { event: eventOf(2), reason: 'too-large', fact: 'attempt 1: refused: HTTP 413' },
      { event: eventOf(3), reason: 'unknown', fact: 'attempt 1: outcome unknown: ECONNRESET' },
      { event: eventOf(5), reason: 'in-flight', fact: 'attempt 1: slow to answer', answerWithinMs: 18_000 },
    ]);
    expect(flush.recorded).toMatchObject({ cursor: 3, intended: 6 });
    expect([sequencesIn(flush.recorded, 'undecided'), sequencesIn(flush.recorded, 'withdrawn')]).toEqual([[6], [4]]);
    expect([flush.intended.intended, sequencesIn(flush.intended, 'undecided')]).toEqual([8, [4, 6, 8]]);
  });

  it.each([
    [true, 3],
    [false, 1],
  ])('that was made leaves the window that was written (granted: %s)', (isGranted, through) => {
    const state = intended(1);
    bookOutcome(state, requestOf(1), accepted, NOW_MS);
    closeBooks(state.recording);
    recorded(state.recording, flushOf(state, { events: [eventOf(3)], absent: [2] }), isGranted);
    expect(state.recording).toMatchObject({
      flushNumber: 1,
      beingRecorded: [],
      window: { cursor: isGranted ? 2 : 1, intended: through },
    });
  });

  it('that was not made leaves everything booked, and what came meanwhile', () => {
    const state = intended(2);
    bookOutcome(state, requestOf(1), accepted, NOW_MS);
    closeBooks(state.recording);
    bookOutcome(state, requestOf(2), unknown, NOW_MS);
    reopenBooks(state.recording);
    expect([[...state.recording.booked.keys()], state.recording.beingRecorded]).toEqual([[1, 2], []]);
  });

  it('of a drain that has lost its fence gives what is known to the exceptions that the next one has made', () => {
    const state = intended(2);
    bookOutcome(state, requestOf(1), accepted, NOW_MS);
    noteSlow(state.recording, [eventOf(2)]);
    closeBooks(state.recording);
    passToExceptions(state.recording);
    expect(state.recording.late).toMatchObject([{ of: { seq: 1 }, attempt: 1, verdict: accepted }]);
    expect([state.recording.beingRecorded, state.recording.booked.size]).toEqual([[], 0]);
  });

  it('of nothing changes nothing but its number', () => {
    const state = intended(0);
    closeBooks(state.recording);
    const flush = flushOf(state, NOTHING);
    expect(flush).toMatchObject({ accepted: 0, receipts: [], exceptions: [], number: 1 });
    expect(flush.intended).toEqual(flush.recorded);
  });
});
