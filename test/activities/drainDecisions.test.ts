import { describe, expect, it } from 'vitest';
import { createEnding, type PlannedEnd } from '../../src/activities/drain/ending.js';
import { type FlushFacts, isFlushDue, roomToIntend } from '../../src/activities/drain/flushTiming.js';
import { type EndFacts, reasonToEnd } from '../../src/activities/drain/reasonToEnd.js';

const RUNNING: EndFacts = {
  mode: 'slice',
  stop: 'no',
  accepted: 3,
  notAccepted: 1,
  unreadable: 0,
  fenceHeld: true,
  sliceIsOver: false,
};
const fault = { stops: 'outage', detail: 'HTTP 503' } as const;

describe('why a drain ends', () => {
  it.each<[string, Partial<EndFacts>, PlannedEnd | undefined]>([
    ['nothing speaks for it', {}, undefined],
    ['it is asked to', { stop: 'stop', fault }, { end: { kind: 'stopped' }, withdraw: true, waitForSlow: false }],
    ['the worker ends', { stop: 'shutdown' }, { end: { kind: 'stopped' }, withdraw: true, waitForSlow: true }],
    ['the destination is at fault', { fault, fenceHeld: false }, { end: { kind: 'fault', fault }, withdraw: true }],
    ['the fence is lost', { fenceHeld: false, sliceIsOver: true }, { end: { kind: 'stopped' }, withdraw: true }],
    ['the slice is over', { sliceIsOver: true }, { end: { kind: 'slice' }, withdraw: false }],
    [
      'a probe has no answer yet',
      { mode: 'probe', accepted: 0, notAccepted: 0, unreadable: 0, sliceIsOver: true },
      undefined,
    ],
    [
      'a probe was accepted',
      { mode: 'probe', accepted: 1, notAccepted: 0 },
      { end: { kind: 'probed', accepted: true, detail: '' }, withdraw: true },
    ],
    [
      'a probe was not accepted',
      { mode: 'probe', accepted: 0, lastFact: 'not accepted: HTTP 429' },
      { end: { kind: 'probed', accepted: false, detail: 'not accepted: HTTP 429' }, withdraw: true },
    ],
  ])('%s', (_when, facts, planned) => {
    expect(reasonToEnd({ ...RUNNING, ...facts })).toEqual(planned);
  });
});

describe('a planned end', () => {
  const orderly: PlannedEnd = { end: { kind: 'slice' }, withdraw: false };
  const withdrawing: PlannedEnd = { end: { kind: 'stopped' }, withdraw: true };

  it('is replaced only by one that withdraws, when it does not', () => {
    const ending = createEnding(() => 0);
    ending.plan(orderly);
    ending.plan({ end: { kind: 'idle' }, withdraw: false });
    expect(ending.planned()).toBe(orderly);
    ending.plan(withdrawing);
    ending.plan({ end: { kind: 'fault', fault }, withdraw: true });
    expect(ending.planned()).toBe(withdrawing);
  });

  it('tells its age since it was last replaced', () => {
    let nowMs = 100;
    const ending = createEnding(() => nowMs);
    ending.plan(orderly);
    nowMs = 150;
    expect(ending.ageMs()).toBe(50);
    ending.plan(withdrawing);
    expect(ending.ageMs()).toBe(0);
  });
});

describe('a flush', () => {
  const busy: FlushFacts = {
    concurrency: 64,
    leaseMs: 9_000,
    room: 0,
    ready: 40,
    running: 64,
    unrecorded: 10,
    unrecordedForMs: 20,
    fenceHeld: true,
    leaseAgeMs: 100,
  };

  it.each<[boolean, string, Partial<FlushFacts>]>([
    [false, 'while requests run and outcomes are young', {}],
    [true, 'when little is left to send and there is more', { room: 1, ready: 16 }],
    [false, 'while enough is ready', { room: 1, ready: 17 }],
    [false, 'when there is nothing more to intend', { room: 0, ready: 0 }],
    [true, 'when as many outcomes as requests are unrecorded', { unrecorded: 64 }],
    [true, 'when an outcome has waited long', { unrecordedForMs: 101 }],
    [true, 'when nothing else would bring one about', { running: 0, ready: 0 }],
    [false, 'of nothing', { running: 0, ready: 0, unrecorded: 0, unrecordedForMs: 1_000 }],
    [true, 'to renew the lease', { unrecorded: 0, leaseAgeMs: 3_001 }],
    [false, 'for a lease that another drain has', { unrecorded: 0, leaseAgeMs: 3_001, fenceHeld: false }],
  ])('is due (%s) %s', (isDue, _when, facts) => {
    expect(isFlushDue({ ...busy, ...facts })).toBe(isDue);
  });

  it.each([
    [128, { undecided: 0, available: 500, left: Number.POSITIVE_INFINITY }],
    [28, { undecided: 100, available: 500, left: Number.POSITIVE_INFINITY }],
    [0, { undecided: 130, available: 500, left: Number.POSITIVE_INFINITY }],
    [7, { undecided: 0, available: 7, left: Number.POSITIVE_INFINITY }],
    [1, { undecided: 0, available: 7, left: 1 }],
    [0, { undecided: 0, available: 7, left: 0 }],
  ])('may intend %i', (room, facts) => {
    expect(roomToIntend({ concurrency: 64, ...facts })).toBe(room);
  });
});
