import { describe, expect, it } from 'vitest';
import { clockFinding, differenceBetween, differenceOver } from '../../src/domain/clocks.js';

describe('two clocks', () => {
  it('are compared over an exchange, however long the answer took, and as exactly as its ways allow', () => {
    // The other is 10 s ahead; 100 ms there, 60 s of work, 300 ms back.
    const exchange = { sentAtMs: 5_000, takenAtMs: 15_100, givenAtMs: 75_100, receivedAtMs: 65_400 };
    expect(differenceOver(exchange)).toEqual({ ms: 9_900, giveOrTakeMs: 200 });
  });

  it('are compared over a third one', () => {
    expect(differenceBetween({ ms: 500, giveOrTakeMs: 20 }, { ms: -1_000, giveOrTakeMs: 5 })).toEqual({
      ms: 1_500,
      giveOrTakeMs: 25,
    });
  });

  it.each([
    [2_500, 100, 'failed'],
    [-2_500, 100, 'failed'],
    [2_500, 900, 'ok'],
    [1_000, 0, 'ok'],
  ])('that are %i ms apart, give or take %i ms: %s', (ms, giveOrTakeMs, state) => {
    expect(clockFinding({ ms, giveOrTakeMs }, 'Temporal').state).toBe(state);
  });

  it('fail only when they are certainly more than two seconds apart', () => {
    const stateOf = (ms: number, giveOrTakeMs = 0) => clockFinding({ ms, giveOrTakeMs }, 'Temporal').state;
    expect([stateOf(2_000), stateOf(2_001), stateOf(2_100, 100), stateOf(2_101, 100)]).toEqual([
      'ok',
      'failed',
      'ok',
      'failed',
    ]);
  });

  it('are told with how exactly that is known, where it is not exact', () => {
    expect(clockFinding({ ms: 12.4, giveOrTakeMs: 1.2 }, 'Temporal').detail).toBe(
      '12 ms between Temporal and the worker',
    );
    expect(clockFinding({ ms: -40, giveOrTakeMs: 1.6 }, 'Temporal').detail).toBe(
      '-40 ms between Temporal and the worker, give or take 2 ms',
    );
  });

  it('that differ name both, and by how much', () => {
    const { error, detail } = clockFinding({ ms: 2_500, giveOrTakeMs: 0 }, 'Temporal');
    expect(error).toMatchObject({ code: 'CAEP_CLOCK_SKEW', fields: { other: 'Temporal', skew: '2500 ms' } });
    expect(detail).toContain('2500 ms');
  });

  it('are never known better than exactly, however odd the answers', () => {
    // Answered later by the other clock than was waited for by one's own.
    expect(differenceOver({ sentAtMs: 0, takenAtMs: 0, givenAtMs: 100, receivedAtMs: 50 }).giveOrTakeMs).toBe(0);
  });
});
