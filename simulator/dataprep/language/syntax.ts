/** The grammar of Data Prep expressions, as far as the published function pages show it. */
import { ExpressionSyntaxError, tokenize, type Token } from './tokens.js';
import type { PathSegment } from './paths.js';

export type BinaryOperator = '||' | '&&' | '==' | '!=' | '<' | '>' | '<=' | '>=' | '+' | '-' | '*' | '/' | '%';

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'path'; readonly segments: readonly PathSegment[] }
  | { readonly kind: 'member'; readonly target: Expression; readonly segments: readonly PathSegment[] }
  | { readonly kind: 'array'; readonly items: readonly Expression[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: Expression])[] }
  | {
      readonly kind: 'call';
      readonly name: string;
      /** `x.equals("y")`: what stands before the full stop is the first argument. */
      readonly isMethod: boolean;
      readonly arguments: readonly Expression[];
    }
  | { readonly kind: 'unary'; readonly operator: '!' | '-'; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    };

/** Documented limit of a calculated field. */
export const MAX_EXPRESSION_CHARACTERS = 4096;

/** Loosest first. Words are the spelled-out forms of the logical operators. */
const PRECEDENCE: readonly (readonly BinaryOperator[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<', '>', '<=', '>='],
  ['+', '-'],
  ['*', '/', '%'],
];
const WORD_OPERATORS: Readonly<Record<string, BinaryOperator>> = {
  or: '||',
  and: '&&',
  eq: '==',
  ne: '!=',
  lt: '<',
  gt: '>',
  le: '<=',
  ge: '>=',
  div: '/',
  mod: '%',
};
export const OPERATORS: readonly string[] = [...PRECEDENCE.flat(), '!', ...Object.keys(WORD_OPERATORS), 'not'];

const WORD_LITERALS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };

/**
 * Parses one expression.
 *
 * @param isFunction names that are reserved too: "any of the mapper functions", as fields, must be wrapped
 * @throws ExpressionSyntaxError with the position of the first character that does not fit
 */
export function parseExpression(text: string, isFunction: (name: string) => boolean): Expression {
  if (text.length > MAX_EXPRESSION_CHARACTERS) {
    throw new ExpressionSyntaxError(
      `Expression has ${text.length} characters, at most ${MAX_EXPRESSION_CHARACTERS} are allowed`,
      MAX_EXPRESSION_CHARACTERS,
    );
  }
  const parser = createParser(tokenize(text), isFunction);
  const expression = parser.binary(0);
  parser.expectEnd();
  return expression;
}

function createParser(tokens: readonly Token[], isFunction: (name: string) => boolean) {
  let position = 0;
  const peek = (): Token => tokens[position] as Token;
  const isSymbol = (value: string): boolean => peek().kind === 'symbol' && peek().value === value;

  function take(value: string): boolean {
    if (!isSymbol(value)) return false;
    position += 1;
    return true;
  }

  function unexpected(wanted: string): never {
    const token = peek();
    throw new ExpressionSyntaxError(`Expected ${wanted}, got ${shown(token)}`, token.at);
  }

  function expect(value: string): void {
    if (!take(value)) unexpected(`"${value}"`);
  }

  function binaryOperatorAt(level: number): BinaryOperator | undefined {
    const token = peek();
    const spelled = token.kind === 'word' ? WORD_OPERATORS[token.value] : undefined;
    const operator = token.kind === 'symbol' ? token.value : spelled;
    return PRECEDENCE[level]?.find((candidate) => candidate === operator);
  }

  function binary(level: number): Expression {
    if (level === PRECEDENCE.length) return unary();
    let left = binary(level + 1);
    for (let operator = binaryOperatorAt(level); operator !== undefined; operator = binaryOperatorAt(level)) {
      position += 1;
      left = { kind: 'binary', operator, left, right: binary(level + 1) };
    }
    return left;
  }

  function unary(): Expression {
    const token = peek();
    if (take('!') || (token.kind === 'word' && token.value === 'not' && ++position > 0)) {
      return { kind: 'unary', operator: '!', operand: unary() };
    }
    return take('-') ? { kind: 'unary', operator: '-', operand: unary() } : postfix(primary());
  }

  function list<T>(end: string, element: () => T): T[] {
    const elements: T[] = [];
    if (take(end)) return elements;
    do elements.push(element());
    while (take(','));
    expect(end);
    return elements;
  }

  const callArguments = (): Expression[] => list(')', () => binary(0));

  function entry(): readonly [string, Expression] {
    const key = peek();
    if (key.kind !== 'string') unexpected('a key in quotes');
    position += 1;
    expect(':');
    return [key.value, binary(0)];
  }

  /** A field, unless its name is reserved. */
  function fieldName(name: string): string {
    if (isFunction(name)) {
      position -= 1;
      unexpected(`a field (the name of a function is written \${${name}})`);
    }
    return name;
  }

  function primary(): Expression {
    const token = peek();
    position += 1;
    switch (token.kind) {
      case 'number':
      case 'string':
        return { kind: 'literal', value: token.value };
      case 'reference':
        return { kind: 'path', segments: token.value };
      case 'name':
        if (take('(')) return { kind: 'call', name: token.value, isMethod: false, arguments: callArguments() };
        return { kind: 'path', segments: [fieldName(token.value)] };
      case 'word': {
        const literal = WORD_LITERALS[token.value];
        if (literal !== undefined) return { kind: 'literal', value: literal };
        break;
      }
      case 'symbol':
        if (token.value === '(') {
          const inner = binary(0);
          expect(')');
          return inner;
        }
        if (token.value === '[') return { kind: 'array', items: list(']', () => binary(0)) };
        if (token.value === '{') return { kind: 'object', entries: list('}', entry) };
        break;
      case 'end':
        break;
    }
    position -= 1;
    return unexpected('a value');
  }

  /** `.name`, `[3]`, `[*]`, and the method form `x.equals("y")`, which is `equals(x, "y")`. */
  function postfix(start: Expression): Expression {
    let target = start;
    for (;;) {
      if (take('.')) {
        const token = peek();
        if (token.kind !== 'name' && token.kind !== 'reference') unexpected('a name');
        position += 1;
        if (token.kind === 'reference') target = extend(target, token.value);
        else if (take('(')) {
          target = { kind: 'call', name: token.value, isMethod: true, arguments: [target, ...callArguments()] };
        } else target = extend(target, [fieldName(token.value)]);
      } else if (take('[')) {
        target = extend(target, [subscript()]);
        expect(']');
      } else {
        return target;
      }
    }
  }

  function subscript(): PathSegment {
    if (take('*')) return '*';
    const token = peek();
    if (token.kind !== 'number' && token.kind !== 'string') unexpected('an index');
    position += 1;
    return token.value;
  }

  function extend(target: Expression, segments: readonly PathSegment[]): Expression {
    if (target.kind === 'path') return { kind: 'path', segments: [...target.segments, ...segments] };
    return { kind: 'member', target, segments };
  }

  function expectEnd(): void {
    if (peek().kind !== 'end') unexpected('an operator or the end');
  }

  return { binary, expectEnd };
}

function shown(token: Token): string {
  if (token.kind === 'end') return 'the end';
  return `"${token.kind === 'reference' ? `\${${token.value.join('.')}}` : token.value}"`;
}
