import { describe, expect, it } from 'vitest';
import { leaseAgeMs, leaseHolds, momentOf, SYSTEM_CLOCK } from '../../../src/activities/drain/lease.js';

const terms = { leaseMs: 10_000 };
const leasedAt = { monotonicMs: 1_000, wallMs: 500_000 };
const after = (monotonicMs: number, wallMs: number) => ({ monotonicMs: 1_000 + monotonicMs, wallMs: 500_000 + wallMs });

describe('a lease', () => {
  it.each([
    ['holds for nine tenths of its time', 8_999, 8_999, true],
    ['does not hold in the last tenth, in which the database may think that it is over', 9_000, 0, false],
    ['is over when the machine has slept, which only the wall clock knows', 10, 9_000, false],
    ['is over when the wall clock was set back', 9_000, -50_000, false],
  ])('%s', (_what, monotonicMs, wallMs, holds) => {
    expect(leaseHolds({ leasedAt, terms }, after(monotonicMs, wallMs))).toBe(holds);
  });

  it('is as old as the clock says that has gone further', () => {
    const lease = { leasedAt, terms };
    expect([after(30, 20), after(20, 30)].map((now) => leaseAgeMs(lease, now))).toEqual([30, 30]);
  });
});

describe('a moment', () => {
  it('is told by both clocks', () => {
    expect(momentOf({ monotonicMs: () => 7, wallMs: () => 9 })).toEqual({ monotonicMs: 7, wallMs: 9 });
  });

  it('of this machine goes forward, and is now', () => {
    const first = momentOf(SYSTEM_CLOCK);
    const second = momentOf(SYSTEM_CLOCK);
    expect(second.monotonicMs).toBeGreaterThanOrEqual(first.monotonicMs);
    expect(first.wallMs).toBeGreaterThan(Date.parse('2026-01-01T00:00:00Z'));
  });
});
