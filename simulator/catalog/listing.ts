/** Lists of Catalog: field parameters, `property`, `tags`, `orderBy`, `limit`, `start`, `properties` ("Filter Catalog data"). */
import { isJsonObject, type JsonObject, textOf } from '../values/json.js';
import { COMPARISONS, fits, parsePropertyFilter, valuesAt } from '../values/propertyFilter.js';
import { badRequest } from './refusals.js';

const DEFAULT_LIMIT = 20;
const LONGEST_LIMIT = 100;

/** Everything else is the name of a field. */
const RESERVED = ['limit', 'start', 'property', 'tags', 'orderBy', 'properties', 'requestDataSource'];

type Test = (object: JsonObject) => boolean;

/** `A`, `A,B`, `!A` */
function fieldTest(field: string, value: string): Test {
  const isNegated = value.startsWith('!');
  const wanted = (isNegated ? value.slice(1) : value).split(',');
  return (object) => valuesAt(object, field).some((actual) => wanted.includes(textOf(actual))) !== isNegated;
}

/** @throws Refusal 400 */
function propertyTest(expression: string): Test {
  const filter = parsePropertyFilter(expression, [...COMPARISONS, '~']);
  if (filter === undefined) throw badRequest(`The property filter ${expression} is not valid`);
  return (object) => fits(object, filter);
}

/** `NAME:VALUE`, several of them joined by commas; `*` stands for any run of characters. */
function tagTests(tags: string): readonly Test[] {
  return tags.split(',').map((tag) => {
    const colon = tag.indexOf(':');
    const name = colon < 0 ? tag : tag.slice(0, colon);
    const pattern = (colon < 0 ? '*' : tag.slice(colon + 1))
      .split('*')
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
      .join('.*');
    const expected = new RegExp(`^${pattern}$`);
    return (object) => {
      const all = object['tags'];
      const values = isJsonObject(all) && Object.hasOwn(all, name) ? all[name] : undefined;
      return Array.isArray(values) && values.some((value) => expected.test(String(value)));
    };
  });
}

/** `asc:created,desc:updated`; a bare field is ascending. */
function compareBy(orderBy: string): (a: JsonObject, b: JsonObject) => number {
  const keys = orderBy.split(',').map((part) => {
    const match = /^(asc|desc):(.*)$/.exec(part);
    return { field: match?.[2] ?? part, direction: match?.[1] === 'desc' ? -1 : 1 };
  });
  return (a, b) => {
    for (const { field, direction } of keys) {
      const [left = '', right = ''] = [valuesAt(a, field)[0], valuesAt(b, field)[0]];
      if (left === right) continue;
      if (typeof left === 'number' && typeof right === 'number') return direction * (left - right);
      return direction * (textOf(left) < textOf(right) ? -1 : 1);
    }
    return 0;
  };
}

/** @throws Refusal 400 */
function wholeNumber(query: URLSearchParams, name: string, fallback: number, least: number, most: number): number {
  const value = query.get(name);
  if (value === null) return fallback;
  const number = Number(value);
  if (!Number.isInteger(number) || number < least || number > most) {
    throw badRequest(`The parameter ${name} must be a whole number from ${least} to ${most}, got ${value}`);
  }
  return number;
}

/**
 * @param objects by id
 * @returns objects by id, as the answer has them
 * @throws Refusal 400
 */
export function pageOf(objects: ReadonlyMap<string, JsonObject>, query: URLSearchParams): Record<string, JsonObject> {
  const limit = wholeNumber(query, 'limit', DEFAULT_LIMIT, 1, LONGEST_LIMIT);
  const start = wholeNumber(query, 'start', 0, 0, Number.MAX_SAFE_INTEGER);
  const tests = [
    ...[...query].filter(([name]) => !RESERVED.includes(name)).map(([name, value]) => fieldTest(name, value)),
    ...query.getAll('property').map(propertyTest),
    ...query.getAll('tags').flatMap(tagTests),
  ];
  let rows = [...objects].filter(([, object]) => tests.every((test) => test(object)));
  const orderBy = query.get('orderBy');
  if (orderBy !== null) {
    const compare = compareBy(orderBy);
    rows = rows.sort(([, a], [, b]) => compare(a, b));
  }
  const fields = query.get('properties')?.split(',');
  const project = (object: JsonObject) =>
    fields === undefined
      ? object
      : Object.fromEntries(Object.entries(object).filter(([name]) => fields.includes(name)));
  return Object.fromEntries(rows.slice(start, start + limit).map(([id, object]) => [id, project(object)]));
}
