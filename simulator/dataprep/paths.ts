/** Dotted paths with array indexes, as sources and destinations of mappings are written. */
import { isStructure, type Value } from './values.js';

/** A field name, an array index, or `*` for every element. */
export type PathSegment = string | number;

const PATH = /^[^.[\]()"'\s]+(?:\[(?:\d+|\*)\])*(?:\.[^.[\]()"'\s]+(?:\[(?:\d+|\*)\])*)*$/;

/** @returns undefined when the text is not a path (an expression, say) */
export function parsePath(text: string): readonly PathSegment[] | undefined {
  const trimmed = text.trim().replaceAll(/\$\{([^}]+)\}/g, '$1');
  if (!PATH.test(trimmed)) return undefined;
  return trimmed
    .split(/[.[\]]+/)
    .filter((part) => part !== '')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** @returns undefined when there is no such attribute (null when it is there and null) */
export function readPath(start: Value | undefined, segments: readonly PathSegment[], from = 0): Value | undefined {
  let value = start;
  for (let index = from; index < segments.length; index += 1) {
    const segment = segments[index] as PathSegment;
    if (segment === '*') {
      if (!Array.isArray(value)) return undefined;
      const found = (value as readonly Value[]).map((element) => readPath(element, segments, index + 1));
      return found.filter((element): element is Value => element !== undefined);
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

/** Writes below `root`, making objects (or arrays, for an index) on the way. */
export function writePath(root: Record<string, unknown>, segments: readonly PathSegment[], value: unknown): void {
  // An array is written by index as an object is by name.
  let node = root;
  segments.forEach((segment, index) => {
    if (index === segments.length - 1) {
      node[segment] = value;
      return;
    }
    let next = node[segment];
    if (typeof next !== 'object' || next === null) {
      next = typeof segments[index + 1] === 'number' ? [] : {};
      node[segment] = next;
    }
    node = next as Record<string, unknown>;
  });
}
