/** Turns a parsed expression into a function of the record, once per mapping version. */
import { FUNCTIONS, METHODS, type DataPrepFunction } from './functions/index.js';
import type { FunctionSettings } from './functions/definition.js';
import { readPath, type PathSegment } from './paths.js';
import { parseExpression, type BinaryOperator, type Expression } from './syntax.js';
import {
  numberOf,
  RowFailure,
  sameValue,
  type Structure,
  textOf,
  TransformFailure,
  truthOf,
  type Value,
} from './values.js';

/** What is not documented and a policy decides, and the time. */
interface EvaluationSettings extends FunctionSettings {
  /** A reference to an attribute that this record does not have. */
  readonly missingAttributeInMapping: 'null' | 'rowError';
}

/** What an expression sees. */
export interface Scope extends EvaluationSettings {
  readonly record: Structure;
}

export type Evaluate = (scope: Scope) => Value;

/** An expression that parses but cannot work: unknown function, wrong number of arguments. */
export class ExpressionMeaningError extends Error {}

/**
 * @throws ExpressionSyntaxError for a text that is no expression
 * @throws ExpressionMeaningError
 */
export function compileSource(text: string): Evaluate {
  return compileExpression(parseExpression(text, (name) => Object.hasOwn(FUNCTIONS, name)));
}

function compileExpression(expression: Expression): Evaluate {
  switch (expression.kind) {
    case 'literal':
      return () => expression.value;
    case 'path':
      return compileAttribute(expression.segments);
    case 'member': {
      const target = compileExpression(expression.target);
      return (scope) => readPath(target(scope), expression.segments) ?? null;
    }
    case 'unary': {
      const operand = compileExpression(expression.operand);
      return expression.operator === '!'
        ? (scope) => !truthOf(operand(scope), '!')
        : (scope) => -numberOf(operand(scope), '-');
    }
    case 'binary':
      return compileBinary(
        expression.operator,
        compileExpression(expression.left),
        compileExpression(expression.right),
      );
    case 'array': {
      const items = expression.items.map(compileExpression);
      return (scope) => items.map((item) => item(scope));
    }
    case 'object': {
      const entries = expression.entries.map(([key, value]) => [key, compileExpression(value)] as const);
      return (scope) => Object.fromEntries(entries.map(([key, value]) => [key, value(scope)]));
    }
    case 'call':
      return compileCall(expression);
    default:
      return expression satisfies never;
  }
}

export function compileAttribute(segments: readonly PathSegment[]): Evaluate {
  return ({ record, missingAttributeInMapping }) => {
    const value = readPath(record, segments);
    if (value !== undefined) return value;
    if (missingAttributeInMapping === 'null') return null;
    throw new RowFailure(`Attribute ${segments.join('.')} does not exist`);
  };
}

function compileBinary(operator: BinaryOperator, left: Evaluate, right: Evaluate): Evaluate {
  const arithmetic =
    (compute: (a: number, b: number) => number): Evaluate =>
    (scope) => {
      const result = compute(numberOf(left(scope), operator), numberOf(right(scope), operator));
      if (!Number.isFinite(result)) throw new TransformFailure(`${operator} has no finite result`);
      return result;
    };
  const comparison =
    (holds: (order: number) => boolean): Evaluate =>
    (scope) =>
      holds(order(left(scope), right(scope)));
  switch (operator) {
    case '||':
      return (scope) => truthOf(left(scope), operator) || truthOf(right(scope), operator);
    case '&&':
      return (scope) => truthOf(left(scope), operator) && truthOf(right(scope), operator);
    case '==':
      return (scope) => sameValue(left(scope), right(scope));
    case '!=':
      return (scope) => !sameValue(left(scope), right(scope));
    case '<':
      return comparison((sign) => sign < 0);
    case '>':
      return comparison((sign) => sign > 0);
    case '<=':
      return comparison((sign) => sign <= 0);
    case '>=':
      return comparison((sign) => sign >= 0);
    case '+':
      return (scope) => plus(left(scope), right(scope));
    case '-':
      return arithmetic((a, b) => a - b);
    case '*':
      return arithmetic((a, b) => a * b);
    case '/':
      return arithmetic((a, b) => a / b);
    case '%':
      return arithmetic((a, b) => a % b);
    default:
      return operator satisfies never;
  }
}

function plus(left: Value, right: Value): Value {
  if (typeof left === 'string' || typeof right === 'string') return textOf(left) + textOf(right);
  return numberOf(left, '+') + numberOf(right, '+');
}

/** NaN (every comparison false) when one side is null. */
function order(left: Value, right: Value): number {
  if (left === null || right === null) return Number.NaN;
  if (typeof left === 'string' && typeof right === 'string') return left === right ? 0 : left < right ? -1 : 1;
  return numberOf(left, 'A comparison') - numberOf(right, 'A comparison');
}

function compileCall(call: Expression & { kind: 'call' }): Evaluate {
  const known = call.isMethod ? METHODS : FUNCTIONS;
  const definition: DataPrepFunction | undefined = Object.hasOwn(known, call.name) ? known[call.name] : undefined;
  if (definition === undefined) throw new ExpressionMeaningError(`Unknown function ${call.name}`);
  // What a method is called on is not counted.
  const before = call.isMethod ? 1 : 0;
  const min = definition.takes.min - before;
  const max = (definition.takes.max ?? definition.takes.min) - before;
  const given = call.arguments.length - before;
  if (given < min || given > max) {
    const wanted = max === Number.POSITIVE_INFINITY ? `at least ${min}` : min === max ? `${min}` : `${min} to ${max}`;
    throw new ExpressionMeaningError(`Function ${call.name} takes ${wanted} argument(s), got ${given}`);
  }
  const evaluated = call.arguments.map(compileExpression);
  switch (definition.kind) {
    case 'strict':
      return (scope) =>
        definition.apply(
          evaluated.map((evaluate) => evaluate(scope)),
          scope,
        );
    case 'scoped': {
      // `contains_key(path.to.attr)` asks for the path itself, quoted or bare.
      const paths = call.arguments.map((argument) => (argument.kind === 'path' ? argument.segments : undefined));
      return (scope) =>
        definition.apply(
          scope,
          evaluated.map((evaluate) => () => evaluate(scope)),
          paths,
        );
    }
    default:
      return definition satisfies never;
  }
}
