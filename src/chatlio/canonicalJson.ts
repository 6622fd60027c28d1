/** One text for all renderings of the same JSON value: what identities and comparisons of bodies are made of. */

/** A member of an object: its key, and `"key":value` in canonical form. */
export interface CanonicalMember {
  readonly key: string;
  readonly text: string;
}

/**
 * Keys sorted by UTF-16 code unit, members that are null, absent or "" left out (Chatlio sends all three for "none"), no
 * whitespace; strings untouched, arrays in order and with all their elements.
 *
 * @param value not nested so deeply that it exhausts the stack
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return jsonOf(value);
  if (Array.isArray(value)) return `[${value.map((element) => canonicalJson(element)).join(',')}]`;
  return objectOf(canonicalMembers(value as Record<string, unknown>));
}

/** The members of an object in order, for who needs it once whole and once without some of them. */
export function canonicalMembers(object: Readonly<Record<string, unknown>>): CanonicalMember[] {
  const members: CanonicalMember[] = [];
  for (const key of Object.keys(object).sort()) {
    const value = object[key];
    if (value === undefined || value === null || value === '') continue;
    members.push({ key, text: `${jsonOf(key)}:${canonicalJson(value)}` });
  }
  return members;
}

export function objectOf(members: readonly CanonicalMember[]): string {
  let text = '';
  for (const member of members) text += text === '' ? member.text : `,${member.text}`;
  return `{${text}}`;
}

/** What JSON writes as it stands, and UTF-8 in one byte each: a third of the time of JSON.stringify where it is enough. */
const NOT_PLAIN = /[^\x20\x21\x23-\x5B\x5D-\x7E]/;

/** True for texts whose JSON is themselves between quotes, with as many bytes as characters. */
export function isPlain(text: string): boolean {
  return !NOT_PLAIN.test(text);
}

/** JSON of a value that is neither an object nor an array. */
export function jsonOf(value: unknown): string {
  return typeof value === 'string' && isPlain(value) ? `"${value}"` : (JSON.stringify(value) ?? 'null');
}
