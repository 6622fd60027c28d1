import { describe, expect, it } from 'vitest';
import {
  endAtGate,
  mayFinish,
  noteFailure,
  planEnd,
  reasonToEnd,
  wantsRetries,
} from '../../../../src/activities/drain/roles/ending.js';
import { eventOf, NOW_MS, requestOf, restingState } from '../states.js';

const inOrder = { end: { kind: 'slice' }, takeBack: false } as const;
const atOnce = { end: { kind: 'stopped' }, takeBack: true } as const;

describe('the end that is planned', () => {
  it('stays the first one, and counts from then', () => {
    const state = restingState();
    planEnd(state, inOrder, NOW_MS);
    planEnd(state, inOrder, NOW_MS + 5);
    expect(state.ending).toEqual({ planned: inOrder, sinceMs: NOW_MS });
  });

  it('gives way to one that takes intents back, which gives way to none', () => {
    const state = restingState();
    planEnd(state, inOrder, NOW_MS);
    planEnd(state, atOnce, NOW_MS + 5);
    planEnd(state, { ...atOnce, end: { kind: 'idle' } }, NOW_MS + 9);
    expect(state.ending).toEqual({ planned: atOnce, sinceMs: NOW_MS + 5 });
  });

  it('at a closed gate sends nothing of what was intended, and comes back to look', () => {
    const state = restingState();
    endAtGate(state, NOW_MS);
    expect(state.ending).toEqual({ planned: { end: { kind: 'slice' }, takeBack: true }, sinceMs: NOW_MS });
  });
});

describe('a slice', () => {
  it('is over after its time, and not with it', () => {
    const state = restingState();
    expect(reasonToEnd(state, NOW_MS + 60_000)).toBeUndefined();
    expect(reasonToEnd(state, NOW_MS + 60_001)).toEqual(inOrder);
  });
});

describe('a failure', () => {
  it('that comes first is the one that is told', () => {
    const state = restingState();
    noteFailure(state, new Error('no such table'));
    noteFailure(state, new Error('no connection'));
    expect(state.failure?.message).toBe('no such table');
  });

  it('is an error, whatever was thrown', () => {
    const state = restingState();
    noteFailure(state, 'cancelled');
    expect(state.failure).toEqual(new Error('cancelled'));
  });
});

describe('a statement that failed in passing', () => {
  it('is made again while the drain goes on, and for a while after', () => {
    const state = restingState();
    expect(wantsRetries(state, NOW_MS + 86_400_000)).toBe(true);
    planEnd(state, atOnce, NOW_MS);
    expect(wantsRetries(state, NOW_MS + 9_999)).toBe(true);
    expect(wantsRetries(state, NOW_MS + 10_000)).toBe(false);
  });
});

describe('a drain that ends', () => {
  function ending() {
    const state = restingState();
    planEnd(state, atOnce, NOW_MS);
    return state;
  }

  it('is done only once everything that is known is recorded', () => {
    const state = ending();
    expect(mayFinish(state, true, NOW_MS)).toBe(false);
    state.recording.booked.set(1, { event: eventOf(1), entry: { kind: 'accepted', receipt: { inletId: 'inlet' } } });
    expect(mayFinish(state, false, NOW_MS)).toBe(false);
    state.recording.booked.clear();
    expect(mayFinish(state, false, NOW_MS)).toBe(true);
  });

  it('does not wait for slow requests: they are recorded when they are answered', () => {
    const state = ending();
    state.sending.slow.add(requestOf(1));
    expect(mayFinish(state, false, NOW_MS)).toBe(true);
  });
});
