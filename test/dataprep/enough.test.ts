/** Of an event no more is sent than its mapping reads: a mapping engine with code of its own must not see a difference. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSource, type Scope } from '../../simulator/dataprep/language/compile.js';
import { readsOf } from '../../src/dataprep/reads.js';
import { pruned, readTree } from '../../src/projection/readSet.js';

type Structure = Scope['record'];

const RECORD: Structure = {
  message: 'Do you ship to Porto?',
  channelId: 'C07QK2M4XA1',
  total: 7,
  vip: true,
  field: 'email',
  visitor: {
    UUID: '7c0f7f0e',
    email: 'ana@example.com',
    'street.name': 'Rua',
    null: 'reserved',
    nested: { deep: ['x'] },
  },
  messages: [
    { text: 'first', ts: '1.1', labels: ['a', 'b'] },
    { text: 'second', ts: '1.2' },
  ],
  extraData: ['vip', 'gold'],
};

const PATHS = [
  'message',
  'channelId',
  'total',
  'vip',
  'field',
  'nothing',
  'visitor',
  'visitor.UUID',
  'visitor.email',
  'visitor.nothing',
  'visitor.nested',
  'visitor.nested.deep',
  'visitor.nested.deep[0]',
  String.raw`visitor.street\.name`,
  'visitor.${null}',
  'messages',
  'messages[0]',
  'messages[1].text',
  'messages[0].labels',
  'messages[7].text',
  'extraData',
  'extraData[1]',
];

const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const inner = tie('expression');
  const path = fc.constantFrom(...PATHS);
  const args = fc.array(inner, { minLength: 1, maxLength: 3 }).map((all) => all.join(', '));
  const called = (name: string, given: fc.Arbitrary<string>) => given.map((text) => `${name}(${text})`);
  return {
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      path,
      fc.constantFrom('"x"', '1', 'null', 'true', '"email"', 'nullify()'),
      called(
        'contains_key',
        path.map((text) => `"${text.replaceAll('\\', '\\\\')}"`),
      ),
      fc
        .tuple(
          fc.constantFrom('visitor', 'messages[0]', 'visitor.nested'),
          fc.constantFrom('email', 'text', 'deep', 'UUID'),
        )
        .map(([object, key]) => `${object}.get("${key}")`),
      fc.tuple(fc.constantFrom('visitor', 'messages[1]'), inner).map(([object, key]) => `${object}.get(${key})`),
      fc
        .tuple(
          fc.constantFrom('lower', 'upper', 'trim', 'is_empty', 'size_of', 'sha256', 'first', 'last', 'get_keys'),
          inner,
        )
        .map(([name, given]) => `${name}(${given})`),
      fc
        .tuple(fc.constantFrom('concat', 'coalesce', 'to_array', 'min', 'max'), args)
        .map(([name, given]) => `${name}(${given})`),
      fc.tuple(inner, inner, inner).map((all) => `iif(${all.join(', ')})`),
      fc.tuple(inner, inner, inner).map(([key, value, otherwise]) => `decode(${key}, "x", ${value}, ${otherwise})`),
      fc.tuple(inner, inner).map(([a, b]) => `to_object("k", ${a}, "l", ${b}).get("k")`),
      fc.tuple(path, inner).map(([a, b]) => `${a}.equals(${b})`),
      fc.tuple(inner, fc.constantFrom('==', '!=', '+', 'and', 'or', '<'), inner).map((all) => `(${all.join(' ')})`),
    ),
  };
});

function outcome(source: string, record: Structure): unknown {
  const evaluate = compileSource(source);
  try {
    return {
      value: evaluate({
        record,
        missingAttributeInMapping: 'null',
        nowMs: 0,
        iifEvaluation: 'eager',
        unevenArrays: 'longest',
      }),
    };
  } catch (error) {
    return { failed: String(error) };
  }
}

describe('what a mapping reads', () => {
  it('is all that it needs: it gives the same of a record that has nothing else', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(expression, (source) => {
        const found = readsOf([{ sourceType: 'EXPRESSION', source, destination: 'x' }]);
        if ('unreadable' in found) throw new Error(found.unreadable.why);
        const sent = (pruned(RECORD, readTree(found.reads)) ?? {}) as Structure;
        const whole = outcome(source, RECORD);
        seen.add('value' in (whole as object) ? 'value' : 'failed');
        expect(outcome(source, sent)).toEqual(whole);
      }),
      { numRuns: 1_000 },
    );
    expect([...seen].sort()).toEqual(['failed', 'value']);
  });

  it('is no more than it needs: a record without any one of its paths gives something else', () => {
    const probe =
      'concat(visitor.email, messages[1].text, iif(contains_key("channelId"), "yes", "no"), visitor.get("UUID"))';
    const found = readsOf([{ sourceType: 'EXPRESSION', source: probe, destination: 'x' }]);
    const reads = 'reads' in found ? found.reads : [];
    expect(reads).toEqual(['channelId', 'messages[1].text', 'visitor.UUID', 'visitor.email']);
    for (const left of reads) {
      const others = readTree(reads.filter((read) => read !== left));
      expect(outcome(probe, pruned(RECORD, others) as Structure), left).not.toEqual(outcome(probe, RECORD));
    }
  });
});
