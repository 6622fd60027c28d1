import { describe, expect, it } from 'vitest';
import {
  answered,
  beginNext,
  canBegin,
  changeRate,
  freeSlots,
  resultOf,
  resultOfFailure,
  resultOfUnreadable,
  setSlowAside,
} from '../../../../src/activities/drain/roles/sending.js';
import type { DrainState, Request } from '../../../../src/activities/drain/state.js';
import type { Attempt } from '../../../../src/domain/delivery/outcomes.js';
import { events, NOW, NOW_MS, restingState } from '../states.js';

const accepted: Attempt = { outcome: 'accepted', receipt: { inletId: 'inlet' } };
const lost: Attempt = { outcome: 'unknown', scope: 'event', probably: 'either', cause: 'ECONNRESET' };

/** With so many requests begun. */
function sending(
  count: number,
  concurrency = 4,
): { readonly state: DrainState; readonly begin: (n: number) => Request[] } {
  const state = restingState({ concurrency });
  state.sending.ready = events(100).map((first) => ({ first }));
  const begin = (n: number) =>
    Array.from({ length: n }, () => {
      const request = beginNext(state, NOW_MS);
      if (request === undefined) throw new Error('nothing is ready');
      request.begunMs = NOW_MS;
      return request;
    });
  begin(count);
  return { state, begin };
}

const answerAll = (state: DrainState, requests: Iterable<Request>, attempt: Attempt) => {
  for (const request of requests) answered(state, request, resultOf(attempt));
};

describe('slots', () => {
  it('are taken by what runs and given back by what is accepted', () => {
    const { state } = sending(4);
    expect([freeSlots(state), canBegin(state, NOW)]).toEqual([0, false]);
    answerAll(state, state.sending.running, accepted);
    expect([freeSlots(state), state.sending.accepted]).toEqual([4, 4]);
  });

  it('are kept by outcomes other than accepted, until one is accepted', () => {
    const { state, begin } = sending(3);
    answerAll(state, state.sending.running, lost);
    expect(freeSlots(state)).toBe(1);
    answerAll(state, begin(1), accepted);
    expect(freeSlots(state)).toBe(4);
  });

  it('are kept by slow requests until one that was begun later is accepted', () => {
    const { state, begin } = sending(2);
    expect(setSlowAside(state.sending, NOW_MS + 2_000).map(({ seq }) => seq)).toEqual([1, 2]);
    const [before, after] = begin(2);
    if (before === undefined || after === undefined) throw new Error('two were begun');
    expect(freeSlots(state)).toBe(0);
    answered(state, before, resultOf(accepted));
    expect(freeSlots(state)).toBe(1);
    after.begunMs = NOW_MS + 2_001;
    answered(state, after, resultOf(accepted));
    expect(freeSlots(state)).toBe(4);
    // Overtaken: what becomes of them says nothing about the destination.
    answerAll(state, state.sending.slow, lost);
    expect([freeSlots(state), state.sending.streak, state.sending.notAccepted]).toEqual([4, 0, 2]);
  });

  it('that slow requests have taken altogether leave one further request, which tells whether only they are slow', () => {
    const { state, begin } = sending(4);
    setSlowAside(state.sending, NOW_MS + 2_000);
    expect(freeSlots(state)).toBe(1);
    const [probe] = begin(1);
    if (probe === undefined) throw new Error('one was begun');
    expect(freeSlots(state)).toBe(-1);
    probe.begunMs = NOW_MS + 2_001;
    answered(state, probe, resultOf(accepted));
    expect([freeSlots(state), state.sending.probing]).toEqual([4, false]);
  });

  it('are kept by requests beyond 32 MiB of slow bodies, however slow they are', () => {
    const { state } = sending(4);
    const sealed = Buffer.alloc(20 * 1024 * 1024);
    for (const { sendable } of state.sending.running) Object.assign(sendable.first ?? {}, { sealed });
    expect(setSlowAside(state.sending, NOW_MS + 2_000).map(({ seq }) => seq)).toEqual([1, 2]);
    expect(setSlowAside(state.sending, NOW_MS + 9_000)).toEqual([]);
    expect(state.sending.running.size).toBe(2);
  });

  it('leave no second one when that is not accepted', () => {
    const { state, begin } = sending(4);
    setSlowAside(state.sending, NOW_MS + 2_000);
    answerAll(state, begin(1), lost);
    expect(freeSlots(state)).toBeLessThan(1);
  });
});

describe('a fault of the destination', () => {
  it('is told by five outcomes in a row, or by as many as may run', () => {
    for (const [concurrency, needed] of [
      [8, 5],
      [3, 3],
    ] as const) {
      const { state } = sending(needed - 1, concurrency);
      answerAll(state, state.sending.running, lost);
      expect(state.sending.fault).toBeUndefined();
      const last = beginNext(state, NOW_MS);
      if (last !== undefined) answered(state, last, resultOf(lost));
      expect(state.sending.fault).toMatchObject({
        stops: 'outage',
        detail: expect.stringContaining(`${needed} events in a row`) as string,
      });
    }
  });

  it('is told by one answer that concerns every event, and the first one stays', () => {
    const { state, begin } = sending(0);
    answerAll(state, begin(1), { outcome: 'refused', scope: 'destination', status: 404 });
    answerAll(state, begin(1), { outcome: 'refused', scope: 'destination', status: 429 });
    expect(state.sending).toMatchObject({
      fault: { stops: 'held', detail: 'HTTP 404' },
      lastFact: 'not accepted: HTTP 429',
    });
  });

  it('is not told by what could not be read, or failed on our side', () => {
    const { state, begin } = sending(0);
    for (const request of begin(2)) answered(state, request, resultOfUnreadable('its key is not there'));
    expect(state.sending).toMatchObject({ unreadable: 2, notAccepted: 2, streak: 0 });
    for (const request of begin(2)) answered(state, request, resultOfFailure(request));
    expect(state.sending).toMatchObject({ notAccepted: 2, streak: 0, fault: undefined });
  });
});

describe('a request that fails on our side', () => {
  it('is unknown once its first byte may have left, and certainly not sent before', () => {
    const { begin } = sending(0);
    const [begun, waiting] = begin(2);
    if (begun === undefined || waiting === undefined) throw new Error('two were begun');
    waiting.begunMs = undefined;
    expect(resultOfFailure(begun).verdict.kind).toBe('unknown');
    expect(resultOfFailure(waiting).verdict).toMatchObject({ kind: 'not-accepted', begun: false });
  });
});

describe('the rate', () => {
  it('allows a tenth of a second at once, then one request per token', () => {
    const { state } = sending(0, 1_000);
    changeRate(state.sending, 50, NOW_MS);
    let begun = 0;
    const beginAllAt = (nowMs: number) => {
      for (; canBegin(state, { ...NOW, monotonicMs: nowMs }); begun += 1) beginNext(state, nowMs);
    };
    beginAllAt(NOW_MS);
    expect(begun).toBe(5);
    beginAllAt(NOW_MS + 19);
    expect(begun).toBe(5);
    beginAllAt(NOW_MS + 20);
    expect(begun).toBe(6);
    beginAllAt(NOW_MS + 5_000);
    expect(begun).toBe(11);
  });

  it('counts from its change on, not from the last request', () => {
    const { state } = sending(0, 1_000);
    changeRate(state.sending, 1, NOW_MS);
    beginNext(state, NOW_MS);
    changeRate(state.sending, 1_000, NOW_MS + 500);
    expect(canBegin(state, { ...NOW, monotonicMs: NOW_MS + 500 })).toBe(false);
    expect(canBegin(state, { ...NOW, monotonicMs: NOW_MS + 501 })).toBe(true);
  });
});
