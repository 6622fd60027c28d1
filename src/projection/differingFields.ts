/** In which fields two bodies of one event differ: by name, never by value. */
import { isDeepStrictEqual } from 'node:util';
import { type ChatlioBody, isObject } from '../chatlio/payloads.js';
import { type Path, pathText } from '../dataprep/path.js';
import { CHATLIO_FIELDS } from '../domain/projection/chatlioFields.js';
import { shownName } from './paths.js';
import { isNone } from './readSet.js';

/** Of one pair. Whoever can post a webhook chooses names. */
const MAX_NAMES = 20;

/** What Chatlio documents members of: `visitor`, `messages[*]`. Names below anything else may be chosen by a visitor. */
const HOLDERS: ReadonlySet<string> = new Set(
  Object.keys(CHATLIO_FIELDS).flatMap((path) => (path.includes('.') ? [path.slice(0, path.lastIndexOf('.'))] : [])),
);

/**
 * Paths as a mapping writes them, with `[*]` for any place of a list. "", null and absent are one: Chatlio sends each for "none".
 *
 * @returns sorted, at most 20, each printable and of at most 80 characters; none where only the spelling differs
 * @example
 * differingFields({ visitor: { name: 'Ana' }, rating: 4 }, { visitor: { name: 'Ann' }, rating: 4 }); // ['visitor.name']
 */
export function differingFields(first: ChatlioBody, second: ChatlioBody): string[] {
  const found = new Set<string>();
  const compare = (one: unknown, other: unknown, path: Path): void => {
    if (found.size === MAX_NAMES || isDeepStrictEqual(one, other) || (isNone(one) && isNone(other))) return;
    const name = pathText(path);
    if (isObject(one) && isObject(other) && (path.length === 0 || HOLDERS.has(name))) {
      for (const member of new Set([...Object.keys(one), ...Object.keys(other)])) {
        compare(valueOf(one, member), valueOf(other, member), [...path, { name: member }]);
      }
    } else if (Array.isArray(one) && Array.isArray(other) && HOLDERS.has(`${name}[*]`)) {
      for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
        compare(one[at], other[at], [...path, { index: 'every' }]);
      }
    } else {
      found.add(shownName(name));
    }
  };
  compare(first, second, []);
  return [...found].sort();
}

/** Also of a name that every object has by inheritance. */
function valueOf(holder: ChatlioBody, name: string): unknown {
  return Object.hasOwn(holder, name) ? holder[name] : undefined;
}
