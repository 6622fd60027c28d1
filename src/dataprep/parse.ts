/** Expressions of Data Prep, read: the grammar that Adobe documents by its examples, operators with the order of JEXL. */
import type { Path } from './path.js';
import { type Expression, NotAnExpression, type SyntaxFault } from './syntax.js';
import { type Token, tokensOf } from './tokens.js';

export type Parsed =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly fault: SyntaxFault };

/**
 * Reads an expression. Whatever the text is, this ends, and throws nothing.
 *
 * @example
 * const parsed = parseExpression('iif(contains_key("visitor.email"), lower(visitor.email), nullify())');
 * assert.equal(parsed.ok, true);
 */
export function parseExpression(source: string): Parsed {
  try {
    return { ok: true, expression: new Parser(tokensOf(source)).whole() };
  } catch (error) {
    if (error instanceof NotAnExpression) return { ok: false, fault: error.fault };
    throw error;
  }
}

/** Of brackets, signs and choices in one another; a person's expression has ten. */
const MAX_DEPTH = 100;

/** From those that bind least to those that bind most; words as marks. */
const BINARY: readonly ReadonlySet<string>[] = [
  ['??', '?:'],
  ['||', 'or'],
  ['&&', 'and'],
  ['|'],
  ['^'],
  ['&'],
  ['==', 'eq', '!=', 'ne', '=~', '!~'],
  ['<', 'lt', '>', 'gt', '<=', 'le', '>=', 'ge'],
  ['+', '-'],
  ['*', '/', 'div', '%', 'mod'],
].map((operators) => new Set(operators));

const UNARY: ReadonlySet<string> = new Set(['!', 'not', '-', '+', '~', 'empty', 'size']);

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

class Parser {
  private place = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  whole(): Expression {
    const expression = this.choice();
    if (this.token.kind !== 'end') this.refuse('an operator or the end');
    return expression;
  }

  private choice(): Expression {
    return this.deeper(() => {
      const condition = this.binary(0);
      if (!this.take('?')) return condition;
      const whenTrue = this.choice();
      this.require(':');
      return { kind: 'choice', condition, whenTrue, whenFalse: this.choice() };
    });
  }

  private binary(level: number): Expression {
    const operators = BINARY[level];
    if (operators === undefined) return this.unary();
    let left = this.binary(level + 1);
    for (;;) {
      const operator = this.operatorOf(operators);
      if (operator === undefined) return left;
      left = { kind: 'binary', operator, left, right: this.binary(level + 1) };
    }
  }

  private unary(): Expression {
    const operator = this.operatorOf(UNARY);
    if (operator === undefined) return this.postfix(this.primary());
    return this.deeper(() => ({ kind: 'unary', operator, operand: this.unary() }));
  }

  private primary(): Expression {
    const { token } = this;
    switch (token.kind) {
      case 'text':
      case 'number':
        this.place += 1;
        return { kind: 'literal', value: token.value };
      case 'wrapped':
        this.place += 1;
        return { kind: 'path', path: token.path };
      case 'name':
        this.place += 1;
        if (this.isAt('(')) return { kind: 'call', name: token.text, args: this.args() };
        return { kind: 'path', path: [{ name: token.text }] };
      case 'word': {
        const value = CONSTANTS.get(token.text);
        if (value === undefined)
          return this.refuse(`an expression (a field of this name is written \${${token.text}})`);
        this.place += 1;
        return { kind: 'literal', value };
      }
      default:
        return this.bracketed();
    }
  }

  private bracketed(): Expression {
    if (this.take('(')) {
      const inner = this.choice();
      this.require(')');
      return inner;
    }
    if (this.take('[')) return { kind: 'array', items: this.list(']', () => this.choice()) };
    if (this.take('{')) return { kind: 'object', entries: this.list('}', () => this.entry()) };
    return this.refuse('an expression');
  }

  private entry(): readonly [Expression, Expression] {
    const key = this.deeper(() => this.binary(0));
    this.require(':');
    return [key, this.choice()];
  }

  /** What may follow a value: members, places, calls. */
  private postfix(primary: Expression): Expression {
    let value = primary;
    for (;;) {
      if (this.take('.')) value = this.member(value);
      else if (this.take('[')) value = this.element(value);
      else if (this.isAt('(') && isResult(value)) value = { kind: 'applied', callee: value, args: this.args() };
      else return value;
    }
  }

  private member(object: Expression): Expression {
    const { token } = this;
    if (token.kind === 'wrapped') {
      this.place += 1;
      return token.path.reduce(extended, object);
    }
    if (token.kind !== 'name') {
      return this.refuse(token.kind === 'word' ? `the name of a field, here \${${token.text}}` : 'the name of a field');
    }
    this.place += 1;
    if (this.isAt('(')) return { kind: 'method', receiver: object, name: token.text, args: this.args() };
    return extended(object, { name: token.text });
  }

  private element(object: Expression): Expression {
    if (this.isAt('*') && this.isAt(']', 1)) {
      this.place += 2;
      return extended(object, { index: 'every' });
    }
    const index = this.choice();
    this.require(']');
    const part = index.kind === 'literal' ? partOf(index.value) : undefined;
    return part === undefined ? { kind: 'element', object, index } : extended(object, part);
  }

  private args(): Expression[] {
    this.require('(');
    return this.list(')', () => this.choice());
  }

  private list<T>(end: string, item: () => T): T[] {
    const items: T[] = [];
    if (this.take(end)) return items;
    do items.push(item());
    while (this.take(','));
    this.require(end, `a comma or ${end}`);
    return items;
  }

  private get token(): Token {
    // The last token is the end, which nothing takes.
    return this.tokens[this.place] as Token;
  }

  private isAt(mark: string, ahead = 0): boolean {
    const token = this.tokens[this.place + ahead];
    return token?.kind === 'mark' && token.text === mark;
  }

  private take(mark: string): boolean {
    const found = this.isAt(mark);
    if (found) this.place += 1;
    return found;
  }

  private require(mark: string, expected = mark): void {
    if (!this.take(mark)) this.refuse(expected);
  }

  private operatorOf(operators: ReadonlySet<string>): string | undefined {
    const { token } = this;
    if ((token.kind !== 'mark' && token.kind !== 'word') || !operators.has(token.text)) return undefined;
    this.place += 1;
    return token.text;
  }

  private deeper<T>(read: () => T): T {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) this.refuse(`at most ${MAX_DEPTH} levels`);
    const result = read();
    this.depth -= 1;
    return result;
  }

  private refuse(expected: string): never {
    throw new NotAnExpression({ expected, got: shown(this.token), position: this.token.position });
  }
}

/** Only what a call has given can be called: `f(x)(y)`, not `"text"(y)`. */
function isResult({ kind }: Expression): boolean {
  return kind === 'call' || kind === 'method' || kind === 'applied';
}

function extended(object: Expression, part: Path[number]): Expression {
  return object.kind === 'path' ? { kind: 'path', path: [...object.path, part] } : { kind: 'member', object, part };
}

/** `visitor["email"]` and `messages[0]` are paths as well. */
function partOf(value: string | number | boolean | null): Path[number] | undefined {
  if (typeof value === 'string') return value === '' ? undefined : { name: value };
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 1e9
    ? { index: value }
    : undefined;
}

function shown(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end';
    case 'text':
      return 'a text';
    case 'number':
      return String(token.value);
    case 'wrapped':
      return 'a field';
    default:
      return token.text;
  }
}
