/** What a drain is about to end with, and why. */
import type { DrainState, PlannedEnd } from '../state.js';

/** A later plan counts only if it takes intents back and the one before does not. */
export function outranks(next: PlannedEnd, { ending }: Pick<DrainState, 'ending'>): boolean {
  return ending === undefined || (next.takeBack && !ending.planned.takeBack);
}

export function planEnd(state: DrainState, planned: PlannedEnd, nowMs: number): void {
  if (outranks(planned, state)) state.ending = { planned, sinceMs: nowMs };
}

/** It is closed, or was closed and opened again: the flow may be another one, so nothing of ours may begin any more. */
export function endAtGate(state: DrainState, nowMs: number): void {
  planEnd(state, { end: { kind: 'slice' }, takeBack: true }, nowMs);
}

export function noteFailure(state: DrainState, error: unknown): void {
  state.failure ??= error instanceof Error ? error : new Error(String(error));
}

/** A statement whose failure was transient is made again: while the drain goes on, and a while after. */
export function wantsRetries({ ending, terms }: DrainState, nowMs: number): boolean {
  return ending === undefined || nowMs - ending.sinceMs < terms.graceMs;
}

/** Why a drain ends before its log is empty. */
export function reasonToEnd(state: DrainState, nowMs: number): PlannedEnd | undefined {
  const { sending, recording, wishes } = state;
  if (state.failure !== undefined) return { end: { kind: 'stopped' }, takeBack: true };
  if (wishes.stop) return { end: { kind: 'stopped' }, takeBack: true };
  if (state.terms.mode === 'probe') return probed(state);
  if (sending.fault !== undefined) return { end: { kind: 'fault', fault: sending.fault }, takeBack: true };
  if (!recording.fenceHeld) return { end: { kind: 'stopped' }, takeBack: true };
  return nowMs - state.startedMs > wishes.sliceMs ? { end: { kind: 'slice' }, takeBack: false } : undefined;
}

/** One answer, whatever it says. */
function probed({ sending }: DrainState): PlannedEnd | undefined {
  const { accepted, notAccepted, unreadable, fault, lastFact } = sending;
  if (accepted + notAccepted === unreadable) return undefined;
  return {
    end: { kind: 'probed', accepted: accepted > 0, detail: fault?.detail ?? lastFact ?? '' },
    takeBack: true,
  };
}

/** Nothing is left that the next drain would not know. Slow requests are recorded when they are answered (`lateAnswers.ts`). */
export function mayFinish(state: DrainState, isBusy: boolean, nowMs: number): boolean {
  const { ending, recording, terms } = state;
  if (ending === undefined) return false;
  if (state.failure !== undefined) return !isBusy || nowMs - ending.sinceMs > terms.graceMs;
  return !isBusy && recording.booked.size === 0;
}
