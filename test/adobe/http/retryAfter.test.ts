import { describe, expect, it } from 'vitest';
import { LONGEST_RETRY_AFTER_MS, parseRetryAfter } from '../../../src/adobe/http/retryAfter.js';

const NOW = Date.parse('2026-02-03T04:05:06Z');

describe('Retry-After', () => {
  it.each([
    ['7', 7_000],
    ['0', 0],
    ['1.5', 1_500],
    ['Tue, 03 Feb 2026 04:05:36 GMT', 30_000],
    ['Tue, 03 Feb 2026 04:00:00 GMT', 0],
    ['999999', LONGEST_RETRY_AFTER_MS],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
    [['3', '4'], 3_000],
  ])('%s is %s ms', (header, expected) => {
    expect(parseRetryAfter(header, NOW)).toBe(expected);
  });
});
