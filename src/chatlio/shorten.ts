/** Texts cut to a size in JSON, at the boundary of a code point. */
import { isPlain } from './canonicalJson.js';

// Half of a surrogate pair is no text, and NUL is refused by stores that AEP exports to.
const NOT_TEXT = /[\p{Surrogate}\0]/gu;
/** Cheap to look for, and in few texts: only then the pairs are told from the halves. */
const PERHAPS_NOT_TEXT = /[\uD800-\uDFFF\0]/;

/** Replaces what is no text by U+FFFD. */
export function cleanText(text: string): string {
  return PERHAPS_NOT_TEXT.test(text) ? text.replace(NOT_TEXT, '\uFFFD') : text;
}

/** Bytes that a text takes between the quotes of JSON in UTF-8. */
export function jsonBytes(text: string): number {
  if (isPlain(text)) return text.length;
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

/** The longest beginning of `text` that takes at most `maxBytes` between the quotes of JSON. */
export function shorten(text: string, maxBytes: number): string {
  // A code unit takes six bytes at most (\u0000), so most texts need no closer look.
  if (text.length * 6 <= maxBytes) return text;
  // And no code unit takes less than one: what lies beyond never fits.
  const candidate = text.slice(0, maxBytes + 1);
  if (candidate.length === text.length && jsonBytes(text) <= maxBytes) return text;
  let bytes = 0;
  let end = 0;
  for (const codePoint of candidate) {
    bytes += jsonBytes(codePoint);
    if (bytes > maxBytes) break;
    end += codePoint.length;
  }
  return text.slice(0, end);
}
