/** Paths of a body as texts, in the one spelling of `pathText`. */
import { oneLine } from '../domain/printable.js';

const MAX_NAME_CHARACTERS = 80;

/** Does naming `path` name `other`, which is the same or lies below? */
export function covers(path: string, other: string): boolean {
  return other === path || other.startsWith(`${path}.`) || other.startsWith(`${path}[`);
}

export function ofAnyElement(path: string): string {
  return path.replaceAll(/\[\d+\]/g, '[*]');
}

/** As people are shown it: whoever can post a webhook chooses names, of any length. */
export function shownName(path: string): string {
  const characters = Array.from(oneLine(path.slice(0, 4 * MAX_NAME_CHARACTERS)));
  if (characters.length <= MAX_NAME_CHARACTERS) return characters.join('');
  return `${characters.slice(0, MAX_NAME_CHARACTERS - 1).join('')}…`;
}
