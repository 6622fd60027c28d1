/** The names by which a mapping may read an event. */
import { parsePath, type Path, pathText } from '../../dataprep/path.js';
import { CANONICAL_FIELD_NAMES } from '../../domain/events/canonical.js';
import { CHATLIO_FIELDS } from '../../domain/projection/chatlioFields.js';
import { DERIVED_FIELDS, isDerived } from '../../domain/projection/fields.js';
import { nearest } from '../suggestion.js';

interface UnknownSource {
  readonly expected: string;
  readonly got: string;
  readonly hint?: string;
}

/** Says of a path what is wrong with it: it writes none, or no event has it. */
export type FindUnknown = (path: string) => UnknownSource | undefined;

/** Of Chatlio's body as it was posted: any path may be a field that it sends by now. */
const BODY = 'body';

const DERIVED_NAMES: readonly string[] = Object.entries(DERIVED_FIELDS).flatMap(([name, facts]) =>
  'members' in facts ? Object.keys(facts.members).map((member) => `${name}[*].${member}`) : [name],
);

/** Of an event whose original is kept. A bare name is the derived value where there is one, else Chatlio's own. */
export const unknownInOriginal: FindUnknown = sourcesOf(
  [...DERIVED_NAMES, ...Object.keys(CHATLIO_FIELDS).filter((path) => !isDerived(firstName(path) ?? ''))],
  {
    expected: 'a field of an event (one that is not known yet, and that Chatlio sends, is written `body.name`)',
    open: BODY,
  },
);

/** Of an event that was cut when it was taken. */
export const unknownInCutForm: FindUnknown = sourcesOf(CANONICAL_FIELD_NAMES, {
  expected: 'a field of the canonical event',
});

/** @param names paths as a manifest writes them; a member of every element of a list is written `messages[*].text` */
export function sourcesOf(
  names: readonly string[],
  { expected, open }: { readonly expected: string; readonly open?: string },
): FindUnknown {
  const known = names.flatMap((name) => [parsePath(name) ?? []]);
  return (path) => {
    const wanted = parsePath(path);
    if (wanted === undefined) return { expected: 'the path of a field', got: JSON.stringify(path) };
    if (open !== undefined && firstName(path) === open) return undefined;
    if (known.some((one) => isWithin(wanted, one))) return undefined;
    // A path that goes as deep is more likely meant: of `visitor.UID` rather `visitor.UUID` than `visitorUUID`.
    const isAlike = (_name: string, place: number): boolean => known[place]?.length === wanted.length;
    const meant = nearest(path, [...names.filter(isAlike), ...names]);
    return {
      expected,
      got: pathText(wanted),
      ...(meant === undefined ? {} : { hint: `did you mean ${meant}?` }),
    };
  };
}

function firstName(path: string): string | undefined {
  const first = parsePath(path)?.[0];
  return first !== undefined && 'name' in first ? first.name : undefined;
}

/** The known path itself, or what holds it; of a list any element. */
function isWithin(wanted: Path, known: Path): boolean {
  return (
    wanted.length <= known.length &&
    wanted.every((part, place) => {
      const other = known[place];
      if (other === undefined) return false;
      return 'name' in part ? 'name' in other && other.name === part.name : 'index' in other;
    })
  );
}
