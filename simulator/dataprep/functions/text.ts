import { numberOf, sameValue, textOf, TransformFailure, truthOf, type Value } from '../values.js';
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
  return text[side](numberOf(rest[0] ?? null, 'A pad function'), textOf(rest[1] ?? ' '));
}

/** Java's `substring`: positions outside the text are a failure, not cut to fit. */
function substring(text: string, start: number, end = text.length): string {
  if (start < 0 || end > text.length || start > end) {
    throw new TransformFailure(`Positions ${start} to ${end} are outside of the text (${text.length} characters)`);
  }
  return text.slice(start, end);
}

function urlPart(part: (url: URL) => string | number | null): DataPrepFunction {
  return onText(1, (text) => {
    const url = parseUrl(text);
    if (url === null) throw new TransformFailure('The URL is not valid');
    return part(url);
  });
}

/** `URL.parse` came with Node 22. */
function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

const lower = onText(1, (text) => text.toLowerCase());
const upper = onText(1, (text) => text.toUpperCase());

/** "String functions", "Regular expression functions" and "URL functions" of the Data Prep functions page. */
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
  substr: onText({ min: 2, max: 3 }, (text, [start = null, count]) => {
    const from = numberOf(start, 'substr');
    return substring(text, from, count === undefined ? undefined : from + numberOf(count, 'substr'));
  }),
  instr: onText({ min: 2, max: 4 }, (text, [part = null, start = 0]) =>
    text.indexOf(textOf(part), numberOf(start, 'instr')),
  ),
  replace: onText(3, (text, [from = null, to = null]) => text.replaceAll(textOf(from), textOf(to))),
  lpad: onText({ min: 2, max: 3 }, (text, rest) => pad(text, rest, 'padStart')),
  rpad: onText({ min: 2, max: 3 }, (text, rest) => pad(text, rest, 'padEnd')),
  split: onText({ min: 2, max: 3 }, (text, [separator = null]) => text.split(textOf(separator))),
  explode: onText(2, (text, [separator = null]) => text.split(textOf(separator))),
  join: strict({ min: 1, max: ANY_NUMBER }, ([separator = null, ...parts]) =>
    parts
      .flatMap((part) => (Array.isArray(part) ? (part as readonly Value[]) : [part]))
      .map(textOf)
      .join(textOf(separator)),
  ),
  equals: strict(2, ([left = null, right = null]) => sameValue(left, right)),
  equalsIgnoreCase: strict(2, ([left = null, right = null]) =>
    left === null || right === null ? left === right : textOf(left).toLowerCase() === textOf(right).toLowerCase(),
  ),
  matches_regex: onText(2, (text, [pattern]) =>
    new RegExp(`^(?:${regularExpression(pattern).source})$`, 'u').test(text),
  ),
  extract_regex: onText({ min: 2, max: 3 }, (text, [pattern, whole = true]) => {
    const expression = regularExpression(pattern);
    const found = truthOf(whole, 'extract_regex')
      ? new RegExp(`^(?:${expression.source})$`, 'u').exec(text)
      : expression.exec(text);
    return found === null ? [] : found.map((group) => group ?? '');
  }),
  get_url_protocol: urlPart((url) => url.protocol.slice(0, -1)),
  get_url_host: urlPart((url) => url.hostname),
  get_url_port: urlPart((url) => (url.port === '' ? -1 : Number(url.port))),
  get_url_path: urlPart((url) => url.pathname),
  get_url_query_str: urlPart((url) => url.search.slice(1)),
  get_url_encoded: onText(1, (text) => encodeURIComponent(text)),
  get_url_decoded: onText(1, (text) => decodeURIComponent(text)),
};
