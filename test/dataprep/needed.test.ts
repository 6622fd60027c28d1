import { describe, expect, it } from 'vitest';
import { mappingNeedsId, rowsNeeded } from '../../src/dataprep/needed.js';
import type { Mapping } from '../../src/dataprep/reads.js';
import { remedyOf, sentenceOf } from '../../src/domain/errors.js';

const id = (sourceType: Mapping['sourceType'], source: string): Mapping => ({ sourceType, source, destination: '_id' });
const time = (sourceType: Mapping['sourceType'], source: string): Mapping => ({
  sourceType,
  source,
  destination: 'timestamp',
});

describe('the rows that every mapping needs', () => {
  it.each([
    ['paths', [id('ATTRIBUTE', 'eventId'), time('ATTRIBUTE', 'occurredAt')]],
    [
      'expressions that are nothing but the path',
      [id('EXPRESSION', '(eventId)'), time('EXPRESSION', ' ${occurredAt} ')],
    ],
    [
      'rows in any order',
      [time('ATTRIBUTE', 'occurredAt'), { ...id('ATTRIBUTE', 'x'), destination: 'y' }, id('ATTRIBUTE', 'eventId')],
    ],
  ])('are there as %s', (_what, rows) => {
    expect(rowsNeeded(rows)).toEqual([]);
    expect(mappingNeedsId(rows)).toBeUndefined();
  });

  it.each([
    ['no row at all', [time('ATTRIBUTE', 'occurredAt')]],
    ['uuid()', [id('EXPRESSION', 'uuid()'), time('ATTRIBUTE', 'occurredAt')]],
    ['a function of it', [id('EXPRESSION', 'sha256(eventId)'), time('ATTRIBUTE', 'occurredAt')]],
    ['another field', [id('ATTRIBUTE', 'visitor.UUID'), time('ATTRIBUTE', 'occurredAt')]],
    ['a constant of that name', [id('STATIC', 'eventId'), time('ATTRIBUTE', 'occurredAt')]],
    ['a text of that name', [id('EXPRESSION', '"eventId"'), time('ATTRIBUTE', 'occurredAt')]],
    ['what is no expression', [id('EXPRESSION', 'eventId)'), time('ATTRIBUTE', 'occurredAt')]],
    [
      'two rows, one of them another',
      [id('ATTRIBUTE', 'eventId'), id('EXPRESSION', 'uuid()'), time('ATTRIBUTE', 'occurredAt')],
    ],
  ])('lack that of _id where it is filled with %s', (_what, rows) => {
    expect(rowsNeeded(rows)).toEqual([{ sourceType: 'ATTRIBUTE', source: 'eventId', destination: '_id' }]);
  });

  it('are named to a person, with what stands in their place, and why uuid() is none', () => {
    const error = mappingNeedsId([id('EXPRESSION', 'concat("a", uuid())'), time('EXPRESSION', 'date(startedAt)')]);
    expect(error).toBeDefined();
    if (error === undefined) return;
    expect(sentenceOf(error)).toBe(
      'The mapping does not fill `_id` with the id of the event and `timestamp` with its time: it has concat("a", uuid()) → _id (uuid() gives every copy another value) and date(startedAt) → timestamp.',
    );
    expect(remedyOf(error)).toBe(
      'Give the mapping these rows: `- {source: eventId, destination: _id}` and `- {source: occurredAt, destination: timestamp}`.',
    );
  });
});
