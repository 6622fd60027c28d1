import { describe, expect, it } from 'vitest';
import { createPositions, furthest } from '../../../src/activities/drain/positions.js';

describe('of two that remember', () => {
  it.each([
    ['nobody', undefined, undefined, undefined],
    ['one of them', { fence: 3, intended: 9 }, undefined, { fence: 3, intended: 9 }],
    ['the one with the later fence', { fence: 3, intended: 9 }, { fence: 4, intended: 2 }, { fence: 4, intended: 2 }],
    [
      'under one fence, the one that went further',
      { fence: 3, intended: 9 },
      { fence: 3, intended: 12 },
      { fence: 3, intended: 12 },
    ],
    ['and not the one that knows the fence alone', { fence: 3 }, { fence: 3, intended: 1 }, { fence: 3, intended: 1 }],
  ])('%s counts', (_which, a, b, expected) => {
    expect(furthest(a, b)).toEqual(expected);
    expect(furthest(b, a)).toEqual(expected);
  });
});

describe('a worker’s positions', () => {
  const uid = '7c0f7f0e-6a0b-4d35-8a6e-0d4c9b1f2a11';

  it('are those that went furthest, whoever tells later', () => {
    const positions = createPositions();
    positions.note(uid, 0, { fence: 2, intended: 40 });
    positions.note(uid, 0, { fence: 2, intended: 30 });
    positions.note(uid, 1, { fence: 1, intended: 5 });
    expect(positions.of(uid, 0)).toMatchObject({ fence: 2, intended: 40 });
    expect(positions.all()).toHaveLength(2);
  });

  it('are forgotten after a quarter of an hour without a drain', () => {
    let nowMs = 0;
    const positions = createPositions(() => nowMs);
    positions.note(uid, 0, { fence: 1, intended: 1 });
    nowMs = 600_000;
    positions.note(uid, 1, { fence: 1, intended: 1 });
    nowMs = 900_000;
    expect(positions.of(uid, 0)).toBeUndefined();
    expect(positions.of(uid, 1)).toBeDefined();
  });

  it('do not grow without bound: the oldest go first', () => {
    const positions = createPositions(() => 0);
    for (let partition = 0; partition <= 20_000; partition += 1)
      positions.note(uid, partition, { fence: 1, intended: 1 });
    expect(positions.all()).toHaveLength(20_000);
    expect(positions.of(uid, 0)).toBeUndefined();
  });
});
