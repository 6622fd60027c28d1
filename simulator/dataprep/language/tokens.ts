/** A Data Prep expression as a row of tokens. */
import { unescapedName, wrappedNames } from './paths.js';

export type Token =
  | { readonly kind: 'number'; readonly value: number; readonly at: number }
  | { readonly kind: 'string'; readonly value: string; readonly at: number }
  | { readonly kind: 'name'; readonly value: string; readonly at: number }
  /** A reserved word, which is no name unless it is wrapped. */
  | { readonly kind: 'word'; readonly value: string; readonly at: number }
  | { readonly kind: 'reference'; readonly value: readonly string[]; readonly at: number }
  | { readonly kind: 'symbol'; readonly value: string; readonly at: number }
  | { readonly kind: 'end'; readonly value: ''; readonly at: number };

/** The expression cannot be read. `at` counts characters from 0. */
export class ExpressionSyntaxError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(`${message} at position ${at}`);
    this.at = at;
  }
}

/** "Fields" of the functions page: a field of such a name is written as `${size}`. */
const RESERVED_WORDS = new Set(
  [
    'new mod or break var lt for false while eq gt div not null continue else and ne true le if ge return',
    '_errors do function empty size',
  ].flatMap((line) => line.split(' ')),
);

const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const NAME = /(?:[\p{L}_$]|\\.)(?:[\p{L}\p{Nd}_$]|\\.)*/suy;
/** A field name with characters that expressions do not allow is written as `${first-name}`. */
const REFERENCE = /\$\{((?:\\.|[^\\}])+)\}/suy;
const SYMBOL = /==|!=|<=|>=|&&|\|\||[-+*/%<>!(),.:[\]{}]/y;
const SPACE = /\s+/y;
const STRING = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/sy;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  f: '\f',
  '"': '"',
  "'": "'",
  '\\': '\\',
};

/** A backslash before anything else stays: regular expressions and paths have escapes of their own. */
function unescape(text: string): string {
  return text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (whole, code: string | undefined, letter: string) =>
    code === undefined ? (ESCAPES[letter] ?? whole) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** @throws ExpressionSyntaxError on a character that starts no token, and on a string that does not end. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const space = matchAt(SPACE, text, at);
    if (space !== null) {
      at += space[0].length;
      continue;
    }
    const [token, length] = nextToken(text, at);
    tokens.push(token);
    at += length;
  }
  tokens.push({ kind: 'end', value: '', at });
  return tokens;
}

function nextToken(text: string, at: number): readonly [Token, number] {
  const string = matchAt(STRING, text, at);
  if (string !== null) {
    return [{ kind: 'string', value: unescape(string[1] ?? string[2] ?? ''), at }, string[0].length];
  }
  const number = matchAt(NUMBER, text, at);
  if (number !== null) return [{ kind: 'number', value: Number(number[0]), at }, number[0].length];
  const reference = matchAt(REFERENCE, text, at);
  if (reference !== null) {
    return [{ kind: 'reference', value: wrappedNames(reference[1] ?? ''), at }, reference[0].length];
  }
  const name = matchAt(NAME, text, at);
  if (name !== null) {
    const isReserved = RESERVED_WORDS.has(name[0]);
    return [{ kind: isReserved ? 'word' : 'name', value: unescapedName(name[0]), at }, name[0].length];
  }
  const symbol = matchAt(SYMBOL, text, at);
  if (symbol !== null) return [{ kind: 'symbol', value: symbol[0], at }, symbol[0].length];
  const character = text.charAt(at);
  const what = character === '"' || character === "'" ? 'String that does not end' : `Unexpected "${character}"`;
  throw new ExpressionSyntaxError(what, at);
}
