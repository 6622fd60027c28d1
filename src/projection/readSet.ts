/** The attributes that a mapping reads, as a tree by which records are pruned. */
import { parsePath } from '../dataprep/path.js';

export interface ReadNode {
  /** Everything below is read. */
  whole: boolean;
  readonly members: Map<string, ReadNode>;
  /** Of every element of a list. */
  every?: ReadNode;
  readonly elements: Map<number, ReadNode>;
}

const newNode = (): ReadNode => ({ whole: false, members: new Map(), elements: new Map() });

export function readTree(paths: readonly string[]): ReadNode {
  const root = newNode();
  for (const path of paths) {
    let node = root;
    for (const part of parsePath(path) ?? [])
      node = 'name' in part ? member(node, part.name) : element(node, part.index);
    node.whole = node !== root;
  }
  return root;
}

function member(node: ReadNode, name: string): ReadNode {
  const found = node.members.get(name) ?? newNode();
  node.members.set(name, found);
  return found;
}

function element(node: ReadNode, index: number | 'every'): ReadNode {
  if (index === 'every') return (node.every ??= newNode());
  const found = node.elements.get(index) ?? newNode();
  node.elements.set(index, found);
  return found;
}

/**
 * What of a value is read; undefined where nothing is. Elements of a list keep their places: one that is not read is an empty
 * object. Nothing is copied of what is not read, and what Chatlio sends for "none" (null, "") is absent.
 */
export function pruned(value: unknown, node: ReadNode): unknown {
  if (isNone(value)) return undefined;
  if (node.whole) return withoutNone(value);
  if (Array.isArray(value)) return prunedList(value, node);
  if (typeof value !== 'object' || value === null) return undefined;
  const picked: Record<string, unknown> = {};
  for (const [name, below] of node.members) {
    const inner = Object.hasOwn(value, name) ? pruned((value as Record<string, unknown>)[name], below) : undefined;
    if (inner !== undefined) define(picked, name, inner);
  }
  return Object.keys(picked).length === 0 ? undefined : picked;
}

/** A mapping that names a later element than this is none that anybody means. */
const MAX_PLACES = 1_000;

/** With null for each attribute that is read and is not there, so that every path of the mapping leads to something. */
export function withNulls(value: unknown, node: ReadNode): unknown {
  const isObject = typeof value === 'object' && value !== null;
  if (Array.isArray(value) || (!isObject && (node.every !== undefined || node.elements.size > 0))) {
    const list: unknown[] = Array.isArray(value) ? [...value] : [];
    const places = Math.min(Math.max(0, ...[...node.elements.keys()].map((index) => index + 1)), MAX_PLACES);
    while (list.length < places) list.push({});
    return list.map((one, index) => {
      const read = readOf(node, index);
      return read === undefined ? one : withNulls(one, read);
    });
  }
  if (node.members.size === 0 || (!isObject && !isNone(value))) return value ?? null;
  const filled: Record<string, unknown> = isObject ? { ...value } : {};
  for (const [name, below] of node.members) {
    define(filled, name, withNulls(Object.hasOwn(filled, name) ? filled[name] : undefined, below));
  }
  return filled;
}

/** What of the element at a place is read. */
function readOf(node: ReadNode, index: number): ReadNode | undefined {
  const own = node.elements.get(index);
  if (own === undefined || node.every === undefined) return own ?? node.every;
  return both(own, node.every);
}

function prunedList(list: readonly unknown[], node: ReadNode): unknown[] | undefined {
  const last = node.every === undefined ? Math.max(-1, ...node.elements.keys()) : list.length - 1;
  if (last < 0) return undefined;
  return list.slice(0, last + 1).map((one, index) => {
    const read = readOf(node, index);
    return (read === undefined ? undefined : pruned(one, read)) ?? (typeof one === 'object' ? {} : null);
  });
}

function both(one: ReadNode, other: ReadNode): ReadNode {
  const members = new Map(one.members);
  for (const [name, node] of other.members) {
    const own = members.get(name);
    members.set(name, own === undefined ? node : both(own, node));
  }
  const elements = new Map([...one.elements, ...other.elements]);
  const every =
    one.every === undefined ? other.every : other.every === undefined ? one.every : both(one.every, other.every);
  return { whole: one.whole || other.whole, members, elements, every };
}

export function isNone(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** A copy without members that are none; elements of lists stay, or the others would change their places. */
function withoutNone(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNone);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const inner = (value as Record<string, unknown>)[name];
    if (!isNone(inner)) define(copy, name, withoutNone(inner));
  }
  return copy;
}

/** Also a name that means something to JavaScript. */
export function define(object: object, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    (object as Record<string, unknown>)[name] = value;
  }
}
