/** `property=path==value`: the filter expressions of registry, Catalog and Flow Service. Which operators exist differs. */
import { isJsonObject, type Json, type JsonObject, textOf } from './json.js';

export const COMPARISONS = ['==', '!=', '<=', '>=', '<', '>'] as const;

export type FilterOperator = (typeof COMPARISONS)[number] | '~' | 'exists';

export interface PropertyFilter {
  readonly path: string;
  readonly operator: FilterOperator;
  readonly value: string;
}

/** @returns undefined when the expression has none of the operators in a place where one can be, and is no bare path */
export function parsePropertyFilter(
  expression: string,
  operators: readonly FilterOperator[] = COMPARISONS,
): PropertyFilter | undefined {
  const match = /^([^=!<>~]+)([=!<>~]+)?(.*)$/s.exec(expression);
  if (match === null) return undefined;
  const [, path = '', sign, value = ''] = match;
  if (sign === undefined) return { path: path.trim(), operator: 'exists', value: '' };
  // `path==!x` is an operator and a value that begins with a sign.
  const operator = [...operators].sort((a, b) => b.length - a.length).find((one) => sign.startsWith(one));
  if (operator === undefined) return undefined;
  return { path: path.trim(), operator, value: sign.slice(operator.length) + value };
}

/** Values at a dotted path; an array along the way or at the end gives all of its elements. */
export function valuesAt(object: JsonObject, path: string): readonly Json[] {
  let found: readonly Json[] = [object];
  for (const part of path.replaceAll('[]', '').split('.')) {
    found = found.flatMap((value) => {
      const inner = isJsonObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
      if (inner === undefined) return [];
      return Array.isArray(inner) ? (inner as readonly Json[]) : [inner];
    });
  }
  return found;
}

function compare(actual: Json, expected: string): number {
  if (typeof actual === 'number') return actual - Number(expected);
  const text = textOf(actual);
  if (text === expected) return 0;
  return text < expected ? -1 : 1;
}

/** @param alternatives one filter with several values, any of which may fit */
export function fits(object: JsonObject, filter: PropertyFilter, alternatives: readonly string[] = [filter.value]) {
  const values = valuesAt(object, filter.path);
  const some = (test: (value: Json, wanted: string) => boolean) =>
    values.some((value) => alternatives.some((wanted) => test(value, wanted)));
  switch (filter.operator) {
    case 'exists':
      return values.length > 0;
    case '==':
      return some((value, wanted) => compare(value, wanted) === 0);
    case '!=':
      return !some((value, wanted) => compare(value, wanted) === 0);
    case '<':
      return some((value, wanted) => compare(value, wanted) < 0);
    case '<=':
      return some((value, wanted) => compare(value, wanted) <= 0);
    case '>':
      return some((value, wanted) => compare(value, wanted) > 0);
    case '>=':
      return some((value, wanted) => compare(value, wanted) >= 0);
    case '~':
      return some((value, wanted) => new RegExp(wanted).test(textOf(value)));
    default:
      return filter.operator satisfies never;
  }
}
