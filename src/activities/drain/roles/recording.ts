/** Recording: the drain's books. What became known, where it goes, and what a flush of it says. */
import { intend, record } from '../../../domain/delivery/cursor.js';
import type { Verdict } from '../../../domain/delivery/outcomeAccounting.js';
import type { NewException } from '../../../store/delivery/flush.js';
import type { LogEvent } from '../../../store/bodies/bodies.js';
import { loggedAtBefore, putBack } from './reading.js';
import type { Batch, Booking, DrainState, Recording, Request, Sendable } from '../state.js';
import type { UnsignedFlush, UnsignedVerdict } from '../store.js';

/** An outcome: into the next flush, to an exception, or back into the queue. */
export function bookOutcome(state: DrainState, request: Request, verdict: Verdict, nowMs: number): void {
  book(state, request.sendable, request.slowMs !== undefined, verdict, nowMs);
}

/** Committed intents whose request has not begun go back into the queue; resends go back to the exceptions. */
export function bookTakenBack(state: DrainState, sendables: readonly Sendable[], nowMs: number): void {
  const verdict = { kind: 'not-accepted', begun: false, fact: 'not sent: the worker stopped sending' } as const;
  for (const sendable of sendables) book(state, sendable, false, verdict, nowMs);
}

function book(state: DrainState, sendable: Sendable, wasSlow: boolean, verdict: Verdict, nowMs: number): void {
  const { recording } = state;
  if (recording.booked.size === 0) recording.bookedSinceMs = nowMs;
  if (sendable.resend !== undefined) {
    const { exceptionId, attempt, eventId } = sendable.resend;
    recording.late.push({ of: { exceptionId }, eventId, attempt, verdict });
  } else if (wasSlow) bookSlow(state, sendable.first, verdict);
  else bookFirst(state, sendable.first, verdict);
}

/** That events have become slow: the cursor may pass them, and they are exceptions until they are answered. */
export function noteSlow(recording: Recording, events: readonly LogEvent[]): void {
  for (const event of events) recording.booked.set(event.seq, { event, entry: { kind: 'in-flight' } });
}

function bookSlow(state: DrainState, event: LogEvent, verdict: Verdict): void {
  const { booked, late } = state.recording;
  // Not even recorded as slow yet: no exception of it exists, so it is booked like any other.
  if (booked.has(event.seq)) bookFirst(state, event, verdict);
  else late.push(lateVerdict(event, verdict));
}

function bookFirst({ recording, reading }: DrainState, event: LogEvent, verdict: Verdict): void {
  recording.booked.set(event.seq, { event, entry: verdict });
  if (verdict.kind === 'not-accepted') putBack(reading, { events: [event], absent: [] });
}

function lateVerdict({ seq, eventId }: LogEvent, verdict: Verdict): UnsignedVerdict {
  return { of: { seq }, eventId, attempt: 1, verdict };
}

/** All that is booked leaves the books for a flush. */
export function closeBooks(recording: Recording): void {
  recording.beingRecorded = [...recording.booked.values()];
  recording.booked = new Map();
}

/** The flush was not made: what it would have recorded is booked as before, where nothing newer is. */
export function reopenBooks(recording: Recording): void {
  const before = recording.beingRecorded.map((booking) => [booking.event.seq, booking] as const);
  recording.booked = new Map([...before, ...recording.booked]);
  recording.beingRecorded = [];
}

/** The drain that took the fence has made `unknown` exceptions of these: what we know about them counts there. */
export function passToExceptions(recording: Recording): void {
  for (const { event, entry } of recording.beingRecorded) {
    if (entry.kind !== 'in-flight') recording.late.push(lateVerdict(event, entry));
  }
  recording.beingRecorded = [];
}

/** The flush was made. */
export function recorded(recording: Recording, flush: UnsignedFlush, isGranted: boolean): void {
  recording.flushNumber = flush.number;
  recording.window = isGranted ? flush.intended : flush.recorded;
  recording.beingRecorded = [];
}

/** What a flush says: all that is being recorded, and what is intended with it. */
export function flushOf({ recording, reading, terms }: DrainState, intent: Batch): UnsignedFlush {
  const bookings = recording.beingRecorded;
  const takenBack = bookings.filter(({ entry }) => entry.kind === 'not-accepted').map(({ event }) => event.seq);
  const decided = bookings.filter(({ entry }) => entry.kind !== 'not-accepted').map(({ event }) => event.seq);
  const recorded = record(recording.window, { decided, withdrawn: takenBack });
  const accepted = bookings.filter(({ entry }) => entry.kind === 'accepted');
  return {
    number: recording.flushNumber + 1,
    leaseMs: terms.leaseMs,
    serverSince: terms.serverSince,
    recorded,
    intended: intend(recorded, { seqs: intent.events.map(({ seq }) => seq), absent: intent.absent }),
    cursorLoggedAt: loggedAtBefore(reading, recorded.cursor),
    accepted: accepted.length,
    receipts: accepted.flatMap(({ event, entry }) =>
      entry.kind !== 'accepted' || entry.receipt.xactionId === undefined
        ? []
        : [{ seq: event.seq, xactionId: entry.receipt.xactionId, receivedTimeMs: entry.receipt.receivedTimeMs ?? 0 }],
    ),
    exceptions: bookings.flatMap((booking) => newException(booking, terms.answerWithinMs)),
  };
}

function newException({ event, entry }: Booking, answerWithinMs: number): NewException[] {
  switch (entry.kind) {
    case 'accepted':
    case 'not-accepted':
      return [];
    case 'in-flight':
      return [{ event, reason: 'in-flight', fact: 'attempt 1: slow to answer', answerWithinMs }];
    case 'refused':
      return [{ event, reason: entry.reason, fact: `attempt 1: ${entry.fact}` }];
    case 'unknown':
      return [{ event, reason: 'unknown', fact: `attempt 1: ${entry.fact}` }];
    default:
      return entry satisfies never;
  }
}
