import { describe, expect, test } from 'vitest';
import { resolveSchema, UnresolvedReferenceError } from '../../../simulator/xdm/resolve.js';
import type { XdmSchema } from '../../../simulator/xdm/schema.js';
import { validateRecord } from '../../../simulator/xdm/validate.js';

const SCHEMA: XdmSchema = {
  type: 'object',
  required: ['_id', 'timestamp'],
  properties: {
    _id: { type: 'string', minLength: 1 },
    timestamp: { type: 'string', format: 'date-time' },
    kind: { type: 'string', enum: ['new', 'old'] },
    count: { type: 'integer', minimum: 0, maximum: 10 },
    ratio: { type: 'number' },
    flag: { type: 'boolean' },
    code: { type: 'string', pattern: '^[A-Z]+$', maxLength: 3 },
    tags: { type: 'array', items: { type: 'string' }, maxItems: 2 },
    inner: { type: 'object', properties: { name: { type: 'string' } } },
    map: { type: 'object', additionalProperties: { type: 'array', items: { type: 'object' } } },
  },
};
const VALID = { _id: 'a', timestamp: '2024-05-02T09:31:07Z' };

function violation(keyword: string, pointer: string, message: string, schemaLocation = pointer) {
  return { schemaLocation, pointerToViolation: pointer, causingExceptions: [], keyword, message };
}

describe('records', () => {
  test.each([
    [{}],
    [{ kind: 'old', count: 0, ratio: 1.5, flag: false, code: 'ABC', tags: ['x'], inner: { name: 'n' } }],
    [{ map: { ECID: [{ id: '1' }] } }],
    [{ timestamp: '2024-05-02T09:31:07.1Z' }],
    [{ timestamp: '2024-05-02T09:31:07.123456789+05:30' }],
    [{ timestamp: '2024-02-29T23:59:59-08:00' }],
  ])('%j is valid', (more) => {
    expect(validateRecord(SCHEMA, { ...VALID, ...more })).toBeUndefined();
  });

  test.each<[object, object]>([
    [{ _id: '' }, violation('minLength', '#/_id', 'expected minLength: 1, actual: 0', '#/properties/_id')],
    [{ _id: null }, violation('type', '#/_id', 'expected type: String, found: Null', '#/properties/_id')],
    [{ kind: 'other' }, violation('enum', '#/kind', 'other is not a valid enum value', '#/properties/kind')],
    [{ count: 1.5 }, violation('type', '#/count', 'expected type: Integer, found: Double', '#/properties/count')],
    [{ count: -1 }, violation('minimum', '#/count', '-1 is not greater or equal to 0', '#/properties/count')],
    [{ count: 11 }, violation('maximum', '#/count', '11 is not less or equal to 10', '#/properties/count')],
    [{ flag: 'true' }, violation('type', '#/flag', 'expected type: Boolean, found: String', '#/properties/flag')],
    [
      { code: 'abc' },
      violation('pattern', '#/code', 'string [abc] does not match pattern ^[A-Z]+$', '#/properties/code'),
    ],
    [{ tags: [1] }, violation('type', '#/tags/0', 'expected type: String, found: Long', '#/properties/tags/items')],
    [
      { tags: ['a', 'b', 'c'] },
      violation('maxItems', '#/tags', 'expected maximum item count: 2, found: 3', '#/properties/tags'),
    ],
    [
      { inner: { x: 1 } },
      violation('additionalProperties', '#/inner', 'extraneous key [x] is not permitted', '#/properties/inner'),
    ],
    [{ foo: 1 }, violation('additionalProperties', '#', 'extraneous key [foo] is not permitted')],
  ])('%j is not', (more, expected) => {
    expect(validateRecord(SCHEMA, { ...VALID, ...more })).toEqual(expected);
  });

  test.each([
    '2024-05-02T09:31:07',
    '2024-05-02T09:31Z',
    '2024-05-02 09:31:07Z',
    '2024-05-02T09:31:07+0100',
    '2024-05-02T09:31:07.1234567890Z',
    '2024-02-30T09:31:07Z',
    '2024-05-02T24:00:00Z',
  ])('%s is no date-time', (timestamp) => {
    expect(validateRecord(SCHEMA, { ...VALID, timestamp })).toMatchObject({
      keyword: 'format',
      pointerToViolation: '#/timestamp',
      message: expect.stringContaining(`[${timestamp}] is not a valid date-time. Expected [yyyy-MM-dd'T'HH:mm:ssZ`),
    });
  });

  test('a missing required key is told, and several violations stand under one, at most five', () => {
    expect(validateRecord(SCHEMA, { _id: 'a' })).toEqual(
      violation('required', '#', 'required key [timestamp] not found'),
    );
    const many = validateRecord(SCHEMA, { a: 1, b: 1, c: 1, d: 1 });
    expect(many).toMatchObject({ message: '5 schema violations found', schemaLocation: '#', pointerToViolation: '#' });
    expect(many?.causingExceptions).toHaveLength(5);
  });

  test('a record that is no object', () => {
    expect(validateRecord(SCHEMA, 'x')).toMatchObject({ message: 'expected type: JSONObject, found: String' });
  });
});

describe('resolving', () => {
  const documents: Record<string, object> = {
    class: {
      $id: 'class',
      title: 'Class',
      definitions: { c: { required: ['_id'], properties: { _id: { type: 'string' } } } },
      allOf: [{ $ref: '#/definitions/c' }],
    },
    group: { $id: 'group', properties: { _tenant: { type: 'object', properties: { a: { type: 'string' } } } } },
    other: { $id: 'other', properties: { _tenant: { type: 'object', properties: { b: { $ref: 'type' } } } } },
    type: { $id: 'type', title: 'Type', type: 'object', properties: { x: { type: 'integer' } } },
    loop: { $id: 'loop', allOf: [{ $ref: 'loop' }] },
  };
  const lookup = (id: string) => documents[id] as never;

  test('follows references of all kinds and merges what two groups add below one node', () => {
    const schema = {
      $id: 's',
      type: 'object',
      title: 'S',
      allOf: [{ $ref: 'class' }, { $ref: 'group' }, { $ref: 'other' }],
    };
    expect(resolveSchema(lookup, schema)).toEqual({
      $id: 's',
      type: 'object',
      title: 'S',
      required: ['_id'],
      properties: {
        _id: { type: 'string' },
        _tenant: {
          type: 'object',
          properties: { a: { type: 'string' }, b: { type: 'object', properties: { x: { type: 'integer' } } } },
        },
      },
    });
  });

  test.each([['nowhere'], ['loop'], ['#/definitions/nowhere']])('the reference %s leads nowhere', ($ref) => {
    expect(() => resolveSchema(lookup, { allOf: [{ $ref }] })).toThrow(UnresolvedReferenceError);
  });
});
