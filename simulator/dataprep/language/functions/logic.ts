import { randomUUID } from 'node:crypto';
import { numberOf, sameValue, textOf, truthOf, type Value } from '../values.js';
import { listOf } from './arrays.js';
import { ANY_NUMBER, type DataPrepFunction, type FunctionTable, strict } from './definition.js';

/** Whole numbers towards zero, as a cast does. */
function integerOf(value: Value): Value {
  return value === null || value === '' ? null : Math.trunc(numberOf(value, 'to_integer'));
}

function floatOf(value: Value): Value {
  return value === null || value === '' ? null : numberOf(value, 'to_float');
}

/** "Uses natural ordering": of numbers by size, of texts by their characters. */
function extreme(isBetter: (value: number | string, best: number | string) => boolean): DataPrepFunction {
  return strict({ min: 1, max: ANY_NUMBER }, (given) => {
    const values = given.flatMap(listOf);
    const areTexts = values.length > 0 && values.every((value) => typeof value === 'string');
    const comparable = areTexts ? values.map(textOf) : values.map((value) => numberOf(value, 'min and max'));
    const [first, ...others] = comparable;
    return (
      others.reduce<number | string | undefined>(
        (best, value) => (best === undefined || isBetter(value, best) ? value : best),
        first,
      ) ?? null
    );
  });
}

/** decode(key, value1, result1, …, default): "optionally, a default value can be put at the end". */
function decode([key = null, ...options]: readonly Value[]): Value {
  let index = 0;
  for (; index + 1 < options.length; index += 2) {
    if (sameValue(options[index] ?? null, key)) return options[index + 1] ?? null;
  }
  return options[index] ?? null;
}

const uuid: DataPrepFunction = strict(0, () => randomUUID());

/** "Logical operators", "Aggregation", "Type conversions" and "Special operations". */
export const LOGIC_FUNCTIONS: FunctionTable = {
  // Whether the branch not taken is evaluated is not documented; the printed idioms (`contains_key`) rely on that it is not.
  iif: {
    kind: 'scoped',
    takes: { min: 3 },
    apply({ iifEvaluation }, given) {
      if (iifEvaluation === 'eager') for (const evaluate of given) evaluate();
      return (truthOf(given[0]?.() ?? null, 'iif') ? given[1]?.() : given[2]?.()) ?? null;
    },
  },
  decode: strict({ min: 3, max: ANY_NUMBER }, decode),
  min: extreme((value, best) => value < best),
  max: extreme((value, best) => value > best),
  to_integer: strict(1, ([value = null]) => integerOf(value)),
  to_bigint: strict(1, ([value = null]) => integerOf(value)),
  to_float: strict(1, ([value = null]) => floatOf(value)),
  to_decimal: strict(1, ([value = null]) => floatOf(value)),
  uuid,
  guid: uuid,
};
