import { expect, it } from 'vitest';
import { longestGap } from '../../../chaos/deploy/gaps.js';

const DEPLOY = { name: 'a → b', fromMs: 100_000, toMs: 110_000 };

it('is the longest time between two accepted events around a deploy, whatever their order', () => {
  expect(longestGap(DEPLOY, [105_000, 101_000, 101_200, 112_000])).toBe(7_000);
});

it('counts from before the deploy, and until the old workers can no longer be felt', () => {
  expect(longestGap(DEPLOY, [90_000, 100_500, 119_000, 150_000])).toBe(31_000);
  expect(longestGap(DEPLOY, [1_000, 99_000, 100_500, 120_500, 900_000])).toBe(20_000);
  expect(longestGap(DEPLOY, [])).toBe(0);
});
