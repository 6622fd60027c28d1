/** Fits a mapped value to the XDM type of its destination ("Data handling" page of Data Prep). */
import type { XdmSchema } from '../../xdm/schema.js';
import { automaticDate } from './javaDates.js';
import { describe, isStructure, RowFailure, type Value } from './values.js';

/** What is not documented of arrays and objects that are mapped whole, and a policy decides. */
export interface StructureRules {
  /** Members for which the XDM object or array item has no field. */
  readonly membersWithoutField: 'drop' | 'refuse';
  readonly nullInStructures: 'refuse' | 'drop';
  /** Whether what is inside is converted to the types of its fields, or must have them. */
  readonly conversionInStructures: 'no' | 'yes';
}

/**
 * @returns JSON for the record
 * @throws RowFailure for a value that cannot become what the field wants: type mismatches are errors and not warnings
 */
export function convertTo(field: XdmSchema, value: Exclude<Value, null>, rules: StructureRules): unknown {
  const converted = attempt(field, value, rules);
  if (converted !== undefined) return converted;
  const wanted = field.format === undefined ? (field.type ?? 'any') : `${field.type}/${field.format}`;
  throw new RowFailure(`The value is ${describe(value)} that cannot be converted to ${wanted}`);
}

/** "Object copy" of the functions page: only members whose names the source and the XDM object share are copied. */
export function forObjectCopy(rules: StructureRules): StructureRules {
  return { ...rules, membersWithoutField: 'drop' };
}

function attempt(field: XdmSchema, value: Exclude<Value, null>, rules: StructureRules): unknown {
  switch (field.type) {
    case 'string':
      return field.format === 'date-time' ? toInstant(value) : toText(value);
    case 'integer': {
      const number = toNumber(value);
      return Number.isInteger(number) ? number : undefined;
    }
    case 'number':
      return toNumber(value);
    case 'boolean':
      return toBoolean(value);
    case 'array':
      return Array.isArray(value) ? inside(field, value, rules) : undefined;
    case 'object':
      return isStructure(value) ? inside(field, value, rules) : undefined;
    case undefined:
      return toJson(value);
    default:
      return field.type satisfies never;
  }
}

/** Part of a structure: it keeps its place and its name. What does not fit its field is left to validation. */
function inside(field: XdmSchema | undefined, value: Value, rules: StructureRules): unknown {
  if (Array.isArray(value)) {
    const elements = (value as readonly Value[]).filter((one) => one !== null || rules.nullInStructures === 'refuse');
    return elements.map((one) => inside(field?.items, one, rules));
  }
  if (isStructure(value)) {
    const members = Object.entries(value).filter(
      ([name, one]) =>
        (one !== null || rules.nullInStructures === 'refuse') &&
        (rules.membersWithoutField === 'refuse' || hasMember(field, name)),
    );
    return Object.fromEntries(members.map(([name, one]) => [name, inside(memberOf(field, name), one, rules)]));
  }
  const isConverted = value !== null && field !== undefined && rules.conversionInStructures === 'yes';
  return (isConverted ? attempt(field, value, rules) : undefined) ?? toJson(value);
}

function memberOf(field: XdmSchema | undefined, name: string): XdmSchema | undefined {
  const { properties, additionalProperties } = field ?? {};
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** An object that names no fields takes any. */
function hasMember(field: XdmSchema | undefined, name: string): boolean {
  return field?.properties === undefined || field.additionalProperties === true || memberOf(field, name) !== undefined;
}

/** "Booleans" of the data handling page. */
const TRUE_TEXTS = ['y', 'yes', 'Y', 'YES', 'on', 'ON', 'true', 'TRUE'];
const FALSE_TEXTS = ['n', 'N', 'no', 'NO', 'off', 'OFF', 'false', 'FALSE'];

function toBoolean(value: Exclude<Value, null>): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  return TRUE_TEXTS.includes(value) ? true : FALSE_TEXTS.includes(value) ? false : undefined;
}

function toText(value: Exclude<Value, null>): string | undefined {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? undefined : String(value);
}

/** Numbers are milliseconds since the epoch. */
function toInstant(value: Exclude<Value, null>): string | undefined {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number') return Number.isInteger(value) ? new Date(value).toISOString() : undefined;
  return typeof value === 'string' ? automaticDate(value)?.toISOString() : undefined;
}

function toNumber(value: Exclude<Value, null>): number | undefined {
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'number') return value;
  const isNumeric = typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
  return isNumeric ? Number(value) : undefined;
}

/** Dates inside a structure become text. */
function toJson(value: Value): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return (value as readonly Value[]).map(toJson);
  if (!isStructure(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, toJson(inner)]));
}
