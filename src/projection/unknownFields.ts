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
/** Names whose verdict is remembered, and how long they may be: the documented ones are 50, and short. */
const MAX_REMEMBERED = 1_000;
const MAX_REMEMBERED_CHARACTERS = 80;

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
  const shownBelow = PLACES.map(({ above }) =>
    remembered((name, shape) => shownUnlessKnown([...above, { name }], shape)),
  );
  return (body, kind) => {
    const { shape } = KIND_FACTS[kind];
    const found = new Set<string>();
    for (const [place, { holdersIn }] of PLACES.entries()) {
      for (const holder of holdersIn(body)) {
        for (const name of Object.keys(holder)) {
          if (isNone(holder[name])) continue;
          const shown = shownBelow[place]?.(name, shape);
          if (shown !== undefined) found.add(shown);
          // Whoever posts chooses how many there are: the others are not even looked at.
          if (found.size === MAX_NAMES) return sorted(found);
        }
      }
    }
    return found.size === 0 ? [] : sorted(found);
  };

  function shownUnlessKnown(path: Path, shape: Shape): string | undefined {
    const text = pathText(path);
    if (isDocumented(text, shape)) return undefined;
    return own.some((read) => read === '' || covers(read, text) || covers(text, read)) ? undefined : shownName(text);
  }

  /** A field of another kind is seen where a derived value takes it there too, as all do but the message. */
  function isDocumented(path: string, shape: Shape): boolean {
    const facts = Object.hasOwn(CHATLIO_FIELDS, path) ? CHATLIO_FIELDS[path] : undefined;
    if (facts === undefined) return false;
    return facts.in.includes(shape) || (path !== 'message' && facts.into.some((name) => derived.has(name)));
  }
}

const sorted = (names: ReadonlySet<string>): string[] => [...names].sort();

type Shape = (typeof KIND_FACTS)[Kind]['shape'];
type Shown = (name: string, shape: Shape) => string | undefined;

/** Where fields are looked for. */
const PLACES: readonly { readonly above: Path; readonly holdersIn: (body: ChatlioBody) => readonly ChatlioBody[] }[] = [
  { above: [], holdersIn: (body) => [body] },
  { above: [{ name: 'visitor' }], holdersIn: ({ visitor }) => (isObject(visitor) ? [visitor] : []) },
  {
    above: [{ name: 'messages' }, { index: 'every' }],
    holdersIn: ({ messages }) => (Array.isArray(messages) ? messages.filter(isObject) : []),
  },
];

/** The same names come in every body, and to judge them each time takes half of a projection's time. */
function remembered(shown: Shown): Shown {
  const verdicts = new Map<Shape, Map<string, string | undefined>>();
  return (name, shape) => {
    const known = verdicts.get(shape) ?? new Map<string, string | undefined>();
    verdicts.set(shape, known);
    const verdict = known.get(name);
    if (verdict !== undefined || known.has(name)) return verdict;
    const first = shown(name, shape);
    if (known.size < MAX_REMEMBERED && name.length <= MAX_REMEMBERED_CHARACTERS) known.set(name, first);
    return first;
  };
}

/** Of the body, as the mapping reads it; "" is all of it. */
function ownPath(read: string): string[] {
  const [head, ...rest] = parsePath(read) ?? [];
  if (head === undefined || !('name' in head)) return [];
  if (head.name === 'body') return [ofAnyElement(pathText(rest))];
  return isDerived(head.name) ? [] : [ofAnyElement(pathText([head, ...rest]))];
}
