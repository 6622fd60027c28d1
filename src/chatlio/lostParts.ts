/**
 * What `JSON.parse` drops without a word: all but the last of members with the same key, and digits of numbers beyond 2^53. Two
 * bodies that differ in nothing else look alike once they are parsed.
 */
import { canonicalJson } from './canonicalJson.js';
import type { JsonScan } from './scanJson.js';

export interface LostPart {
  readonly what: 'member' | 'digits';
  /** The member of the body in which it stands. */
  readonly within: string;
  /** Where, and what was written: equal for equal bodies, however they are laid out. */
  readonly text: string;
}

/** Of one body, with the paths to them: keys and repeated members within each other could make many times the body of it. */
const MAX_LOST_CHARACTERS = 1024 * 1024;

/**
 * @returns none for nearly every body, at little cost; sorted, so that the order of members does not matter; undefined when
 *   they are too much to be compared
 */
export function lostParts(
  text: string,
  parsed: unknown,
  scan: Extract<JsonScan, { members: number }>,
): readonly LostPart[] | undefined {
  if (!scan.hasLongNumbers && scan.members === countMembers(parsed)) return [];
  return findLostParts(text)?.sort((a, b) => (a.text < b.text ? -1 : 1));
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let members = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const each of Object.values(value)) members += countMembers(each);
  return members;
}

const SPACE = /[ \t\n\r]*/y;
const OTHER = /[^\s,\]}]+/y;

/** @param text is known to be JSON, and not to be nested deeply */
function findLostParts(text: string): LostPart[] | undefined {
  const lost: LostPart[] = [];
  let charactersLeft = MAX_LOST_CHARACTERS;
  const path: (string | number)[] = [];
  let at = 0;

  function take(token: RegExp): string {
    token.lastIndex = at;
    const found = token.exec(text)?.[0] ?? '';
    at += found.length;
    return found;
  }
  /** Not by an expression: of a text of megabytes it would remember every escape. */
  function takeString(): string {
    const start = at;
    at += 1;
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    at += 1;
    return text.slice(start, at);
  }
  function lose(what: LostPart['what'], written: string, plainly: (written: string) => string): void {
    charactersLeft -= path.reduce<number>((sum, part) => sum + String(part).length, written.length);
    if (charactersLeft < 0) return;
    lost.push({ what, within: String(path[0]), text: JSON.stringify([what, ...path, plainly(written)]) });
  }
  function value(): void {
    take(SPACE);
    if (text[at] === '{') members();
    else if (text[at] === '[') elements();
    else if (text[at] === '"') takeString();
    else {
      const written = take(OTHER);
      if (losesDigits(written)) lose('digits', written, exactly);
    }
    take(SPACE);
  }
  function elements(): void {
    at += 1;
    for (let index = 0; text[at] !== ']'; index += 1) {
      path.push(index);
      value();
      path.pop();
      if (text[at] === ',') at += 1;
    }
    at += 1;
  }
  function members(): void {
    const seen = new Map<string, string>();
    at += 1;
    take(SPACE);
    while (text[at] !== '}') {
      const key = JSON.parse(takeString()) as string;
      take(SPACE);
      at += 1;
      path.push(key);
      const start = at;
      value();
      const before = seen.get(key);
      if (before !== undefined) lose('member', before, (json) => canonicalJson(JSON.parse(json)));
      seen.set(key, text.slice(start, at));
      path.pop();
      if (text[at] === ',') at += 1;
      take(SPACE);
    }
    at += 1;
  }

  value();
  return charactersLeft < 0 ? undefined : lost;
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** Of large numbers only: below 2^53 the recipes of released versions stand, in which a fraction is what a double makes of it. */
function losesDigits(written: string): boolean {
  const value = Number(written);
  if (!(Math.abs(value) > Number.MAX_SAFE_INTEGER)) return false;
  return exactly(written) !== exactly(String(value));
}

/** The same text for the same decimal number. */
function exactly(written: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = NUMBER.exec(written) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = withoutZerosAtEnd(digits);
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/** Not by an expression: one that is tried at each zero of a long number takes the square of its length. */
function withoutZerosAtEnd(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}
