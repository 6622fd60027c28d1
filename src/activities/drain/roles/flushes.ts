/**
 * Carries out what is to be recorded. One statement runs at a time; what becomes known meanwhile goes into the next. The
 * books outlive the drain: a slow request may be answered after its drain has ended, and its outcome is recorded all the same.
 */
import type { FlushAnswer } from '../../../store/delivery/flush.js';
import { attempt, beforeRetry, beside, type Drain, nowOf } from './context.js';
import { endAtGate, planEnd } from './ending.js';
import { putBack, takeBatch } from './reading.js';
import { closeBooks, flushOf, passToExceptions, recorded, reopenBooks } from './recording.js';
import { type Batch, type DrainState, NOTHING } from '../state.js';
import type { UnsignedFlush } from '../store.js';

/** Late verdicts per transaction. */
const LATE_BATCH = 100;

/** Without waiting for it. */
export function startFlush(drain: Drain, events: number): void {
  const { state } = drain;
  const intent = takeBatch(state.reading, events, state.recording.window.cursor);
  state.recording.intending = intent;
  state.recording.claimDoubted = false;
  beside(drain, flushIntent(drain, intent));
}

async function flushIntent(drain: Drain, intent: Batch): Promise<void> {
  const { state } = drain;
  const { recording, reading, sending } = state;
  const askedMs = drain.clock.monotonicMs();
  const answer = await flush(drain, intent);
  const answeredMs = drain.clock.monotonicMs();
  recording.intending = NOTHING;
  if (!answer.held) return putBack(reading, intent);
  drain.flushed(answeredMs - askedMs);
  if (answer.granted) {
    recording.intendedEvents += intent.events.length;
    sending.ready.push(...intent.events.map((first) => ({ first })));
  } else putBack(reading, intent);
  obey(state, answer, intent, answeredMs);
}

/** What the row and the gate say to a drain whose fence holds. */
function obey(state: DrainState, answer: FlushAnswer & { readonly held: true }, intent: Batch, nowMs: number): void {
  const { epoch, granted, handoverAsked, serverChanged } = answer;
  // Behind a failover or a restart: another drain reads anew what this server has.
  if (serverChanged) planEnd(state, { end: { kind: 'slice' }, takeBack: true }, nowMs);
  if (handoverAsked) planEnd(state, { end: { kind: 'stopped' }, takeBack: true }, nowMs);
  if (epoch !== undefined && epoch !== state.terms.gateEpoch) endAtGate(state, nowMs);
  // Closed, or for another reason: our lease had lapsed, and this very flush has renewed it.
  else if (!granted && intent.events.length > 0) state.chores.gateDoubted = true;
}

/** Records all that is booked, and intends what is given. */
export async function flush(drain: Drain, intent: Batch): Promise<FlushAnswer> {
  const { recording } = drain.state;
  recording.flushes += 1;
  try {
    return await drain.inTurn(() => flushNow(drain, intent));
  } finally {
    recording.flushes -= 1;
    recordLate(drain);
  }
}

async function flushNow(drain: Drain, intent: Batch): Promise<FlushAnswer> {
  const { state } = drain;
  const { recording } = state;
  closeBooks(recording);
  if (!recording.fenceHeld) {
    passToExceptions(recording);
    return { held: false };
  }
  const request = flushOf(state, intent);
  const askedAt = nowOf(drain);
  const answer = await commit(drain, request).catch((error: unknown) => {
    reopenBooks(recording);
    throw error;
  });
  if (answer.held) {
    state.leasedAt = askedAt;
    recorded(recording, request, answer.granted);
    return answer;
  }
  recording.fenceHeld = false;
  if (answer.setBack === true) await recordSetBack(drain);
  passToExceptions(recording);
  return answer;
}

/** Made again until it is answered: a commit whose answer was lost is found by its number and not made twice. */
async function commit(drain: Drain, request: UnsignedFlush): Promise<FlushAnswer> {
  const { store } = drain;
  for (;;) {
    const answer =
      (await attempt(drain, () => store.flush(request))) ?? (await attempt(drain, () => store.findFlush(request)));
    if (answer !== undefined) return answer;
    await beforeRetry(drain, new Error('the flush was not made: the cursor is as it was before'));
  }
}

async function recordSetBack(drain: Drain): Promise<void> {
  const { recording } = drain.state;
  recording.wasSetBack = true;
  while ((await attempt(drain, () => drain.store.recordSetBack(recording.window.intended))) === undefined);
}

/** Without waiting for it; does nothing while it is done already. */
export function recordLate(drain: Drain): void {
  const { recording } = drain.state;
  if (recording.lateUnderWay || recording.late.length === 0) return;
  recording.lateUnderWay = true;
  void drain.inTurn(() => recordAllLate(drain));
}

async function recordAllLate(drain: Drain): Promise<void> {
  const { state, store } = drain;
  while (state.recording.late.length > 0) {
    const batch = state.recording.late.slice(0, LATE_BATCH);
    // Noting the same fact twice is harmless, so a transaction whose answer was lost is made again. What cannot be noted
    // is found out by itself: nobody has answered in time.
    const done = await attempt(drain, () => store.recordLate(batch).then(() => true)).catch(() => true);
    if (done === true) state.recording.late = state.recording.late.slice(batch.length);
  }
  state.recording.lateUnderWay = false;
}
