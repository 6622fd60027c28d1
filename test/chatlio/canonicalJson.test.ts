import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/chatlio/canonicalJson.js';
import { asJson, rendered } from './rendering.js';

describe('canonical JSON', () => {
  it.each([
    [{ b: 1, a: 2 }, '{"a":2,"b":1}'],
    [{ a: '', b: null, c: undefined, d: false, e: 0 }, '{"d":false,"e":0}'],
    [{ outer: { z: 'z', a: '' } }, '{"outer":{"z":"z"}}'],
    [{ list: ['', null, { b: '', a: 1 }, 'x'] }, '{"list":["",null,{"a":1},"x"]}'],
    [{ Z: 1, a: 1, ä: 1, '10': 1, '9': 1 }, '{"10":1,"9":1,"Z":1,"a":1,"ä":1}'],
    // By UTF-16 code unit, not by code point: the surrogates of the emoji sort before U+FF5E.
    [{ '～': 1, '😀': 1 }, '{"😀":1,"～":1}'],
    [{ text: 'a\r\n"😀"' }, '{"text":"a\\r\\n\\"😀\\""}'],
    [[], '[]'],
    [{}, '{}'],
  ])('%j becomes %s', (value, expected) => {
    expect(canonicalJson(value)).toBe(expected);
  });

  it('is the same for every rendering of a value', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }).chain((value) => fc.tuple(fc.constant(value), rendered(value))),
        ([value, again]) => {
          expect(canonicalJson(again)).toBe(canonicalJson(value));
        },
      ),
    );
  });

  it('is JSON of the value without what is none, and its own canonical form', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        const kept = Object.entries(asJson(value)).filter(([, member]) => member !== null && member !== '');
        expect(Object.keys(JSON.parse(text) as object).sort()).toEqual(kept.map(([key]) => key).sort());
      }),
    );
  });
});
