import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExpression } from '../../src/dataprep/parse.js';
import { parsePath, pathText } from '../../src/dataprep/path.js';
import { faultText } from '../../src/dataprep/syntax.js';
import { anyExpression, anyPath, expressionWritten, pathWritten } from './expressions.js';

const anyTree = anyExpression({
  functions: fc.constantFrom('iif', 'concat', 'frobnicate', '_f'),
  methods: fc.constantFrom('equals', 'get', 'anything'),
});

function treeOf(text: string): unknown {
  const parsed = parseExpression(text);
  if (!parsed.ok) throw new Error(`${text}: ${faultText(parsed.fault)}`);
  return parsed.expression;
}

function refusalOf(text: string): string {
  const parsed = parseExpression(text);
  return parsed.ok ? 'it was read' : faultText(parsed.fault);
}

describe('an expression', () => {
  it('that is written down is read back as it was', () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        const text = expressionWritten(tree);
        fc.pre(text.length <= 4096);
        expect(treeOf(text)).toEqual(tree);
      }),
      { numRuns: 500 },
    );
  });

  it('binds as arithmetic and comparisons do, and operators that are words as their marks', () => {
    const grouped = 'a or (b and ((c + (d * (-e))) < f)) ? g : (h ? i : j)';
    expect(treeOf('a or b and c + d * -e < f ? g : h ? i : j')).toEqual(treeOf(grouped));
    expect(treeOf('a - b - c')).toEqual(treeOf('(a - b) - c'));
    expect(treeOf('not a.b == c')).toEqual(treeOf('(not (a.b)) == c'));
  });

  it.each([
    ['visitor.UUID', 'visitor.UUID'],
    ['${visitor}.${UUID}', 'visitor.UUID'],
    ['${visitor.UUID}', 'visitor.UUID'],
    ["visitor['UUID']", 'visitor.UUID'],
    ['messages[0].text', 'messages[0].text'],
    ['messages[*].text', 'messages[*].text'],
    ['${First Name}', 'First Name'],
    [String.raw`${'${First\\.Name}'}`, String.raw`First\.Name`],
    [String.raw`address.street\.name`, String.raw`address.street\.name`],
    ['visitor.${null}', 'visitor.null'],
    ['( message )', 'message'],
    ['date', 'date'],
  ])('%s is the path %s', (text, path) => {
    expect(treeOf(text)).toEqual({ kind: 'path', path: parsePath(path) });
  });

  it.each([
    [`'it''s'`, 'expected an operator or the end, got a text at character 5'],
    ['concat(message', 'expected a comma or ), got the end at character 15'],
    ['"open', 'expected a closing ", got the end at character 6'],
    ['${open', 'expected a closing }, got the end at character 7'],
    ['${}', 'expected the name of a field, got ${} at character 1'],
    ['null.x y', 'expected an operator or the end, got y at character 8'],
    ['visitor.new', 'expected the name of a field, here ${new}, got new at character 9'],
    ['for', 'expected an expression (a field of this name is written ${for}), got for at character 1'],
    ['', 'expected an expression, got the end at character 1'],
    ['a b', 'expected an operator or the end, got b at character 3'],
    ['a = 1', 'expected an expression, got = at character 3'],
    ['"f"(x)', 'expected an operator or the end, got ( at character 4'],
    ['var x', 'expected an expression (a field of this name is written ${var}), got var at character 1'],
    ['`${a}`', 'expected an expression, got ` at character 1'],
  ])('%s is none: %s', (text, refusal) => {
    expect(refusalOf(text)).toBe(refusal);
  });

  it('is none where it is longer, or goes deeper, than can be meant', () => {
    expect(refusalOf(`"${'a'.repeat(4094)}"`)).toBe('it was read');
    expect(refusalOf(`"${'a'.repeat(4095)}"`)).toBe('expected at most 4096 characters, got 4097 at character 4097');
    for (const [opening, closing] of [
      ['(', ')'],
      ['[', ']'],
      ['!', ''],
    ] as const) {
      const nested = (levels: number) => `${opening.repeat(levels)}a${closing.repeat(levels)}`;
      expect(refusalOf(nested(99))).toBe('it was read');
      expect(refusalOf(nested(101))).toMatch(/^expected at most 100 levels/);
    }
  });

  it('has texts in either kind of quotes, where a backslash hides a quote and itself', () => {
    expect(treeOf(String.raw`"a\"b\\c\.dA'"`)).toEqual({ kind: 'literal', value: String.raw`a"b\c\.dA'` });
    expect(treeOf(String.raw`'a"b'`)).toEqual({ kind: 'literal', value: 'a"b' });
  });

  it('may call what a call has given', () => {
    expect(treeOf(`arrays_to_objects(s)('k', a)`)).toMatchObject({
      kind: 'applied',
      callee: { name: 'arrays_to_objects' },
    });
  });

  it('is read or refused, whatever the text, and never throws', () => {
    const marks = fc.array(fc.constantFrom(...'([{}])"\'\\.,:?!-+*/%<>=&|^~${ a1null for f('.split('')), {
      maxLength: 200,
    });
    const damaged = fc
      .tuple(anyTree.map(expressionWritten), fc.nat(), fc.string({ maxLength: 2 }))
      .map(
        ([text, place, put]) =>
          text.slice(0, place % (text.length + 1)) + put + text.slice((place % (text.length + 1)) + 1),
      );
    const repeated = fc
      .tuple(
        fc.constantFrom('(', '[', '{', '!', '-', '{"a":', 'f(', 'a?', 'a?b:', 'a.', 'a[', 'not ', '${', '"', 'f()('),
        fc.nat(4200),
      )
      .map(([text, times]) => text.repeat(times));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          marks.map((all) => all.join('')),
          damaged,
          repeated,
        ),
        (text) => {
          expect(parseExpression(text).ok).toBeTypeOf('boolean');
          parsePath(text);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('a path', () => {
  it('has one spelling, which is read back, and is the same in an expression', () => {
    fc.assert(
      fc.property(anyPath, (path) => {
        expect(parsePath(pathText(path))).toEqual(path);
        expect(treeOf(pathWritten(path))).toEqual({ kind: 'path', path });
      }),
      { numRuns: 500 },
    );
  });

  it.each(['', '.', 'a..b', 'a.', '.a', '[0]', 'a[', 'a[-1]', 'a[x]', 'a]', 'a[0]b', '${}', 'a\\'])(
    'is not %j',
    (text) => {
      expect(parsePath(text)).toBeUndefined();
    },
  );

  it('names a field of a column as it stands there', () => {
    expect(parsePath('First Name')).toEqual([{ name: 'First Name' }]);
    expect(parsePath(String.raw`Full\.Name`)).toEqual([{ name: 'Full.Name' }]);
  });
});
