/**
 * Paths of a source record: `visitor.UUID`, `messages[0].text`, `messages[*].text`, `address.street\.name`.
 *
 * A name may hold any character; a full stop, a bracket or a backslash in it stands behind a backslash (Data Prep,
 * "Escape special characters in a field"). Names that are no identifiers may also stand in `${…}`.
 */

export type PathPart = { readonly name: string } | { readonly index: number | 'every' };

export type Path = readonly PathPart[];

/** The path that a text writes, or undefined where it writes none. */
export function parsePath(text: string): Path | undefined {
  const parts: PathPart[] = [];
  let at = 0;
  while (at < text.length) {
    const name = parts.length === 0 ? nameAt(text, at) : text[at] === '.' ? nameAt(text, at + 1) : undefined;
    const index = name === undefined && parts.length > 0 ? indexAt(text, at) : undefined;
    const found = name ?? index;
    if (found === undefined) return undefined;
    parts.push(...found.parts);
    at = found.end;
  }
  return parts.length === 0 ? undefined : parts;
}

interface Found {
  readonly parts: Path;
  readonly end: number;
}

/** Up to what ends a name; a backslash makes the next character part of it. */
const NAME = /(?:\\.|[^.[\]\\])+/suy;
const WRAPPED = /\$\{((?:\\.|[^\\}])*)\}/suy;

function nameAt(text: string, at: number): Found | undefined {
  WRAPPED.lastIndex = at;
  const wrapped = WRAPPED.exec(text);
  if (wrapped !== null) {
    const parts = parsePath(wrapped[1] ?? '');
    return parts === undefined ? undefined : { parts, end: at + wrapped[0].length };
  }
  NAME.lastIndex = at;
  const match = NAME.exec(text);
  return match === null ? undefined : { parts: [{ name: unescaped(match[0]) }], end: at + match[0].length };
}

const INDEX = /\[(?:(\d{1,9})|\*)\]/y;

function indexAt(text: string, at: number): Found | undefined {
  INDEX.lastIndex = at;
  const match = INDEX.exec(text);
  if (match === null) return undefined;
  const index = match[1] === undefined ? 'every' : Number(match[1]);
  return { parts: [{ index }], end: at + match[0].length };
}

/** What a name says that is written with backslashes. */
export function unescaped(written: string): string {
  return written.replaceAll(/\\(.)/gsu, '$1');
}

/** The one spelling of a path, which {@link parsePath} reads back. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if ('index' in part) return `${text}[${part.index === 'every' ? '*' : part.index}]`;
    const name = part.name.replaceAll(/[.[\]\\]|^\$(?=\{)/gu, String.raw`\$&`);
    return text === '' ? name : `${text}.${name}`;
  }, '');
}
