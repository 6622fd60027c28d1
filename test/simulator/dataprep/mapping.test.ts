import { describe, expect, test } from 'vitest';
import { compileMapping, compileRow, MappingRowError, type Scope } from '../../../simulator/dataprep/mapping.js';
import { RowFailure, type Structure } from '../../../simulator/dataprep/language/values.js';
import type { XdmSchema } from '../../../simulator/xdm/schema.js';

const text = { type: 'string' } as const;
const EMAIL: XdmSchema = {
  type: 'object',
  properties: { name: text, email: text, since: { type: 'string', format: 'date-time' } },
};
const SCHEMA: XdmSchema = {
  type: 'object',
  properties: {
    pi: {
      type: 'object',
      properties: {
        email: text,
        emailList: { type: 'array', items: EMAIL },
        names: { type: 'array', items: text },
        people: { type: 'array', items: { type: 'object', properties: { names: text, mail: text } } },
        wrapped: { type: 'array', items: { type: 'object', properties: { names: EMAIL } } },
        active: { type: 'boolean' },
      },
    },
    addr: { type: 'object', properties: { addrLine1: text, city: text, state: text } },
  },
};

const RECORD: Structure = {
  customerInfo: {
    emails: [
      { name: 'John Smith', email: 'js@example.com' },
      { name: 'Jane Smith', email: 'jane@example.com' },
    ],
  },
  address: { line1: '345 Park Avenue', city: 'San Jose', state: 'California' },
  rows: [{ a: 1 }, {}, { a: 3 }],
  mixed: [{ name: 'A', unknown: 1 }, { name: null }],
  active: 'yes',
};

function map(rows: readonly (readonly [string, string])[], settings: Partial<Scope> = {}) {
  const mappings = rows.map(([source, destination]) => ({
    sourceType: source.includes('(') ? ('EXPRESSION' as const) : ('ATTRIBUTE' as const),
    source,
    destination,
  }));
  return compileMapping(mappings, SCHEMA).apply({
    record: RECORD,
    nowMs: 0,
    missingAttributeInMapping: 'null',
    iifEvaluation: 'lazy',
    unevenArrays: 'longest',
    iterationShape: 'value',
    iterationIntoField: 'array',
    membersWithoutField: 'refuse',
    nullInStructures: 'refuse',
    conversionInStructures: 'no',
    ...settings,
  });
}

const mapped = (...given: Parameters<typeof map>) => map(...given).entity;

describe('the samples of the mapping set page', () => {
  test('one element of an array', () => {
    expect(mapped([['customerInfo.emails[0].email', 'pi.email']])).toEqual({ pi: { email: 'js@example.com' } });
  });

  test('an array to an array: every element, in its place, with its members', () => {
    expect(mapped([['customerInfo.emails', 'pi.emailList']])).toEqual({
      pi: { emailList: (RECORD['customerInfo'] as Structure)['emails'] },
    });
  });

  test('a value at a place of an array; what is before it is null', () => {
    expect(mapped([['address.city', 'pi.names[0]']])).toEqual({ pi: { names: ['San Jose'] } });
    expect(mapped([['address.city', 'pi.names[2]']])).toEqual({ pi: { names: [null, null, 'San Jose'] } });
  });

  test('one element of the target for each of the source, which several rows fill together', () => {
    const rows = [
      ['customerInfo.emails[*].name', 'pi.people[*].names'],
      ['customerInfo.emails[*].email', 'pi.people[*].mail'],
    ] as const;
    expect(mapped(rows)).toEqual({
      pi: {
        people: [
          { names: 'John Smith', mail: 'js@example.com' },
          { names: 'Jane Smith', mail: 'jane@example.com' },
        ],
      },
    });
  });

  test('the value in an object of its own, as the sample prints it, where the policy says so', () => {
    const rows = [['customerInfo.emails[*].name', 'pi.wrapped[*].names']] as const;
    expect(mapped(rows, { iterationShape: 'object' })).toEqual({
      pi: { wrapped: [{ names: { name: 'John Smith' } }, { names: { name: 'Jane Smith' } }] },
    });
    expect(() => mapped(rows)).toThrow(/a string that cannot be converted to object/);
  });

  test('an object copies the members that both sides name, and a row for a member adds to it, in any order', () => {
    const rows = [
      ['address', 'addr'],
      ['address.line1', 'addr.addrLine1'],
    ] as const;
    const addr = { addrLine1: '345 Park Avenue', city: 'San Jose', state: 'California' };
    expect(mapped(rows)).toEqual({ addr });
    expect(mapped(rows.toReversed())).toEqual({ addr });
  });
});

describe('arrays and objects beyond the samples', () => {
  test('an element that lacks the attribute keeps its place', () => {
    expect(mapped([['rows[*].a', 'pi.people[*].names']])).toEqual({
      pi: { people: [{ names: '1' }, {}, { names: '3' }] },
    });
    expect(mapped([['rows[*].a', 'pi.names[*]']])).toEqual({ pi: { names: ['1', null, '3'] } });
  });

  test('an element that lacks the attribute fails the row where lacking attributes do', () => {
    const settings = { missingAttributeInMapping: 'rowError' } as const;
    expect(() => mapped([['rows[*].a', 'pi.names[*]']], settings)).toThrow(/Attribute rows\.\*\.a does not exist/);
    expect(() => mapped([['absent[*].a', 'pi.names[*]']], settings)).toThrow(RowFailure);
    expect(mapped([['absent[*].a', 'pi.names[*]']])).toEqual({});
  });

  test('an iteration for a destination without one gives the array of the values, or fails the row', () => {
    const rows = [['customerInfo.emails[*].name', 'pi.names']] as const;
    expect(mapped(rows)).toEqual({ pi: { names: ['John Smith', 'Jane Smith'] } });
    expect(() => mapped(rows, { iterationIntoField: 'rowError' })).toThrow(RowFailure);
  });

  test('wildcards of the destination need as many of the source, which is an attribute', () => {
    const row = (sourceType: 'ATTRIBUTE' | 'EXPRESSION', source: string) => () =>
      compileRow({ sourceType, source, destination: 'pi.names[*]' }, SCHEMA);
    expect(row('ATTRIBUTE', 'address.city')).toThrow(MappingRowError);
    expect(row('ATTRIBUTE', 'a[*].b[*]')).toThrow(MappingRowError);
    expect(row('EXPRESSION', 'rows[*].a')).toThrow(MappingRowError);
    expect(row('ATTRIBUTE', 'rows[*].a')).not.toThrow();
  });

  test.each([
    ['a text into an array', 'address.city', 'pi.names', /a string that cannot be converted to array/],
    ['an array into a text', 'customerInfo.emails', 'pi.email', /an array that cannot be converted to string/],
    ['an object into a text', 'address', 'pi.email', /an object that cannot be converted to string/],
  ])('%s fails the whole record and names the row', (_, source, destination, message) => {
    expect(() => mapped([[source, destination]])).toThrow(message);
    expect(() => mapped([[source, destination]])).toThrow(`(mapping ${source} → ${destination})`);
  });

  test('members of array items that have no field stay for validation to refuse, or are dropped', () => {
    const rows = [['mixed', 'pi.emailList']] as const;
    expect(mapped(rows)).toEqual({ pi: { emailList: RECORD['mixed'] } });
    expect(mapped(rows, { membersWithoutField: 'drop', nullInStructures: 'drop' })).toEqual({
      pi: { emailList: [{ name: 'A' }, {}] },
    });
  });

  test('what is inside is converted only where the policy says so', () => {
    const rows = [['arrays_to_objects("since", [1714642267412], "name", [5])', 'pi.emailList']] as const;
    expect(mapped(rows)).toEqual({ pi: { emailList: [{ since: 1_714_642_267_412, name: 5 }] } });
    expect(mapped(rows, { conversionInStructures: 'yes' })).toEqual({
      pi: { emailList: [{ since: '2024-05-02T09:31:07.412Z', name: '5' }] },
    });
  });

  test('texts that mean yes and no become booleans, others fail the row', () => {
    expect(mapped([['active', 'pi.active']])).toEqual({ pi: { active: true } });
    expect(() => mapped([['address.city', 'pi.active']])).toThrow(RowFailure);
  });
});
