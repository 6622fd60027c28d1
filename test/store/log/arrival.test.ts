import { describe, expect, it } from 'vitest';
import { judgeSecondArrival } from '../../../src/store/log/arrival.js';

const MINUTE_MS = 60_000;
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS;

describe('second arrival', () => {
  it.each([
    ['feedback', 'the same body a minute later', true, true, MINUTE_MS, 'redelivered'],
    ['feedback', 'rendered anew a minute later', false, true, MINUTE_MS, 'drifted'],
    ['feedback', 'the same body after an hour', true, true, 61 * MINUTE_MS, 'conflict'],
    ['unanswered', 'the same body after an hour', true, true, 61 * MINUTE_MS, 'conflict'],
    ['offline-message', 'the same body after an hour', true, true, 61 * MINUTE_MS, 'conflict'],
    ['transcript', 'the same body after a year', true, true, YEAR_MS, 'redelivered'],
    ['transcript', 'rendered anew after a year', false, true, YEAR_MS, 'drifted'],
    ['new-conversation', 'the same body after a year', true, true, YEAR_MS, 'redelivered'],
    ['new-conversation', 'another message', false, false, MINUTE_MS, 'conflict'],
  ] as const)('of %s, %s', (kind, _what, sameBody, sameContent, sinceFirstMs, expected) => {
    expect(judgeSecondArrival({ kind, sameBody, sameContent, sinceFirstMs })).toBe(expected);
  });

  it('of another visitor is another event, whatever else is the same', () => {
    const arrival = { kind: 'transcript', sameBody: true, sameContent: true, sinceFirstMs: MINUTE_MS } as const;
    expect(judgeSecondArrival({ ...arrival, otherVisitor: true })).toBe('conflict');
    expect(judgeSecondArrival({ ...arrival, otherVisitor: false })).toBe('redelivered');
  });
});
