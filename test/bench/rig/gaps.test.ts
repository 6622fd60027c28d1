import { expect, it } from 'vitest';
import { gapsOf } from '../../../bench/rig/gaps.js';

it('counts the time from one answer to the next while an event waits', () => {
  expect(gapsOf([0, 0, 0], [10, 50, 60])).toEqual([
    { fromMs: 0, ms: 10 },
    { fromMs: 10, ms: 40 },
    { fromMs: 50, ms: 10 },
  ]);
});

it('does not count the time in which there is nothing to send', () => {
  expect(gapsOf([0, 1_000], [10, 1_005])).toEqual([
    { fromMs: 0, ms: 10 },
    { fromMs: 1_000, ms: 5 },
  ]);
});

it('begins a gap with the first event that waits, whichever is answered next', () => {
  expect(gapsOf([0, 100, 90], [10, 500, 700])).toEqual([
    { fromMs: 0, ms: 10 },
    { fromMs: 90, ms: 410 },
    { fromMs: 500, ms: 200 },
  ]);
});

it('takes an event that was answered before its webhook was for one that did not wait', () => {
  expect(gapsOf([20], [15])).toEqual([{ fromMs: 15, ms: 0 }]);
});
