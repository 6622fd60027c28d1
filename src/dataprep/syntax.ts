/** What an expression of Data Prep is made of, once it is read. */
import type { Path, PathPart } from './path.js';

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'array'; readonly items: readonly Expression[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: Expression, value: Expression])[] }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'choice';
      readonly condition: Expression;
      readonly whenTrue: Expression;
      readonly whenFalse: Expression;
    }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | {
      readonly kind: 'method';
      readonly receiver: Expression;
      readonly name: string;
      readonly args: readonly Expression[];
    }
  /** A result that is called in turn. */
  | { readonly kind: 'applied'; readonly callee: Expression; readonly args: readonly Expression[] }
  /** Part of a value that is no path itself: `json_to_object(text).plan`. */
  | { readonly kind: 'member'; readonly object: Expression; readonly part: PathPart }
  /** At a place that is calculated. */
  | { readonly kind: 'element'; readonly object: Expression; readonly index: Expression };

/** What stands directly in an expression. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'path':
      return [];
    case 'array':
      return expression.items;
    case 'object':
      return expression.entries.flat();
    case 'unary':
      return [expression.operand];
    case 'binary':
      return [expression.left, expression.right];
    case 'choice':
      return [expression.condition, expression.whenTrue, expression.whenFalse];
    case 'method':
      return [expression.receiver, ...expression.args];
    case 'applied':
      return [expression.callee, ...expression.args];
    case 'member':
      return [expression.object];
    case 'element':
      return [expression.object, expression.index];
    default:
      return expression.args;
  }
}

/** Where a text stops being an expression. */
export interface SyntaxFault {
  readonly expected: string;
  readonly got: string;
  /** Of its first character, counted from 1. */
  readonly position: number;
}

export class NotAnExpression extends Error {
  readonly fault: SyntaxFault;
  constructor(fault: SyntaxFault) {
    super(faultText(fault));
    this.fault = fault;
  }
}

export function faultText({ expected, got, position }: SyntaxFault): string {
  return `expected ${expected}, got ${got} at character ${position}`;
}
