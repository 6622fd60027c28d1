/** Streaming validation: a record against a resolved schema, violations in the form that Adobe prints. */
import type { XdmSchema } from './schema.js';

/** One violation; the outermost may stand for several. */
export interface Violation {
  readonly schemaLocation: string;
  readonly pointerToViolation: string;
  readonly causingExceptions: readonly Violation[];
  readonly keyword?: string;
  readonly message: string;
}

/** "Validation of one message stops after five errors" (streaming validation page). */
const MAX_VIOLATIONS = 5;

/** The forms that Adobe's own message lists: seconds or up to nine fractional digits, `Z` or an offset with a colon. */
const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
const DATE_TIME_FORMS =
  "[yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,9}Z, yyyy-MM-dd'T'HH:mm:ss[+-]HH:mm, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,9}[+-]HH:mm]";

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': isDateTime,
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && isDateTime(`${text}T00:00:00Z`),
  email: (text) => /^[^@\s]+@[^@\s]+$/.test(text),
  uri: (text) => URL.canParse(text),
  'uri-reference': (text) => !/[\s<>"{}|\\^`]/.test(text),
};

function isDateTime(text: string): boolean {
  const parts = DATE_TIME.exec(text);
  if (parts === null) return false;
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return month >= 1 && month <= 12 && day >= 1 && day <= lastDay && hour < 24 && minute < 60 && second < 60;
}

/**
 * Checks types, formats, required fields, lengths, ranges, patterns, enumerations, and refuses unknown keys.
 *
 * @returns undefined when the record is valid; one violation, with `causingExceptions` when there are several
 */
export function validateRecord(schema: XdmSchema, record: unknown): Violation | undefined {
  const found: Violation[] = [];
  check(schema, record, { schemaLocation: '#', pointer: '#' }, found);
  const violations = found.slice(0, MAX_VIOLATIONS);
  const [first] = violations;
  if (first === undefined || violations.length === 1) return first;
  return {
    schemaLocation: '#',
    pointerToViolation: '#',
    message: `${violations.length} schema violations found`,
    causingExceptions: violations,
  };
}

interface Place {
  readonly schemaLocation: string;
  readonly pointer: string;
}

function check(schema: XdmSchema, value: unknown, place: Place, found: Violation[]): void {
  if (found.length >= MAX_VIOLATIONS) return;
  const report = (keyword: string, message: string): void => {
    found.push({
      schemaLocation: place.schemaLocation,
      pointerToViolation: place.pointer,
      causingExceptions: [],
      keyword,
      message,
    });
  };
  if (schema.type !== undefined && !isOfType(schema.type, value)) {
    report('type', `expected type: ${EXPECTED_NAMES[schema.type]}, found: ${foundName(value)}`);
    return;
  }
  if (schema.enum !== undefined && !schema.enum.includes(value as never)) {
    report('enum', `${textForMessage(value)} is not a valid enum value`);
  }
  if (typeof value === 'string') checkText(schema, value, report);
  else if (typeof value === 'number') checkNumber(schema, value, report);
  else if (Array.isArray(value)) checkArray(schema, value, place, report, found);
  else if (typeof value === 'object' && value !== null) {
    checkObject(schema, value as Readonly<Record<string, unknown>>, place, report, found);
  }
}

type Report = (keyword: string, message: string) => void;

function checkText(schema: XdmSchema, value: string, report: Report): void {
  // Code points, as Java's validator counts.
  const length = Array.from(value).length;
  if (schema.minLength !== undefined && length < schema.minLength) {
    report('minLength', `expected minLength: ${schema.minLength}, actual: ${length}`);
  }
  if (schema.maxLength !== undefined && length > schema.maxLength) {
    report('maxLength', `expected maxLength: ${schema.maxLength}, actual: ${length}`);
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) {
    report('pattern', `string [${value}] does not match pattern ${schema.pattern}`);
  }
  if (schema.format !== undefined && FORMATS[schema.format]?.(value) === false) {
    const expected = schema.format === 'date-time' ? ` Expected ${DATE_TIME_FORMS}` : '';
    report('format', `[${value}] is not a valid ${schema.format}.${expected}`);
  }
}

function checkNumber(schema: XdmSchema, value: number, report: Report): void {
  if (schema.minimum !== undefined && value < schema.minimum) {
    report('minimum', `${value} is not greater or equal to ${schema.minimum}`);
  }
  if (schema.maximum !== undefined && value > schema.maximum) {
    report('maximum', `${value} is not less or equal to ${schema.maximum}`);
  }
}

function checkArray(
  schema: XdmSchema,
  value: readonly unknown[],
  place: Place,
  report: Report,
  found: Violation[],
): void {
  if (schema.minItems !== undefined && value.length < schema.minItems) {
    report('minItems', `expected minimum item count: ${schema.minItems}, found: ${value.length}`);
  }
  if (schema.maxItems !== undefined && value.length > schema.maxItems) {
    report('maxItems', `expected maximum item count: ${schema.maxItems}, found: ${value.length}`);
  }
  const { items } = schema;
  if (items === undefined) return;
  value.forEach((element, index) => {
    check(
      items,
      element,
      { schemaLocation: `${place.schemaLocation}/items`, pointer: `${place.pointer}/${index}` },
      found,
    );
  });
}

function checkObject(
  schema: XdmSchema,
  value: Readonly<Record<string, unknown>>,
  place: Place,
  report: Report,
  found: Violation[],
): void {
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) report('required', `required key [${name}] not found`);
  }
  const { properties = {}, additionalProperties } = schema;
  for (const [name, inner] of Object.entries(value)) {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const inside = known ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (inside !== undefined) {
      const schemaLocation =
        known === undefined
          ? `${place.schemaLocation}/additionalProperties`
          : `${place.schemaLocation}/properties/${name}`;
      check(inside, inner, { schemaLocation, pointer: `${place.pointer}/${name}` }, found);
    } else if (isClosed(schema)) {
      report('additionalProperties', `extraneous key [${name}] is not permitted`);
    }
  }
}

/** Unknown keys are refused wherever the schema names fields and does not open itself. */
function isClosed(schema: XdmSchema): boolean {
  return schema.properties !== undefined && schema.additionalProperties !== true;
}

const EXPECTED_NAMES: Readonly<Record<NonNullable<XdmSchema['type']>, string>> = {
  string: 'String',
  integer: 'Integer',
  number: 'Number',
  boolean: 'Boolean',
  object: 'JSONObject',
  array: 'JSONArray',
};

function isOfType(type: NonNullable<XdmSchema['type']>, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}

/** The names of Java's classes, which Adobe's messages show. */
function foundName(value: unknown): string {
  if (value === null) return 'Null';
  if (Array.isArray(value)) return 'JSONArray';
  if (typeof value === 'number') return Number.isInteger(value) ? 'Long' : 'Double';
  return { string: 'String', boolean: 'Boolean', object: 'JSONObject' }[typeof value as string] ?? 'Unknown';
}

function textForMessage(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
