import { describe, expect, it } from 'vitest';
import {
  filledText,
  flag,
  listOf,
  mapOf,
  object,
  oneOf,
  optional,
  type Shape,
  text,
  wholeNumber,
} from '../../../src/domain/events/shape.js';

const LONG = 'x'.repeat(4_096);
const TEXT = 'expected a text of at most 4096 characters';
const FILLED = 'expected a text of 1 to 4096 characters';
const NUMBER = 'expected a whole number from 1 to 64';

describe('a value', () => {
  it.each<[string, Shape, unknown, string | undefined]>([
    ['a text', text, '', undefined],
    ['the longest text', text, LONG, undefined],
    ['a longer text', text, `${LONG}x`, TEXT],
    ['no text', text, 7, TEXT],
    ['what only has a length', text, ['a'], TEXT],
    ['a filled text', filledText, 'a', undefined],
    ['the longest filled text', filledText, LONG, undefined],
    ['an empty text', filledText, '', FILLED],
    ['blanks alone', filledText, ' \n', FILLED],
    ['a longer filled text', filledText, `${LONG}x`, FILLED],
    ['no filled text', filledText, null, FILLED],
    ['true', flag, true, undefined],
    ['false', flag, false, undefined],
    ['a word for true', flag, 'true', 'expected true or false'],
    ['a choice', oneOf(['strict', 'lenient']), 'lenient', undefined],
    ['no choice', oneOf(['strict', 'lenient']), 'lax', 'expected one of strict, lenient'],
    ['the least number', wholeNumber(1, 64), 1, undefined],
    ['the largest number', wholeNumber(1, 64), 64, undefined],
    ['too small a number', wholeNumber(1, 64), 0, NUMBER],
    ['too large a number', wholeNumber(1, 64), 65, NUMBER],
    ['half a number', wholeNumber(1, 64), 1.5, NUMBER],
    ['the text of a number', wholeNumber(1, 64), '7', NUMBER],
    ['an absent one that may be', optional(flag), undefined, undefined],
    ['a present one that may be absent', optional(flag), 1, 'expected true or false'],
    ['null for an absent one', optional(flag), null, 'expected true or false'],
  ])('%s', (_what, shape, value, fault) => {
    expect(shape(value)).toBe(fault);
  });
});

describe('what is made of others', () => {
  const point = object<{ x: number; label?: string }>({ x: wholeNumber(0, 9), label: optional(text) });
  const shape = object<{ points: readonly object[]; tags: object }>({
    points: listOf(point, { atLeast: 1 }),
    tags: mapOf(listOf(filledText)),
  });
  const good = { points: [{ x: 1 }, { x: 2, label: 'b' }], tags: { team: ['chat'] } };

  it.each<[string, unknown, string | undefined]>([
    ['all well', good, undefined],
    ['an empty map, an empty list in it', { ...good, tags: { none: [] } }, undefined],
    ['no object', 'x', 'expected an object with points, tags'],
    ['null', null, 'expected an object with points, tags'],
    ['a list for an object', [], 'expected an object with points, tags'],
    ['an empty list where one must be filled', { ...good, points: [] }, 'points must be a filled list'],
    ['what is no list', { ...good, points: { 0: { x: 1 } } }, 'points must be a filled list'],
    ['a fault inside', { ...good, points: [{ x: 1 }, { x: 10 }] }, 'points[1].x must be a whole number from 0 to 9'],
    [
      'a fault in a later member',
      { ...good, points: [{ x: 1, label: 5 }] },
      `points[0].label must be ${TEXT.slice(9)}`,
    ],
    ['a map that is none', { ...good, tags: [] }, 'tags must be an object'],
    ['a fault in a map', { ...good, tags: { a: [], team: 'chat' } }, 'tags.team must be a list'],
    [
      'a fault in a list of a map',
      { ...good, tags: { team: ['chat', ''] } },
      `tags.team[1] must be ${FILLED.slice(9)}`,
    ],
    ['a missing member', { points: good.points }, 'tags must be an object'],
  ])('%s', (_what, value, fault) => {
    expect(shape(value)).toBe(fault);
  });

  it('has no member that nobody knows: a misspelt one would be done without what it asks for', () => {
    expect(shape({ ...good, point: [] })).toBe('point is unknown; known are points, tags');
    expect(shape({ ...good, points: [{ x: 1, y: 2 }] })).toBe('points[0].y is unknown; known are x, label');
    expect(point({ x: 1, ['y'.repeat(60)]: 2 })).toBe(`${'y'.repeat(40)} is unknown; known are x, label`);
  });

  it('names the first of several faults', () => {
    expect(shape({ points: [{ x: -1 }, { x: -2 }], tags: [] })).toBe('points[0].x must be a whole number from 0 to 9');
  });

  it('names the place in a list that stands alone', () => {
    expect(listOf(flag)([true, 1])).toBe('[1] must be true or false');
    expect([listOf(flag)([]), listOf(flag)(1), mapOf(flag)({ a: 1 })]).toEqual([
      undefined,
      'expected a list',
      'a must be true or false',
    ]);
  });
});
