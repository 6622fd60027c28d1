/**
 * What may stand in a free text and is not to leave: card numbers, e-mail addresses, phone numbers. Where it is open what a number
 * is, it goes: a date or an order number of eight digits may be taken for a phone number. Digits are ASCII's.
 */
import type { Redaction } from '../domain/projection/projection.js';

/** Digits with one sign at most between them, as people write card numbers, and what they write right behind them. */
const PERHAPS_CARD = /(?<![\d]|\d[.,])\d(?:[ \u00A0.\-\u2010-\u2013_/]?\d){12,}/g;
/** ISO/IEC 7812. */
const CARD_DIGITS = { least: 13, most: 19 };
/** Begins only where a word begins: tried at each character of a long word it would take the square of its length. */
const EMAIL =
  /(?<![\p{L}\p{M}\d._%+'!#$*^{|}~-])[\p{L}\p{M}\d._%+'!#$*^{|}~-]+(?:@|%40)(?:[\p{L}\p{M}\d-]{1,63}\.){1,8}[\p{L}\p{M}\d-]{2,63}/giu;
/** Seven to fifteen digits (ITU-T E.164) with what people write between them; not part of a word or of a fraction. */
const PERHAPS_PHONE = /(?<![\p{L}\d_]|\d[.,])(?:\+ ?)?\(?\d(?:[ \u00A0()./\u2010-\u2013-]{0,3}\d){6,14}(?!\d)/gu;

export const REPLACED_BY: Readonly<Record<Redaction, string>> = {
  cards: '[card number]',
  emails: '[e-mail address]',
  phones: '[phone number]',
};

/** @param redactions in any order: cards are looked for before phone numbers, which their digits may look like */
export function redacted(text: string, redactions: readonly Redaction[]): string {
  let left = text;
  if (redactions.includes('emails') && /@|%40/.test(left)) left = left.replace(EMAIL, REPLACED_BY.emails);
  if (redactions.includes('cards')) left = left.replace(PERHAPS_CARD, withoutCards);
  if (redactions.includes('phones')) left = left.replace(PERHAPS_PHONE, REPLACED_BY.phones);
  return left;
}

/**
 * A check code or a date may follow a card's digits: so each run of whole groups is looked at, the longest first, by its length
 * and Luhn's check digit.
 */
function withoutCards(written: string): string {
  const places = digitPlaces(written);
  const sums = luhnSums(written, places);
  let left = '';
  let taken = 0;
  for (let from = 0; from < places.length; from += 1) {
    const start = places[from] as number;
    if (from > 0 && places[from - 1] === start - 1) continue;
    for (let { most: length } = CARD_DIGITS; length >= CARD_DIGITS.least; length -= 1) {
      const to = from + length - 1;
      const end = places[to];
      if (end === undefined || places[to + 1] === end + 1) continue;
      const bySum = sums[to % 2] as Int32Array;
      if (((bySum[to + 1] as number) - (bySum[from] as number)) % 10 !== 0) continue;
      left += written.slice(taken, start) + REPLACED_BY.cards;
      taken = end + 1;
      from = to;
      break;
    }
  }
  return left + written.slice(taken);
}

function digitPlaces(written: string): number[] {
  const places: number[] = [];
  for (let at = 0; at < written.length; at += 1) {
    const digit = digitAt(written, at);
    if (digit >= 0 && digit <= 9) places.push(at);
  }
  return places;
}

/** Of all digits before each: with every second one doubled, beginning with the second, and with the first. */
function luhnSums(written: string, places: readonly number[]): readonly [Int32Array, Int32Array] {
  const even = new Int32Array(places.length + 1);
  const odd = new Int32Array(places.length + 1);
  for (const [index, place] of places.entries()) {
    const digit = digitAt(written, place);
    const doubled = digit > 4 ? digit * 2 - 9 : digit * 2;
    const isEven = index % 2 === 0;
    even[index + 1] = (even[index] as number) + (isEven ? digit : doubled);
    odd[index + 1] = (odd[index] as number) + (isEven ? doubled : digit);
  }
  return [even, odd];
}

function digitAt(text: string, at: number): number {
  return text.charCodeAt(at) - 48;
}
