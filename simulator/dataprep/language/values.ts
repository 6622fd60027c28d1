/** What an expression works on: JSON, plus instants that the date functions make. */
export type Value = null | string | number | boolean | Date | readonly Value[] | { readonly [key: string]: Value };

export type Structure = { readonly [key: string]: Value };

export function isStructure(value: Value | undefined): value is Structure {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A transformation that failed: its column becomes null, the row goes on and counts as "with warnings". */
export class TransformFailure extends Error {}

/** A failure that rejects the whole row: an attribute that does not exist, a value that does not fit the XDM type. */
export class RowFailure extends Error {}

/** Text as the string functions see it; null stays null for the caller to decide. */
export function textOf(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

export function numberOf(value: Value, wanted: string): number {
  if (typeof value === 'number') return value;
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
  throw new TransformFailure(`${wanted} needs a number, got ${describe(value)}`);
}

export function truthOf(value: Value, wanted: string): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  if (value === null) return false;
  throw new TransformFailure(`${wanted} needs a boolean, got ${describe(value)}`);
}

/** Equality by value; numbers and their text compare equal, as `"1" == 1` does in Data Prep's expression language. */
export function sameValue(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (left === null || right === null) return false;
  if (typeof left === 'object' || typeof right === 'object') return textOf(left) === textOf(right);
  return String(left) === String(right);
}

/** Kind of a value for messages: never its content, which may be chat text. */
export function describe(value: Value): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Date) return 'a date';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
