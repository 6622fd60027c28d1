/** Fields of a body that Chatlio does not document and nobody reads: by name, never by value. */
import { type ChatlioBody, isObject } from '../chatlio/payloads.js';
import { parsePath, type Path, pathText } from '../dataprep/path.js';
import { KIND_FACTS, type Kind } from '../domain/events/kinds.js';
import { CHATLIO_FIELDS } from '../domain/projection/chatlioFields.js';
import { isDerived } from '../domain/projection/fields.js';
import { covers, ofAnyElement, shownName } from './paths.js';
import { isNone } from './readSet.js';

/** Of one body. Whoever can post a webhook chooses names. */
const MAX_NAMES = 20;

/**
 * Paths as a mapping writes them, `messages[*].edited`; of what is not documented, the uppermost name. A field that is read only
 * in part counts as read. What Chatlio sends for "none" is no field.
 *
 * @param reads of the projection; none where it is not known
 * @returns sorted, at most 20, each printable and of at most 80 characters
 * @example
 * const unknownIn = unknownFieldsFor(['message']);
 * unknownIn({ visitor: { UUID: '…', score: 7 }, rating: 5 }, 'feedback'); // ['rating', 'visitor.score']
 */
export function unknownFieldsFor(reads: readonly string[]): (body: ChatlioBody, kind: Kind) => string[] {
  const own = reads.flatMap(ownPath);
  const derived = new Set(reads);
  return (body, kind) => unknownIn(body, kind, own, derived);
}

function unknownIn(body: ChatlioBody, kind: Kind, own: readonly string[], derived: ReadonlySet<string>): string[] {
  const { shape } = KIND_FACTS[kind];
  const found = new Set<string>();
  const look = (holder: unknown, above: Path): void => {
    if (!isObject(holder)) return;
    for (const name of Object.keys(holder)) {
      if (found.size === MAX_NAMES) return;
      if (isNone(holder[name])) continue;
      const path = pathText([...above, { name }]);
      if (isDocumented(path)) continue;
      if (!own.some((read) => read === '' || covers(read, path) || covers(path, read))) found.add(shownName(path));
    }
  };
  /** A field of another kind is seen where a derived value takes it there too, as all do but the message. */
  function isDocumented(path: string): boolean {
    const facts = Object.hasOwn(CHATLIO_FIELDS, path) ? CHATLIO_FIELDS[path] : undefined;
    if (facts === undefined) return false;
    return facts.in.includes(shape) || (path !== 'message' && facts.into.some((name) => derived.has(name)));
  }

  look(body, []);
  look(body['visitor'], [{ name: 'visitor' }]);
  const { messages } = body;
  if (Array.isArray(messages)) for (const one of messages) look(one, [{ name: 'messages' }, { index: 'every' }]);
  return [...found].sort();
}

/** Of the body, as the mapping reads it; "" is all of it. */
function ownPath(read: string): string[] {
  const [head, ...rest] = parsePath(read) ?? [];
  if (head === undefined || !('name' in head)) return [];
  if (head.name === 'body') return [ofAnyElement(pathText(rest))];
  return isDerived(head.name) ? [] : [ofAnyElement(pathText([head, ...rest]))];
}
