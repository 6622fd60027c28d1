/** Fits a mapped value to the XDM type of its destination ("Data handling" page of Data Prep). */
import type { XdmSchema } from '../xdm/schema.js';
import { automaticDate } from './javaDates.js';
import { describe, RowFailure, type Value } from './values.js';

/**
 * @returns JSON for the record
 * @throws RowFailure for a value that cannot become what the field wants: type mismatches are errors and not warnings
 */
export function convertTo(field: XdmSchema, value: Exclude<Value, null>, destination: string): unknown {
  const converted = attempt(field, value);
  if (converted !== undefined) return converted;
  const wanted = field.format === undefined ? (field.type ?? 'any') : `${field.type}/${field.format}`;
  throw new RowFailure(`The value for ${destination} is ${describe(value)} that cannot be converted to ${wanted}`);
}

function attempt(field: XdmSchema, value: Exclude<Value, null>): unknown {
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
      if (value === 'true' || value === 'false') return value === 'true';
      return typeof value === 'boolean' ? value : undefined;
    case 'array':
      return Array.isArray(value) ? toJson(value) : undefined;
    case 'object':
      return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date) ? toJson(value) : undefined;
    case undefined:
      return toJson(value);
    default:
      return field.type satisfies never;
  }
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

/** A structure is taken as it is; dates inside become text. */
function toJson(value: Value): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return (value as readonly Value[]).map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, toJson(inner)]));
}
