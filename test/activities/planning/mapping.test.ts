import { describe, expect, it } from 'vitest';
import { mappingProblems, type ResolvedSchema } from '../../../src/activities/planning/mapping.js';
import { remedyOf, sentenceOf } from '../../../src/domain/errors.js';
import type { MappingRow } from '../../../src/domain/source/manifest.js';
import { tenantFields } from '../../../src/domain/source/xdm/xdmFields.js';

const ID: MappingRow = { source: 'eventId', sourceType: 'ATTRIBUTE', destination: '_id' };
const TIME: MappingRow = { source: 'occurredAt', sourceType: 'ATTRIBUTE', destination: 'timestamp' };
const row = (
  destination: string,
  source = 'message',
  sourceType: MappingRow['sourceType'] = 'ATTRIBUTE',
): MappingRow => ({
  source,
  sourceType,
  destination,
});

const text = { type: 'string' };
const SCHEMA: ResolvedSchema = {
  title: 'Chatlio events',
  body: {
    properties: {
      _id: text,
      timestamp: text,
      _acme: {
        properties: {
          message: text,
          messages: { type: 'array', items: { properties: { text } } },
          labels: { type: 'object', additionalProperties: text },
        },
      },
    },
  },
};

const problemsOf = (rows: readonly MappingRow[], mappingReads?: readonly string[], schema?: ResolvedSchema) =>
  mappingProblems(
    { mapping: [ID, TIME, ...rows], ...(mappingReads === undefined ? {} : { mappingReads }) },
    'acme',
    schema,
  );

describe('a mapping that is planned', () => {
  it('has no problems where it reads what events have and fills what the schema has', () => {
    const rows = ['message', 'messages', 'messages[0]', 'messages[*].text', 'labels.vip'].map((name) =>
      row(`{tenant}.${name}`),
    );
    expect(problemsOf(rows, undefined, SCHEMA)).toEqual([]);
  });

  it('may fill fields that the field group is to get', () => {
    const added = tenantFields({ contents: 'full' });
    const rows = [row('{tenant}.visitor_traits'), row('{tenant}.visitor_trait')];
    const [error] = mappingProblems({ mapping: [ID, TIME, ...rows] }, 'acme', SCHEMA, added);
    expect(error?.problems).toMatchObject([{ path: 'message → {tenant}.visitor_trait' }]);
  });

  it('is told of each row whose source or destination does not exist, with the nearest name', () => {
    const rows = [
      row('{tenant}.mesage'),
      row('{tenant}.messages[*].txt'),
      row('{tenant}.message.text'),
      row('{tenant}.__proto__'),
      row('{tenant}.message', 'trim(mesage)', 'EXPRESSION'),
    ];
    const [error, ...others] = problemsOf(rows, undefined, SCHEMA);
    expect(others).toEqual([]);
    expect(error).toEqual({
      code: 'CAEP_MAPPING_UNKNOWN_FIELD',
      fields: { count: '5' },
      problems: [
        {
          path: 'trim(mesage) → {tenant}.message',
          expected: 'a field of an event (one that is not known yet, and that Chatlio sends, is written `body.name`)',
          got: 'mesage',
          hint: 'did you mean message?',
        },
        {
          path: 'message → {tenant}.mesage',
          expected: 'a field of the schema "Chatlio events"',
          got: '_acme.mesage',
          hint: 'did you mean _acme.message?',
        },
        {
          path: 'message → {tenant}.messages[*].txt',
          expected: 'a field of the schema "Chatlio events"',
          got: '_acme.messages[*].txt',
          hint: 'did you mean _acme.messages[*].text?',
        },
        expect.objectContaining({ got: '_acme.message.text' }),
        expect.objectContaining({ got: '_acme.__proto__' }),
      ],
    });
  });

  it('is not told of destinations while there is no schema', () => {
    expect(problemsOf([row('{tenant}.anything')])).toEqual([]);
  });

  it('is told of each row of which it cannot be said what it reads, unless a person has', () => {
    const rows = [row('{tenant}.a', 'phonetic(message)', 'EXPRESSION'), row('{tenant}.b', 'lower(', 'EXPRESSION')];
    expect(problemsOf(rows).map(sentenceOf)).toEqual([
      'It cannot be determined which fields the row phonetic(message) → {tenant}.a of the mapping reads: the function phonetic is not known.',
      'It cannot be determined which fields the row lower( → {tenant}.b of the mapping reads: expected an expression, got the end at character 7.',
    ]);
    expect(problemsOf(rows, ['message'])).toEqual([]);
  });

  it('needs the rows of _id and timestamp', () => {
    const [error, ...others] = mappingProblems(
      { mapping: [TIME, row('_id', 'uuid()', 'EXPRESSION')] },
      'acme',
      undefined,
    );
    expect(others).toEqual([]);
    expect(error?.code).toBe('CAEP_MAPPING_NEEDS_ID');
    expect(error === undefined ? '' : remedyOf(error)).toBe(
      'Give the mapping these rows: `- {source: eventId, destination: _id}`.',
    );
  });
});
