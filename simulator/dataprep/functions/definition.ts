/** The form of one Data Prep function. */
import type { PathSegment } from '../paths.js';
import type { Structure, Value } from '../values.js';

export interface Arity {
  readonly min: number;
  readonly max?: number;
}

interface FunctionScope {
  readonly record: Structure;
  readonly nowMs: number;
  readonly iifEvaluation: 'lazy' | 'eager';
}

export type DataPrepFunction =
  | { readonly kind: 'strict'; readonly takes: Arity; readonly apply: (given: readonly Value[]) => Value }
  | {
      /** Sees the record or the clock, or evaluates only some of its arguments. */
      readonly kind: 'scoped';
      readonly takes: Arity;
      readonly apply: (
        scope: FunctionScope,
        given: readonly (() => Value)[],
        paths: readonly (readonly PathSegment[] | undefined)[],
      ) => Value;
    };

export type FunctionTable = Readonly<Record<string, DataPrepFunction>>;

export const ANY_NUMBER = Number.POSITIVE_INFINITY;

export function strict(takes: Arity | number, apply: (given: readonly Value[]) => Value): DataPrepFunction {
  return { kind: 'strict', takes: typeof takes === 'number' ? { min: takes } : takes, apply };
}

/** As {@link strict}, answering null when the first argument is null: how the text functions treat an absent field. */
export function ofText(
  takes: Arity | number,
  apply: (text: string, rest: readonly Value[]) => Value,
  toText: (value: Value) => string,
): DataPrepFunction {
  return strict(takes, ([first = null, ...rest]) => (first === null ? null : apply(toText(first), rest)));
}
