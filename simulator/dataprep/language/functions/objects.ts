import { parsePath, readPath } from '../paths.js';
import { isStructure, textOf, TransformFailure, type Value } from '../values.js';
import { sizeOf } from './arrays.js';
import { ANY_NUMBER, type DataPrepFunction, type FunctionTable, strict } from './definition.js';

function fromJson(text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch (error) {
    throw new TransformFailure('The text is not JSON', { cause: error });
  }
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

/** `firstName - John , lastName - Cena`: "if either null or an empty string is provided", a delimiter is the default one. */
function pairsOf(text: string, valueDelimiter: Value = null, fieldDelimiter: Value = null): Record<string, Value> {
  const between = textOf(valueDelimiter) || ':';
  const fields = text.split(textOf(fieldDelimiter) || ',').map((field): [string, Value] => {
    const [key = '', ...value] = field.split(between);
    return [key.trim(), value.join(between).trim()];
  });
  return Object.fromEntries(fields.filter(([key]) => key !== ''));
}

const memberOf = (value: Value, key: Value): Value => {
  const name = textOf(key);
  return isStructure(value) && Object.hasOwn(value, name) ? (value[name] ?? null) : null;
};

/** "Hierarchies - Objects" and "JSON functions". Maps have functions of their own, which this engine does not know. */
export const OBJECT_FUNCTIONS: FunctionTable = {
  is_empty: strict(
    1,
    ([value = null]) =>
      value === null ||
      (typeof value !== 'number' && typeof value !== 'boolean' && !(value instanceof Date) && sizeOf(value) === 0),
  ),
  is_set: containsKey,
  contains_key: containsKey,
  nullify: strict(0, () => null),
  to_object: strict({ min: 2, max: ANY_NUMBER }, (given) => {
    const entries: [string, Value][] = [];
    for (let index = 0; index + 1 < given.length; index += 2) {
      entries.push([textOf(given[index] ?? null), given[index + 1] ?? null]);
    }
    return Object.fromEntries(entries);
  }),
  str_to_object: strict({ min: 1, max: 3 }, ([text = null, between, fields]) =>
    text === null ? null : pairsOf(textOf(text), between, fields),
  ),
  json_to_object: strict(1, ([text = null]) => (text === null || text === '' ? null : fromJson(textOf(text)))),
  get_keys: strict(1, ([value = null]) => (isStructure(value) ? Object.keys(value) : null)),
  get_values: strict({ min: 2, max: 4 }, ([text = null, key = null, between, fields]) =>
    text === null ? null : memberOf(pairsOf(textOf(text), between, fields), key),
  ),
};

export const OBJECT_METHODS: FunctionTable = {
  get: strict(2, ([value = null, key = null]) => memberOf(value, key)),
};
