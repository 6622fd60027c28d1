/** One text for all renderings of the same JSON value: what identities and comparisons of bodies are made of. */

/** Chatlio's bodies are three levels deep. Deeper than this is no such body, and would exhaust the stack. */
const MAX_DEPTH = 64;

export class NestedTooDeeply extends Error {
  override readonly name = 'NestedTooDeeply';
  override readonly message = `nested deeper than ${MAX_DEPTH} levels`;
}

/**
 * Keys sorted by UTF-16 code unit, members that are null, absent or "" left out (Chatlio sends all three for "none"), no
 * whitespace; strings untouched, arrays in order and with all their elements.
 *
 * @throws NestedTooDeeply
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (depth === MAX_DEPTH) throw new NestedTooDeeply();
  if (Array.isArray(value)) return `[${value.map((element) => canonicalJson(element, depth + 1)).join(',')}]`;

  const members = value as Record<string, unknown>;
  let text = '';
  for (const key of Object.keys(members).sort()) {
    const member = members[key];
    if (member === undefined || member === null || member === '') continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member, depth + 1)}`;
  }
  return `{${text}}`;
}
