/** The form of one Data Prep function. */
import type { PathSegment } from '../paths.js';
import type { Structure, Value } from '../values.js';

export interface Arity {
  readonly min: number;
  readonly max?: number;
}

/** Of what is not documented, what the functions leave to a policy; and the time. */
export interface FunctionSettings {
  /** Clock of `now()` and `timestamp()`, ms since the epoch. */
  readonly nowMs: number;
  /** Whether `iif` evaluates the branch that it does not take. */
  readonly iifEvaluation: 'lazy' | 'eager';
  /** `arrays_to_objects` with arrays of different lengths. */
  readonly unevenArrays: 'longest' | 'shortest' | 'fail';
}

interface FunctionScope extends FunctionSettings {
  readonly record: Structure;
}

export type DataPrepFunction =
  | {
      readonly kind: 'strict';
      readonly takes: Arity;
      readonly apply: (given: readonly Value[], settings: FunctionSettings) => Value;
    }
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

export function strict(
  takes: Arity | number,
  apply: (given: readonly Value[], settings: FunctionSettings) => Value,
): DataPrepFunction {
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
