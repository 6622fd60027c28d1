import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS } from '../../src/dataprep/functions.js';
import { parsePath, type Path, pathText } from '../../src/dataprep/path.js';
import { type Mapping, readsOf, unreadableRows } from '../../src/dataprep/reads.js';
import type { Expression } from '../../src/dataprep/syntax.js';
import { anyExpression, anyPath, expressionWritten, within } from './expressions.js';

const row = (sourceType: Mapping['sourceType'], source: string): Mapping => ({ sourceType, source, destination: 'x' });
const expressionReads = (source: string) => readsOf([row('EXPRESSION', source)]);

/** Functions that take values: what stands in their brackets is all that they read. */
const valueFunctions = [...FUNCTIONS.keys()].filter((name) => name !== 'contains_key' && name !== 'is_set');

const readableTree = anyExpression({
  functions: fc.constantFrom(...valueFunctions),
  methods: fc.constantFrom('equals', 'equalsIgnoreCase'),
});

const isPrefix = (wide: Path, narrow: Path): boolean =>
  wide.length <= narrow.length &&
  wide.every((part, place) => {
    const other = narrow[place];
    if ('index' in part && part.index === 'every') return other !== undefined && 'index' in other;
    return JSON.stringify(part) === JSON.stringify(other);
  });

function readPaths(rows: readonly Mapping[]): Path[] {
  const found = readsOf(rows);
  if ('unreadable' in found) throw new Error(found.unreadable.why);
  return found.reads.map((text) => parsePath(text) ?? []);
}

function pathsIn(tree: Expression): Path[] {
  return within(tree).flatMap((one) => (one.kind === 'path' ? [one.path] : []));
}

describe('what a mapping reads', () => {
  it.each([
    ['lower(visitor.email)', ['visitor.email']],
    ['iif(contains_key("channelId"), channelId, nullify())', ['channelId']],
    ['contains_key("visitor.identTraits")', ['visitor.identTraits']],
    [String.raw`contains_key("address.street\.name")`, [String.raw`address.street\.name`]],
    ['is_set("message")', ['message']],
    ['visitor.get("email")', ['visitor.email']],
    ['visitor.get("email").equals(agentEmail)', ['agentEmail', 'visitor.email']],
    ['visitor.get(field)', ['field', 'visitor']],
    ['visitor.get(concat("e", "mail"))', ['visitor']],
    ['json_to_object(visitor.identTraits).get("plan")', ['visitor.identTraits']],
    ['json_to_object(visitor.identTraits).plan', ['visitor.identTraits']],
    ['contains_key("visitor").equals(true)', ['visitor']],
    ['contains_key("visitor").email', ['visitor']],
    ['contains_key("visitor").get("email")', ['visitor']],
    ['visitor.get("email", field)', ['field', 'visitor']],
    ['visitor["email"]', ['visitor.email']],
    ['messages[0].text', ['messages[0].text']],
    ['messages[place].text', ['messages', 'place']],
    ['messages[*].text', ['messages[*].text']],
    [`arrays_to_objects('name', get_keys(visitorTraits), 'value', extraData)`, ['extraData', 'visitorTraits']],
    [`arrays_to_objects(list)('k', a)`, ['a', 'list']],
    ['{"a": b, c: [d, {"e": f}]}', ['b', 'c', 'd', 'f']],
    ['a ? b : c + -d', ['a', 'b', 'c', 'd']],
    ['"visitor.email"', []],
    ['concat(visitor, visitor.email, visitor.UUID)', ['visitor']],
    ['concat(messages[*].text, messages[0].text, messages[1].ts)', ['messages[*].text', 'messages[1].ts']],
    ['now()', []],
  ])('by %s is %j', (source, reads) => {
    expect(expressionReads(source)).toEqual({ reads });
  });

  it.each([
    ['frobnicate(message)', 'the function frobnicate is not known'],
    ['lower(frobnicate(message))', 'the function frobnicate is not known'],
    ['message.frobnicate()', 'the function frobnicate is not known'],
    ['message.frobnicate().get("a")', 'the function frobnicate is not known'],
    ['Lower(message)', 'the function Lower is not known'],
    ['get("message")', 'the function get is not known'],
    ['lower(message', 'expected a comma or ), got the end at character 14'],
    [
      'contains_key(concat("mess", "age"))',
      'contains_key takes the path of a field in quotes: with anything else it may look at every field',
    ],
    [
      'contains_key(visitor.email)',
      'contains_key takes the path of a field in quotes: with anything else it may look at every field',
    ],
  ])('by %s cannot be said: %s', (source, why) => {
    expect(expressionReads(source)).toEqual({ unreadable: { row: 0, source, destination: 'x', why } });
  });

  it('is of an attribute its path, of a constant nothing', () => {
    expect(
      readsOf([row('ATTRIBUTE', 'visitor.UUID'), row('STATIC', 'visitor.email'), row('ATTRIBUTE', 'a(b')]),
    ).toEqual({
      reads: ['a(b', 'visitor.UUID'],
    });
    expect(readsOf([row('ATTRIBUTE', 'visitor..UUID')])).toMatchObject({
      unreadable: { why: 'it is no path of a field' },
    });
  });

  it('is never guessed of a source of another type', () => {
    expect(readsOf([row('UNKNOWN', 'visitor.UUID')])).toMatchObject({
      unreadable: { source: 'visitor.UUID', why: 'the type of its source is not known' },
    });
  });

  it('names the first row that cannot be read, by its place; asked for all, each', () => {
    const rows = [row('ATTRIBUTE', 'message'), row('EXPRESSION', 'f()'), row('EXPRESSION', 'g()')];
    expect(readsOf(rows)).toMatchObject({ unreadable: { row: 1, source: 'f()' } });
    expect(unreadableRows(rows).map((one) => one.row)).toEqual([1, 2]);
  });

  it('is for such rows what a person says, and only for such', () => {
    const readable = [row('ATTRIBUTE', 'message'), row('ATTRIBUTE', 'visitor.email')];
    const unreadable = [...readable, row('EXPRESSION', 'f(channelId)')];
    expect(readsOf(unreadable, ['visitor', 'channelId'])).toEqual({ reads: ['channelId', 'message', 'visitor'] });
    expect(readsOf(unreadable, [])).toEqual({ reads: ['message', 'visitor.email'] });
    expect(readsOf(readable, ['visitor', 'channelId'])).toEqual({ reads: ['message', 'visitor.email'] });
  });

  it('holds every path that stands in an expression, and none that does not', () => {
    fc.assert(
      fc.property(readableTree, (tree) => {
        const text = expressionWritten(tree);
        fc.pre(text.length <= 4096);
        const planted = pathsIn(tree);
        const reads = readPaths([row('EXPRESSION', text)]);
        for (const path of planted)
          expect(
            reads.some((read) => isPrefix(read, path)),
            pathText(path),
          ).toBe(true);
        for (const read of reads) expect(planted.map(pathText)).toContain(pathText(read));
      }),
      { numRuns: 500 },
    );
  });

  it('is sorted, and has no path twice or beside one that covers it, in whatever order the rows are', () => {
    fc.assert(
      fc.property(
        fc
          .array(anyPath, { maxLength: 12 })
          .chain((paths) => fc.tuple(fc.constant(paths), fc.shuffledSubarray(paths, { minLength: paths.length }))),
        ([paths, shuffled]) => {
          const rowsOf = (all: readonly Path[]) => all.map((path) => row('ATTRIBUTE', pathText(path)));
          const reads = readPaths(rowsOf(paths));
          expect(readPaths(rowsOf(shuffled))).toEqual(reads);
          expect(reads.map(pathText)).toEqual(reads.map(pathText).toSorted((a, b) => (a < b ? -1 : 1)));
          for (const path of paths) expect(reads.filter((read) => isPrefix(read, path)).length).toBeGreaterThan(0);
          for (const [place, read] of reads.entries()) {
            expect(reads.some((other, at) => at !== place && isPrefix(other, read))).toBe(false);
          }
        },
      ),
    );
  });
});
