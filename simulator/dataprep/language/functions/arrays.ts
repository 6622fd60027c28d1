import { describe, type Structure, textOf, TransformFailure, type Value } from '../values.js';
import { ANY_NUMBER, type DataPrepFunction, type FunctionTable, strict } from './definition.js';

export function listOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value as readonly Value[];
  return value === null ? [] : [value];
}

/** The page's samples give the elements one by one, its words an array. */
function elementsOf(given: readonly Value[]): readonly Value[] {
  const [only = null] = given;
  return given.length === 1 ? listOf(only) : given;
}

export function sizeOf(value: Value): number {
  if (value === null) return 0;
  if (Array.isArray(value) || typeof value === 'string') return value.length;
  if (typeof value === 'object' && !(value instanceof Date)) return Object.keys(value).length;
  throw new TransformFailure('size_of needs an array');
}

function arrayOf(value: Value, wanted: string): readonly Value[] {
  if (value === null) return [];
  if (Array.isArray(value)) return value as readonly Value[];
  throw new TransformFailure(`${wanted} needs an array, got ${describe(value)}`);
}

/** `arrays_to_objects('name', names, 'price', prices)`: a list of objects. The page writes both names. */
const arraysToObjects: DataPrepFunction = strict({ min: 2, max: ANY_NUMBER }, (given, { unevenArrays }) => {
  const columns: (readonly [string, readonly Value[]])[] = [];
  for (let index = 0; index < given.length; index += 2) {
    columns.push([textOf(given[index] ?? null), arrayOf(given[index + 1] ?? null, 'arrays_to_objects')]);
  }
  const lengths = columns.map(([, values]) => values.length);
  const [shortest, longest] = [Math.min(...lengths), Math.max(...lengths)];
  if (unevenArrays === 'fail' && shortest !== longest) {
    throw new TransformFailure('arrays_to_objects needs arrays of one length');
  }
  return Array.from({ length: unevenArrays === 'shortest' ? shortest : longest }, (_, place): Structure => {
    const filled = columns.filter(([, values]) => place < values.length);
    return Object.fromEntries(filled.map(([key, values]) => [key, values[place] ?? null]));
  });
});

/** Of events, which are only ever inserted, the upsert functions give back what they got. */
const asGiven = ([array = null]: readonly Value[]): Value => array;

/** "Hierarchies - Arrays", and of the objects those that make an array. */
export const ARRAY_FUNCTIONS: FunctionTable = {
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
  first: strict({ min: 1, max: ANY_NUMBER }, (given) => elementsOf(given)[0] ?? null),
  last: strict({ min: 1, max: ANY_NUMBER }, (given) => elementsOf(given).at(-1) ?? null),
  size_of: strict(1, ([value = null]) => sizeOf(value)),
  // to_array(include nulls?, values…)
  to_array: strict({ min: 1, max: ANY_NUMBER }, ([includeNulls = false, ...values]) =>
    includeNulls === true ? values : values.filter((value) => value !== null),
  ),
  add_to_array: strict({ min: 1, max: ANY_NUMBER }, ([array = null, ...values]) => [
    ...arrayOf(array, 'add_to_array'),
    ...values,
  ]),
  join_arrays: strict({ min: 1, max: ANY_NUMBER }, (given) => given.flatMap((array) => arrayOf(array, 'join_arrays'))),
  arrays_to_object: arraysToObjects,
  arrays_to_objects: arraysToObjects,
  upsert_array_append: strict(1, asGiven),
  upsert_array_replace: strict({ min: 1, max: 2 }, asGiven),
};
