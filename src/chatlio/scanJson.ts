/**
 * What a body would cost to parse, told from its bytes alone: a few megabytes of `{}` or of brackets become hundreds when they
 * are made into objects. In one pass, without a copy; what is no JSON gives figures that mean nothing and do no harm.
 */

/** Chatlio's bodies are three levels deep. Deeper than this is no such body, and would exhaust the stack. */
const MAX_DEPTH = 64;
/** Parsed within some 100 MB and a moment. A transcript of 20,000 messages has fewer. */
const MAX_VALUES = 300_000;
/** An object of very many is made, sorted and counted at many times the price of a list. Chatlio's have some twenty. */
const MAX_MEMBERS_OF_ONE = 10_000;
/** A double tells all numbers of up to 15 digits apart. */
const SAFE_NUMBER_BYTES = 15;
/** Longer ones are no numbers that anybody means; comparing what is lost of them would take its time. */
const MAX_NUMBER_BYTES = 1_000;

export type JsonScan =
  /** Why it must not be parsed. */
  | { readonly refusal: string }
  | {
      readonly refusal?: undefined;
      /** Members of all objects, as written: a key that stands twice in one of them counts twice. */
      readonly members: number;
      /** A number of many digits, or with an exponent: parsing may lose some of it. */
      readonly hasLongNumbers: boolean;
    };

/** Of the scan that runs: nothing of one is left for the next. */
const membersAtDepth = new Uint32Array(MAX_DEPTH + 1);

export function scanJson(raw: Uint8Array): JsonScan {
  let depth = 0;
  let values = 1;
  let members = 0;
  let hasLongNumbers = false;
  membersAtDepth[0] = 0;
  for (let at = 0; at < raw.length; at += 1) {
    switch (raw[at]) {
      case BYTE.quote:
        at = endOfString(raw, at);
        break;
      case BYTE.colon:
        members += 1;
        // Of what is no JSON the depth may be below 0.
        if (((membersAtDepth[depth] as number) += 1) > MAX_MEMBERS_OF_ONE) {
          return { refusal: `more than ${MAX_MEMBERS_OF_ONE} members in one object` };
        }
        break;
      case BYTE.comma:
        values += 1;
        break;
      case BYTE.openBrace:
      case BYTE.openBracket:
        values += 1;
        depth += 1;
        if (depth > MAX_DEPTH) return { refusal: `nested deeper than ${MAX_DEPTH} levels` };
        membersAtDepth[depth] = 0;
        break;
      case BYTE.closeBrace:
      case BYTE.closeBracket:
        depth -= 1;
        break;
      default:
        if (isOfNumber(raw[at] as number)) {
          const end = endOfNumber(raw, at);
          if (end - at > MAX_NUMBER_BYTES) return { refusal: `a number of more than ${MAX_NUMBER_BYTES} digits` };
          if (end - at > SAFE_NUMBER_BYTES || hasExponent(raw, at, end)) hasLongNumbers = true;
          at = end - 1;
        }
    }
    if (values > MAX_VALUES) return { refusal: `more than ${MAX_VALUES} values` };
  }
  return { members, hasLongNumbers };
}

const byteOf = (character: string): number => character.charCodeAt(0);
const BYTE = {
  quote: byteOf('"'),
  backslash: byteOf('\\'),
  colon: byteOf(':'),
  comma: byteOf(','),
  openBrace: byteOf('{'),
  closeBrace: byteOf('}'),
  openBracket: byteOf('['),
  closeBracket: byteOf(']'),
  zero: byteOf('0'),
  nine: byteOf('9'),
  minus: byteOf('-'),
  plus: byteOf('+'),
  point: byteOf('.'),
} as const;

/** @returns the place of the closing quote, or beyond the end */
function endOfString(raw: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < raw.length && raw[at] !== BYTE.quote) at += raw[at] === BYTE.backslash ? 2 : 1;
  return at;
}

function endOfNumber(raw: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < raw.length && (isOfNumber(raw[at] as number) || isExponent(raw[at] as number))) at += 1;
  return at;
}

function hasExponent(raw: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (isExponent(raw[at] as number)) return true;
  return false;
}

function isOfNumber(byte: number): boolean {
  return (byte >= BYTE.zero && byte <= BYTE.nine) || byte === BYTE.minus || byte === BYTE.point || byte === BYTE.plus;
}

function isExponent(byte: number): boolean {
  return byte === 0x65 || byte === 0x45;
}
