/**
 * Dotted paths with array indexes, as sources and destinations of mappings are written ("Fields" and "Escape special
 * characters" pages): a full stop in a name stands behind a backslash, other special characters stand in `${…}`.
 */
import { isStructure, type Value } from './values.js';

/** A field name, an array index, or `*` for every element. */
export type PathSegment = string | number;

const BARE = /(?:\\.|[^.[\]()"'\s\\])+/suy;
const WRAPPED = /\$\{((?:\\.|[^\\}])+)\}/suy;
const INDEX = /\[(\d{1,9}|\*)\]/y;

/** @returns undefined when the text is not a path (an expression, say) */
export function parsePath(text: string): readonly PathSegment[] | undefined {
  const path = text.trim();
  const segments: PathSegment[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(path);
    if (found === null) return undefined;
    at += found[0].length;
    return found[1] ?? found[0];
  };
  do {
    const wrapped = take(WRAPPED);
    const bare = wrapped === undefined ? take(BARE) : undefined;
    if (wrapped !== undefined) segments.push(...wrappedNames(wrapped));
    else if (bare === undefined) return undefined;
    else segments.push(unescapedName(bare));
    for (let index = take(INDEX); index !== undefined; index = take(INDEX)) {
      segments.push(index === '*' ? index : Number(index));
    }
  } while (path[at++] === '.');
  return at > path.length ? segments : undefined;
}

/** What stands in `${…}`: a full stop goes one level deeper there too, unless it is escaped. */
export function wrappedNames(inner: string): readonly string[] {
  return (inner.match(/(?:\\.|[^.\\])+/gsu) ?? []).map(unescapedName);
}

export function unescapedName(written: string): string {
  return written.replaceAll(/\\(.)/gsu, '$1');
}

/** @returns undefined when there is no such attribute (null when it is there and null) */
export function readPath(start: Value | undefined, segments: readonly PathSegment[], from = 0): Value | undefined {
  let value = start;
  for (let index = from; index < segments.length; index += 1) {
    const segment = segments[index] as PathSegment;
    if (segment === '*') {
      if (!Array.isArray(value)) return undefined;
      // One value for one element, so that what is read of the same array side by side stays together.
      return (value as readonly Value[]).map((element) => readPath(element, segments, index + 1) ?? null);
    }
    value = step(value, segment);
    if (value === undefined) return undefined;
  }
  return value;
}

function step(value: Value | undefined, segment: PathSegment): Value | undefined {
  if (Array.isArray(value)) return typeof segment === 'number' ? (value[segment] as Value | undefined) : undefined;
  if (!isStructure(value)) return undefined;
  // A field may be called "12"; and `constructor` must not be found on the prototype.
  return Object.hasOwn(value, segment) ? value[segment] : undefined;
}

/** What stands at a path with `[*]`, one by one. */
export interface Found {
  /** For each wildcard the place of the element; fewer where an element lacks the array that the next one is about. */
  readonly indexes: readonly number[];
  /** Undefined where the element lacks the attribute. */
  readonly value: Value | undefined;
}

const LACKING: Found = { indexes: [], value: undefined };

/** @returns undefined when the array that is iterated over is not there */
export function iteratePath(start: Value | undefined, segments: readonly PathSegment[]): readonly Found[] | undefined {
  const star = segments.indexOf('*');
  if (star === -1) return [{ indexes: [], value: readPath(start, segments) }];
  const array = readPath(start, segments.slice(0, star));
  if (!Array.isArray(array)) return undefined;
  const rest = segments.slice(star + 1);
  return (array as readonly Value[]).flatMap((element, index) =>
    (iteratePath(element, rest) ?? [LACKING]).map(({ indexes, value }) => ({ indexes: [index, ...indexes], value })),
  );
}

/** A path with indexes in place of its wildcards, up to the first wildcard for which there is none. */
export function withIndexes(segments: readonly PathSegment[], indexes: readonly number[]): readonly PathSegment[] {
  const left = [...indexes];
  const path: PathSegment[] = [];
  for (const segment of segments) {
    const place = segment === '*' ? left.shift() : segment;
    if (place === undefined) break;
    path.push(place);
  }
  return path;
}

type Node = Record<PathSegment, unknown>;

/**
 * Writes below `root`, making objects (or arrays, for an index) on the way. An object is added to what stands there, and
 * what a row of its own has written stays: a row for a member adds to its object, whichever of them comes first.
 */
export function writePath(root: Record<string, unknown>, segments: readonly PathSegment[], value: unknown): void {
  let node: Node = root;
  segments.forEach((segment, index) => {
    const there = Object.hasOwn(node, segment) ? node[segment] : undefined;
    if (index === segments.length - 1) {
      const isAddition = isObject(there) && isObject(value);
      fill(node, segment, isAddition ? added(value, there) : value);
      return;
    }
    if (typeof there === 'object' && there !== null) {
      node = there as Node;
      return;
    }
    const made = typeof segments[index + 1] === 'number' ? [] : {};
    fill(node, segment, made);
    node = made;
  });
}

/** An array is written by index as an object is by name; places before it that nothing has filled are null. */
function fill(node: Node, segment: PathSegment, value: unknown): void {
  if (Array.isArray(node) && typeof segment === 'number') while (node.length < segment) node.push(null);
  Object.defineProperty(node, segment, { value, writable: true, enumerable: true, configurable: true });
}

function added(copy: Record<string, unknown>, own: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...copy };
  for (const [name, value] of Object.entries(own)) {
    const copied = Object.hasOwn(copy, name) ? copy[name] : undefined;
    merged[name] = isObject(value) && isObject(copied) ? added(copied, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
