/** States of a drain, for tables of decisions. */
import { emptyWindow } from '../../../src/domain/delivery/cursor.js';
import { type Kind, KINDS } from '../../../src/domain/events/kinds.js';
import { type DrainState, type DrainTerms, newDrainState, type Request } from '../../../src/activities/drain/state.js';
import type { LogEvent } from '../../../src/store/bodies/bodies.js';

export const NOW_MS = 100_000;
export const NOW = { monotonicMs: NOW_MS, wallMs: NOW_MS };

export const TERMS: DrainTerms = {
  mode: 'slice',
  concurrency: 4,
  partitions: 1,
  leaseMs: 9_000,
  graceMs: 10_000,
  answerWithinMs: 18_000,
  serverSince: 'then',
  gateEpoch: 1,
  sourceRequestsPerSecond: 100_000,
};

/** A drain that has just begun a lease and has looked at everything; nothing is under way. */
export function restingState(terms: Partial<DrainTerms> = {}, cursor = 0): DrainState {
  const state = newDrainState({
    terms: { ...TERMS, ...terms },
    claim: { window: emptyWindow(cursor), cursorLoggedAt: 0 },
    canaries: new Map(),
    leasedAt: NOW,
    wishes: { stop: false, sliceMs: 60_000, lingerMs: 1_000 },
    requestsPerSecond: 100_000,
    nowMs: NOW_MS,
  });
  state.chores.hasLookedForResends = true;
  state.reading.atEnd = true;
  return state;
}

export function eventOf(seq: number, kind: Kind = KINDS[0]): LogEvent {
  return { seq, kind, loggedAt: seq, eventId: idOf(seq), sealed: idOf(seq) };
}

/** Memory of its own, that is cheap to copy. */
export function idOf(seq: number): Buffer {
  return Buffer.alloc(8, String(seq).padStart(8));
}

/** Numbered from 1. */
export function events(count: number): LogEvent[] {
  return Array.from({ length: count }, (_none, n) => eventOf(n + 1));
}

export function requestOf(seq: number, more: Partial<Request> = {}): Request {
  return { sendable: { first: eventOf(seq) }, overtaken: false, byUs: false, begunMs: NOW_MS, ...more };
}
