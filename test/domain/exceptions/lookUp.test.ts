import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  absenceDeadlineMs,
  afterNotFound,
  isLongOverdue,
  isLookDue,
  latePauseMs,
  type LookUpVerdict,
  nextLookInMs,
  type Sighting,
  verdictOfSighting,
} from '../../../src/domain/exceptions/lookUp.js';

const WAITS = { leaseMs: 15_000, requestTimeoutMs: 65_000, lakeLatencyMs: 10_800_000 };
const DEADLINE_MS = 10_880_000;
const absent: Sighting = { copies: 0, inFailedBatch: false, unreadBatches: [], laterVisible: true };

it('counts the deadline from the last attempt: lease, request timeout and the latency of the lake', () => {
  expect(absenceDeadlineMs(WAITS)).toBe(DEADLINE_MS);
});

describe('verdicts', () => {
  const kinds: readonly (readonly [string, Sighting, number, LookUpVerdict['kind']])[] = [
    ['there, early', { ...absent, copies: 1 }, 0, 'found'],
    ['there more than once', { ...absent, copies: 2 }, 0, 'found'],
    [
      'there and in a failed batch: an earlier attempt failed',
      { ...absent, copies: 1, inFailedBatch: true },
      0,
      'found',
    ],
    ['in a failed batch, early', { ...absent, inFailedBatch: true }, 0, 'invalid'],
    ['absent, before the deadline', absent, DEADLINE_MS - 1, 'look-again'],
    ['absent, after the deadline, with both controls', absent, DEADLINE_MS, 'not-found'],
    ['absent, no later event', { ...absent, laterVisible: false }, DEADLINE_MS, 'look-again'],
    ['absent, a failed batch not read', { ...absent, unreadBatches: ['b1'] }, DEADLINE_MS, 'look-again'],
    ['absent for long, no later event', { ...absent, laterVisible: false }, 4 * DEADLINE_MS, 'cannot-tell'],
    ['absent for long, a failed batch not read', { ...absent, unreadBatches: ['b1'] }, 4 * DEADLINE_MS, 'cannot-tell'],
  ];
  it.each(kinds)('%s', (_name, sighting, ageMs, kind) => {
    expect(verdictOfSighting(sighting, ageMs, WAITS, 1).kind).toBe(kind);
  });

  it('is never absence without the deadline, a later event and the failed batches', () => {
    const sightings = fc.record({
      copies: fc.nat(3),
      inFailedBatch: fc.boolean(),
      unreadBatches: fc.array(fc.string(), { maxLength: 5 }),
      laterVisible: fc.boolean(),
    });
    fc.assert(
      fc.property(sightings, fc.nat(10 * DEADLINE_MS), (sighting, ageMs) => {
        if (verdictOfSighting(sighting, ageMs, WAITS, 1).kind !== 'not-found') return;
        expect(sighting).toEqual(absent);
        expect(ageMs).toBeGreaterThanOrEqual(DEADLINE_MS);
      }),
    );
  });

  it.each([
    [{ laterVisible: false }, 'no later event of this flow is in the lake either'],
    [{ unreadBatches: ['b1'] }, 'the failed batch b1 does not say which events are in it'],
    [{ unreadBatches: ['b1', 'b2'] }, 'the failed batches b1, b2 do not say which events are in them'],
    [{ unreadBatches: ['b1', 'b2', 'b3'] }, 'the failed batches b1, b2, b3 do not say which events are in them'],
    [
      { unreadBatches: ['b1', 'b2', 'b3', 'b4', 'b5'] },
      'the failed batches b1, b2, b3 and 2 more do not say which events are in them',
    ],
  ])('that are none say why: %o', (seen, why) => {
    const sighting = { ...absent, ...seen };
    expect(verdictOfSighting(sighting, DEADLINE_MS, WAITS, 1)).toMatchObject({ kind: 'look-again', why });
    expect(verdictOfSighting(sighting, 4 * DEADLINE_MS, WAITS, 1)).toMatchObject({ kind: 'cannot-tell', why });
  });

  it('are none once the dataset that it was sent to is gone: its absence proves nothing', () => {
    const gone = { ...absent, closed: { dataset: 'd-1' } };
    expect(verdictOfSighting(gone, DEADLINE_MS, WAITS, 1)).toEqual({
      kind: 'cannot-tell',
      why: 'the dataset d-1 that it was sent to is gone',
      isLakeLate: false,
    });
    expect(verdictOfSighting(gone, DEADLINE_MS - 1, WAITS, 1).kind).toBe('look-again');
    expect(verdictOfSighting({ ...gone, copies: 1 }, DEADLINE_MS, WAITS, 1).kind).toBe('found');
  });

  it('are waited for though the flow was replaced, and say so: no later event of it will come', () => {
    const replaced = { ...absent, laterVisible: false, closed: { flow: 'f-1' } };
    const why = 'no later event of this flow is in the lake either, and the flow f-1 was replaced';
    expect(verdictOfSighting(replaced, DEADLINE_MS, WAITS, 1)).toMatchObject({ kind: 'look-again', why });
    expect(verdictOfSighting(replaced, 4 * DEADLINE_MS, WAITS, 1)).toEqual({
      kind: 'cannot-tell',
      why,
      isLakeLate: false,
    });
    expect(verdictOfSighting({ ...absent, closed: { flow: 'f-1' } }, DEADLINE_MS, WAITS, 1).kind).toBe('not-found');
  });

  it('of an event that was sent again are none by a failed batch alone, which may be of the attempt before', () => {
    const refused = { ...absent, inFailedBatch: true };
    const kindOf = (sighting: Sighting, ageMs: number) => verdictOfSighting(sighting, ageMs, WAITS, 2).kind;
    expect(kindOf(refused, DEADLINE_MS - 1)).toBe('look-again');
    expect(kindOf({ ...refused, laterVisible: false }, DEADLINE_MS)).toBe('look-again');
    expect(kindOf(refused, DEADLINE_MS)).toBe('invalid');
    expect(kindOf({ ...refused, copies: 1 }, 0)).toBe('found');
    const batch = (batchId: string) => ({ batchId, codes: [] });
    expect(kindOf({ ...refused, refusals: [batch('b1')] }, 0)).toBe('look-again');
    expect(kindOf({ ...refused, refusals: [batch('b1'), batch('b2')] }, 0)).toBe('invalid');
  });

  it('that the lake as a whole owes may still come with the others', () => {
    const late = { ...absent, laterVisible: false };
    expect(verdictOfSighting(late, 4 * DEADLINE_MS, WAITS, 1)).toMatchObject({ isLakeLate: true });
    const unread = { ...absent, unreadBatches: ['b1'] };
    expect(verdictOfSighting(unread, 4 * DEADLINE_MS, WAITS, 1)).toMatchObject({ isLakeLate: false });
  });

  it('say before the deadline that it is too early, and how long until the next look', () => {
    expect(verdictOfSighting(absent, DEADLINE_MS - 1_000, WAITS, 1)).toEqual({
      kind: 'look-again',
      inMs: 1_000,
      why: 'it is too early',
    });
  });

  it('are waited for as long as some deadlines, not for ever', () => {
    expect([DEADLINE_MS, 4 * DEADLINE_MS].map((ageMs) => isLongOverdue(ageMs, WAITS))).toEqual([false, true]);
  });
});

describe('looks', () => {
  it('make no sense before a twelfth of the deadline', () => {
    const firstLookMs = nextLookInMs(0, WAITS);
    expect(Math.round(firstLookMs)).toBe(Math.round(DEADLINE_MS / 12));
    expect([firstLookMs - 1, firstLookMs].map((ageMs) => isLookDue(ageMs, WAITS))).toEqual([false, true]);
  });

  it('for what is overdue go on at a quarter of the deadline', () => {
    expect(latePauseMs(WAITS)).toBe(DEADLINE_MS / 4);
    expect([DEADLINE_MS - 1, DEADLINE_MS].map((ageMs) => nextLookInMs(ageMs, WAITS))).toEqual([1, DEADLINE_MS / 4]);
  });

  it('come at growing intervals up to the deadline, then at a quarter of it', () => {
    const looks: number[] = [];
    for (let ageMs = 0; ageMs < 1.5 * DEADLINE_MS; ageMs += Math.ceil(nextLookInMs(ageMs, WAITS))) looks.push(ageMs);
    expect(looks.map((ageMs) => Math.round((12 * ageMs) / DEADLINE_MS))).toEqual([0, 1, 4, 6, 8, 12, 15]);
    expect(looks.filter((ageMs) => !isLookDue(ageMs, WAITS))).toEqual([0]);
  });
});

describe('an event that is not in the lake', () => {
  it.each([
    [0, 'resend', 'resend'],
    [1, 'resend', 'resend'],
    [2, 'resend', 'hold'],
    [0, 'hold', 'hold'],
  ] as const)('after %i automatic resends, with onNotFound %s: %s', (automaticResends, onNotFound, expected) => {
    expect(afterNotFound({ automaticResends }, { onNotFound })).toBe(expected);
  });
});
