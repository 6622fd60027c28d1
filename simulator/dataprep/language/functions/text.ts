import { numberOf, sameValue, textOf, TransformFailure, type Value } from '../values.js';
import { ANY_NUMBER, type Arity, type DataPrepFunction, type FunctionTable, ofText, strict } from './definition.js';

const onText = (takes: Arity | number, apply: (text: string, rest: readonly Value[]) => Value): DataPrepFunction =>
  ofText(takes, apply, textOf);

function regularExpression(value: Value | undefined): RegExp {
  try {
    return new RegExp(textOf(value ?? null), 'u');
  } catch (error) {
    throw new TransformFailure('The regular expression is not valid', { cause: error });
  }
}

function pad(text: string, rest: readonly Value[], side: 'padStart' | 'padEnd'): string {
  return text[side](numberOf(rest[0] ?? null, 'A pad function'), textOf(rest[1] ?? null) || ' ');
}

/** Of the nth occurrence from a place on, or -1. */
function place(text: string, part: string, start: number, occurrence: number): number {
  let at = text.indexOf(part, start);
  for (let count = 1; count < occurrence && at !== -1; count += 1) at = text.indexOf(part, at + 1);
  return at;
}

/** Java's `substring`: positions outside the text are a failure, not cut to fit. */
function substring(text: string, start: number, end: number): string {
  if (start < 0 || end > text.length || start > end) {
    throw new TransformFailure(`Positions ${start} to ${end} are outside of the text (${text.length} characters)`);
  }
  return text.slice(start, end);
}

const lower = onText(1, (text) => text.toLowerCase());
const upper = onText(1, (text) => text.toUpperCase());

/** Any of the characters of the separator splits; a backslash in it stands behind another. */
function splitText(text: string, separator: string): readonly string[] {
  const characters = separator.replaceAll('\\\\', '\\');
  return characters === '' ? [text] : text.split(new RegExp(`[${escaped(characters)}]`, 'u'));
}

function escaped(text: string): string {
  return text.replaceAll(/[\\\]^-]/g, String.raw`\$&`);
}

/** "String functions" and "Regular expression functions" of the Data Prep functions page. */
export const TEXT_FUNCTIONS: FunctionTable = {
  concat: strict({ min: 1, max: ANY_NUMBER }, (given) => given.map(textOf).join('')),
  lower,
  lcase: lower,
  upper,
  ucase: upper,
  trim: onText(1, (text) => text.trim()),
  ltrim: onText(1, (text) => text.trimStart()),
  rtrim: onText(1, (text) => text.trimEnd()),
  left: onText(2, (text, [count = null]) => text.slice(0, Math.max(0, numberOf(count, 'left')))),
  right: onText(2, (text, [count = null]) => text.slice(Math.max(0, text.length - numberOf(count, 'right')))),
  // The page's example: substr("This is a substring test", 7, 8) is " a subst": start and length.
  substr: onText(3, (text, [start = null, count = null]) => {
    const from = numberOf(start, 'substr');
    return substring(text, from, from + numberOf(count, 'substr'));
  }),
  instr: onText({ min: 2, max: 4 }, (text, [part = null, start = 0, occurrence = 1]) =>
    place(text, textOf(part), numberOf(start, 'instr'), numberOf(occurrence, 'instr')),
  ),
  replacestr: onText(3, (text, [from = null, to = null]) => text.replaceAll(textOf(from), textOf(to))),
  // "This string can be null."
  lpad: strict(3, ([text = null, ...rest]) => pad(textOf(text), rest, 'padStart')),
  rpad: strict(3, ([text = null, ...rest]) => pad(textOf(text), rest, 'padEnd')),
  split: onText(2, (text, [separator = null]) => splitText(text, textOf(separator))),
  explode: onText({ min: 1, max: 2 }, (text, [pattern = ',']) => text.split(regularExpression(pattern))),
  join: strict(2, ([separator = null, parts = null]) =>
    (Array.isArray(parts) ? (parts as readonly Value[]) : [parts]).map(textOf).join(textOf(separator)),
  ),
  matches_regex: onText(2, (text, [pattern]) =>
    new RegExp(`^(?:${regularExpression(pattern).source})$`, 'u').test(text),
  ),
  extract_regex: onText(2, (text, [pattern]) => {
    const found = new RegExp(`^(?:${regularExpression(pattern).source})$`, 'u').exec(text);
    return found === null ? [] : found.map((group) => group ?? '');
  }),
};

export const TEXT_METHODS: FunctionTable = {
  equals: strict(2, ([left = null, right = null]) => sameValue(left, right)),
  equalsIgnoreCase: strict(2, ([left = null, right = null]) =>
    left === null || right === null ? left === right : textOf(left).toLowerCase() === textOf(right).toLowerCase(),
  ),
};
