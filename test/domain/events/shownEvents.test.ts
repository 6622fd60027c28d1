import { expect, it } from 'vitest';
import { type EventState, isFinal, MAX_REVEALED_PAGE_BYTES } from '../../../src/domain/events/shownEvents.js';

it.each<[EventState, boolean]>([
  ['waiting', false],
  ['sending', false],
  ['looked-for', false],
  ['held', false],
  ['accepted', true],
  ['abandoned', true],
  ['replaced', true],
  ['marked-delivered', true],
])('an event that is %s need not be watched any more: %s', (state, final) => {
  expect(isFinal(state)).toBe(final);
});

it('a page of contents, quoted and sealed, stays below the 2 MB that Temporal takes', () => {
  expect(MAX_REVEALED_PAGE_BYTES).toBe(524_288);
});
