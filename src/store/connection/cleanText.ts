/** Text from outside as PostgreSQL takes it: no U+0000, which neither text nor jsonb can hold, and no half of a surrogate pair. */

const REPLACEMENT = '\uFFFD';
/** With the flag `u` a pair is one character of another kind. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** @returns the value itself where nothing is to be cleaned */
export function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return cleanedText(value);
  if (Array.isArray(value)) return value.some(isUnclean) ? value.map(cleaned) : value;
  return isPlain(value) && isUnclean(value) ? Object.fromEntries(Object.entries(value).map(cleanedEntry)) : value;
}

function cleanedText(text: string): string {
  return isUncleanText(text) ? text.replaceAll(LONE_SURROGATE, REPLACEMENT).replaceAll('\0', REPLACEMENT) : text;
}

function cleanedEntry([name, value]: [string, unknown]): [string, unknown] {
  return [cleanedText(name), cleaned(value)];
}

function isUnclean(value: unknown): boolean {
  if (typeof value === 'string') return isUncleanText(value);
  if (Array.isArray(value)) return value.some(isUnclean);
  return isPlain(value) && Object.entries(value).some(([name, member]) => isUncleanText(name) || isUnclean(member));
}

function isUncleanText(text: string): boolean {
  return text.includes('\0') || text.search(LONE_SURROGATE) >= 0;
}

/** What becomes JSON: no bytes, no date, nothing that writes itself. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
