/**
 * An expression as words and marks.
 *
 * Identifiers, reserved words and `${…}` are those of Data Prep, "Fields". The words, and what its API says of operators
 * ("List mapping set operators"), are those of Apache Commons JEXL, whose operators are therefore known here; its
 * statements, assignments and functions of one's own are not.
 */
import { parsePath, unescaped, type Path } from './path.js';
import { NotAnExpression } from './syntax.js';

export type Token = { readonly end: number; readonly position: number } & (
  | { readonly kind: 'name' | 'word' | 'mark'; readonly text: string }
  | { readonly kind: 'wrapped'; readonly path: Path }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'end' }
);

/** Calculated fields have at most so many characters (Data Prep, troubleshooting guide). */
const MAX_EXPRESSION_LENGTH = 4096;

/** Fields of these names stand in `${…}` (Data Prep, "Fields"). */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'new mod or break var lt for false while eq gt div not null continue else and ne true le if ge return _errors ' +
    'do function empty size'
  ).split(' '),
);

const BLANK = /\s+/uy;
const NAME = /(?:[\p{L}_$]|\\.)(?:[\p{L}\p{Nd}_$]|\\.)*/suy;
const WRAPPED = /\$\{(?:\\.|[^\\}])*\}/suy;
const TEXT = /"(?:\\.|[^\\"])*"|'(?:\\.|[^\\'])*'/suy;
/** With the letters by which JEXL tells its kinds of numbers apart. */
const NUMBER = /(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?[lLhHfFdDbB]?(?![\p{L}\p{Nd}_$])/uy;
const MARK = /\|\||&&|==|!=|<=|>=|=~|!~|\?:|\?\?|[-+*/%<>!~&|^?:.,()[\]{}]/uy;

export function tokensOf(source: string): Token[] {
  if (source.length > MAX_EXPRESSION_LENGTH) {
    throw new NotAnExpression({
      expected: `at most ${MAX_EXPRESSION_LENGTH} characters`,
      got: String(source.length),
      position: MAX_EXPRESSION_LENGTH + 1,
    });
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    BLANK.lastIndex = at;
    if (BLANK.test(source)) {
      at = BLANK.lastIndex;
      continue;
    }
    const token = tokenAt(source, at);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: 'end', end: at, position: at + 1 });
  return tokens;
}

function tokenAt(source: string, at: number): Token {
  const position = at + 1;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  const wrapped = match(WRAPPED);
  if (wrapped !== undefined) {
    const path = parsePath(wrapped);
    if (path === undefined) throw new NotAnExpression({ expected: 'the name of a field', got: wrapped, position });
    return { kind: 'wrapped', path, end: at + wrapped.length, position };
  }
  if (source.startsWith('${', at)) {
    throw new NotAnExpression({ expected: 'a closing }', got: 'the end', position: source.length + 1 });
  }
  const name = match(NAME);
  if (name !== undefined) {
    const end = at + name.length;
    return RESERVED.has(name)
      ? { kind: 'word', text: name, end, position }
      : { kind: 'name', text: unescaped(name), end, position };
  }
  const text = match(TEXT);
  if (text !== undefined) return { kind: 'text', value: valueOfText(text), end: at + text.length, position };
  const number = match(NUMBER);
  if (number !== undefined) {
    return { kind: 'number', value: Number.parseFloat(number), end: at + number.length, position };
  }
  const mark = match(MARK);
  if (mark !== undefined) return { kind: 'mark', text: mark, end: at + mark.length, position };
  const character = String.fromCodePoint(source.codePointAt(at) ?? 0);
  throw new NotAnExpression(
    /["']/.test(character)
      ? { expected: `a closing ${character}`, got: 'the end', position: source.length + 1 }
      : { expected: 'an expression', got: character, position },
  );
}

/** A backslash before anything else than a quote, itself or `u` stays: `\.` in a path is its own escape. */
function valueOfText(written: string): string {
  return written
    .slice(1, -1)
    .replaceAll(/\\(u[\dA-Fa-f]{4}|["'\\])/g, (_all, escaped: string) =>
      escaped.startsWith('u') ? String.fromCharCode(Number.parseInt(escaped.slice(1), 16)) : escaped,
    );
}
