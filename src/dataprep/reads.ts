/** Which attributes of a source record a mapping set reads: what an event must have when it is sent, and no more. */
import type { CatalogueError } from '../domain/errors.js';
import { FUNCTIONS, METHODS } from './functions.js';
import { parseExpression } from './parse.js';
import { parsePath, type Path, type PathPart, pathText } from './path.js';
import { type Expression, faultText, partsOf } from './syntax.js';

/** A row of a mapping set, in whatever dialect it was written. */
export interface Mapping {
  /** `UNKNOWN`: stored by Adobe, of a type that this release does not know. */
  readonly sourceType: 'ATTRIBUTE' | 'EXPRESSION' | 'STATIC' | 'UNKNOWN';
  readonly source: string;
  readonly destination: string;
}

/** A row of which it cannot be said what it reads. */
export interface UnreadableRow {
  /** Place in the mapping set, counted from 0. */
  readonly row: number;
  readonly source: string;
  readonly destination: string;
  readonly why: string;
}

export type Reads = { readonly reads: readonly string[] } | { readonly unreadable: UnreadableRow };

/**
 * The attributes that the rows read, each as `parsePath` reads it back; sorted, without those that another one covers.
 *
 * @param declared answers for the rows that cannot be read: what a person says that they read
 */
export function readsOf(rows: readonly Mapping[], declared?: readonly string[]): Reads {
  const found = rows.map(readsOfRow);
  const [unreadable] = unreadableIn(rows, found);
  if (unreadable !== undefined && declared === undefined) return { unreadable };
  const said = unreadable === undefined ? [] : (declared ?? []).flatMap((text) => [parsePath(text) ?? []]);
  return { reads: shortest([...found.flatMap((one) => (one.ok ? one.paths : [])), ...said]) };
}

/** Every row that stands in the way of {@link readsOf}. */
export function unreadableRows(rows: readonly Mapping[]): UnreadableRow[] {
  return unreadableIn(rows, rows.map(readsOfRow));
}

export function mappingUnreadable({ source, destination, why }: UnreadableRow): CatalogueError {
  return { code: 'CAEP_MAPPING_UNREADABLE', fields: { source, destination, why } };
}

type RowReads = { readonly ok: true; readonly paths: readonly Path[] } | { readonly ok: false; readonly why: string };

function unreadableIn(rows: readonly Mapping[], found: readonly RowReads[]): UnreadableRow[] {
  return rows.flatMap(({ source, destination }, row) => {
    const one = found[row];
    return one === undefined || one.ok ? [] : [{ row, source, destination, why: one.why }];
  });
}

function readsOfRow({ sourceType, source }: Mapping): RowReads {
  if (sourceType === 'UNKNOWN') return { ok: false, why: 'the type of its source is not known' };
  if (sourceType === 'STATIC') return { ok: true, paths: [] };
  if (sourceType === 'ATTRIBUTE') {
    const path = parsePath(source);
    return path === undefined ? { ok: false, why: 'it is no path of a field' } : { ok: true, paths: [path] };
  }
  const parsed = parseExpression(source);
  return parsed.ok ? readsOfExpression(parsed.expression) : { ok: false, why: faultText(parsed.fault) };
}

/** What an expression reads, or why that cannot be said. */
function readsOfExpression(expression: Expression): RowReads {
  const paths: Path[] = [];
  const open: Expression[] = [expression];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const why = whyUnreadable(next);
    if (why !== undefined) return { ok: false, why };
    const path = pathRead(next);
    if (path === undefined) open.push(...partsOf(next));
    else paths.push(path);
  }
  return { ok: true, paths };
}

function whyUnreadable(expression: Expression): string | undefined {
  if (expression.kind === 'method') return METHODS.has(expression.name) ? undefined : unknown(expression.name);
  if (expression.kind !== 'call') return undefined;
  const facts = FUNCTIONS.get(expression.name);
  if (facts === undefined) return unknown(expression.name);
  if (facts.ofPath === true && pathRead(expression) === undefined) {
    return `${expression.name} takes the path of a field in quotes: with anything else it may look at every field`;
  }
  return undefined;
}

const unknown = (name: string): string => `the function ${name} is not known`;

/** The one path that an expression reads and nothing else of it, where it is written out. */
function pathRead(expression: Expression): Path | undefined {
  switch (expression.kind) {
    case 'path':
      return expression.path;
    case 'call':
      return FUNCTIONS.get(expression.name)?.ofPath === true ? literalPath(expression.args) : undefined;
    case 'member':
      return joined(valuePath(expression.object), [expression.part]);
    case 'method':
      return expression.name === 'get'
        ? joined(valuePath(expression.receiver), literalPath(expression.args))
        : undefined;
    default:
      return undefined;
  }
}

/** As {@link pathRead}, of what is a value of the record: `contains_key("visitor")` is none. */
function valuePath(expression: Expression): Path | undefined {
  return expression.kind === 'call' ? undefined : pathRead(expression);
}

function joined(path: Path | undefined, rest: Path | undefined): Path | undefined {
  return path === undefined || rest === undefined ? undefined : [...path, ...rest];
}

function literalPath(args: readonly Expression[]): Path | undefined {
  const [argument, ...others] = args;
  if (argument?.kind !== 'literal' || others.length > 0) return undefined;
  if (typeof argument.value === 'string') return parsePath(argument.value);
  return undefined;
}

/** The texts of the paths, sorted, but of those that another one covers. */
function shortest(paths: readonly Path[]): string[] {
  const written = new Map(paths.filter((path) => path.length > 0).map((path) => [pathText(path), path]));
  const all: Node = { ends: false, parts: new Map() };
  for (const path of written.values()) plant(all, path);
  return [...written]
    .filter(([, path]) => !isCovered(all, path))
    .map(([text]) => text)
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Paths by their beginnings, so that many of them are compared with few. */
interface Node {
  ends: boolean;
  readonly parts: Map<string, Node>;
}

const keyOf = (part: PathPart): string => ('name' in part ? `.${part.name}` : `[${part.index}`);
const EVERY = keyOf({ index: 'every' });

function plant(root: Node, path: Path): void {
  let node = root;
  for (const part of path) {
    const next: Node = node.parts.get(keyOf(part)) ?? { ends: false, parts: new Map() };
    node.parts.set(keyOf(part), next);
    node = next;
  }
  node.ends = true;
}

/** By a shorter one, `visitor` for `visitor.email`, or a wider one, `messages[*].text` for `messages[0].text`. */
function isCovered(node: Node, path: Path, place = 0, isItself = true): boolean {
  const part = path[place];
  if (node.ends && (part !== undefined || !isItself)) return true;
  if (part === undefined) return false;
  const own = node.parts.get(keyOf(part));
  if (own !== undefined && isCovered(own, path, place + 1, isItself)) return true;
  const every = 'index' in part && part.index !== 'every' ? node.parts.get(EVERY) : undefined;
  return every !== undefined && isCovered(every, path, place + 1, false);
}
