import { randomUUID } from 'node:crypto';
import { parsePath, readPath } from '../paths.js';
import { isStructure, numberOf, sameValue, textOf, TransformFailure, truthOf, type Value } from '../values.js';
import { ANY_NUMBER, type DataPrepFunction, type FunctionTable, strict } from './definition.js';

function listOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value as readonly Value[];
  return value === null ? [] : [value];
}

function sizeOf(value: Value): number {
  if (value === null) return 0;
  if (Array.isArray(value) || typeof value === 'string') return value.length;
  if (isStructure(value)) return Object.keys(value).length;
  throw new TransformFailure('size_of needs an array');
}

function fromJson(text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch (error) {
    throw new TransformFailure('The text is not JSON', { cause: error });
  }
}

/** Whole numbers towards zero, as a cast does. */
function integerOf(value: Value): Value {
  return value === null || value === '' ? null : Math.trunc(numberOf(value, 'to_integer'));
}

function floatOf(value: Value): Value {
  return value === null || value === '' ? null : numberOf(value, 'to_float');
}

/** `contains_key("path.to.attr")`, also with the path unquoted. */
const containsKey: DataPrepFunction = {
  kind: 'scoped',
  takes: { min: 1 },
  apply: ({ record }, given, paths) => {
    const asked = paths[0] ?? parsePath(textOf(given[0]?.() ?? null));
    if (asked === undefined) throw new TransformFailure('contains_key needs a path');
    return readPath(record, asked) !== undefined;
  },
};

const uuid: DataPrepFunction = strict(0, () => randomUUID());
const extreme = (choose: (values: readonly number[]) => number): DataPrepFunction =>
  strict({ min: 1, max: ANY_NUMBER }, (given) => {
    const numbers = given.flatMap(listOf).map((value) => numberOf(value, 'min and max'));
    return numbers.length === 0 ? null : choose(numbers);
  });

/** Logical, hierarchy, array, conversion and special functions. */
export const STRUCTURE_FUNCTIONS: FunctionTable = {
  // Whether the branch not taken is evaluated is not documented; the printed idioms (`contains_key`) rely on that it is not.
  iif: {
    kind: 'scoped',
    takes: { min: 3 },
    apply({ iifEvaluation }, given) {
      if (iifEvaluation === 'eager') for (const evaluate of given) evaluate();
      return (truthOf(given[0]?.() ?? null, 'iif') ? given[1]?.() : given[2]?.()) ?? null;
    },
  },
  // decode(key, default, value1, result1, …) in pairs after the default.
  decode: strict({ min: 2, max: ANY_NUMBER }, ([key = null, fallback = null, ...pairs]) => {
    for (let index = 0; index + 1 < pairs.length; index += 2) {
      if (sameValue(pairs[index] as Value, key)) return pairs[index + 1] as Value;
    }
    return fallback;
  }),
  // First that is not null; an empty string counts as a value.
  coalesce: {
    kind: 'scoped',
    takes: { min: 1, max: ANY_NUMBER },
    apply: (_, given) => {
      for (const evaluate of given) {
        const value = evaluate();
        if (value !== null) return value;
      }
      return null;
    },
  },
  nullify: strict(0, () => null),
  is_empty: strict(
    1,
    ([value = null]) =>
      value === null ||
      (typeof value !== 'number' && typeof value !== 'boolean' && !(value instanceof Date) && sizeOf(value) === 0),
  ),
  is_set: containsKey,
  contains_key: containsKey,
  size_of: strict(1, ([value = null]) => sizeOf(value)),
  first: strict(1, ([value = null]) => listOf(value)[0] ?? null),
  last: strict(1, ([value = null]) => listOf(value).at(-1) ?? null),
  // to_array(include nulls?, values…)
  to_array: strict({ min: 1, max: ANY_NUMBER }, ([includeNulls = false, ...values]) =>
    includeNulls === true ? values : values.filter((value) => value !== null),
  ),
  add_to_array: strict({ min: 2, max: ANY_NUMBER }, ([array = null, ...values]) => [...listOf(array), ...values]),
  join_arrays: strict({ min: 1, max: ANY_NUMBER }, (given) => given.flatMap(listOf)),
  to_object: strict({ min: 2, max: ANY_NUMBER }, (given) => {
    const made: Record<string, Value> = {};
    for (let index = 0; index + 1 < given.length; index += 2)
      made[textOf(given[index] ?? null)] = given[index + 1] ?? null;
    return made;
  }),
  json_to_object: strict(1, ([text = null]) => (text === null || text === '' ? null : fromJson(textOf(text)))),
  get_keys: strict(1, ([value = null]) => (isStructure(value) ? Object.keys(value) : null)),
  get_values: strict({ min: 1, max: 2 }, ([value = null, key]) => {
    if (!isStructure(value)) return null;
    return key === undefined ? Object.values(value) : (value[textOf(key)] ?? null);
  }),
  to_integer: strict(1, ([value = null]) => integerOf(value)),
  to_bigint: strict(1, ([value = null]) => integerOf(value)),
  to_float: strict(1, ([value = null]) => floatOf(value)),
  to_decimal: strict(1, ([value = null]) => floatOf(value)),
  min: extreme((values) => values.reduce((least, value) => Math.min(least, value))),
  max: extreme((values) => values.reduce((most, value) => Math.max(most, value))),
  uuid,
  guid: uuid,
};
