/** The XDM fields of a source's field group: our own, and those that its manifest adds. All stand below the tenant's node. */
import { CANONICAL_FIELDS } from '../../events/canonical.js';
import { DERIVED_FIELDS } from '../../projection/fields.js';
import type { Manifest } from '../manifest.js';
import { XDM_TYPES, type XdmField, type XdmType } from './xdmTypes.js';

/** What decides which fields there are. */
export interface XdmChoice extends Pick<Manifest, 'contents'> {
  readonly xdm?: { readonly fields?: readonly XdmField[] | undefined };
}

export type XdmNode =
  | { readonly kind: 'value'; readonly type: XdmType; readonly title: string }
  | { readonly kind: 'list'; readonly title: string; readonly items: XdmNode }
  | XdmObject;

export interface XdmObject {
  readonly kind: 'object';
  /** Of one that is only there to hold others: its name. */
  readonly title?: string;
  readonly members: Map<string, XdmNode>;
}

export const TENANT = '{tenant}.';

/** A name, or the mark of a list, whose elements the rest is about. */
const PART = /(?:^|\.)([A-Za-z][A-Za-z0-9_]*)|\[\*\]/gy;

/** `loyalty.tier`, `tags[*]`, `cart[*].sku`. */
export const XDM_PATH = /^[A-Za-z][A-Za-z0-9_]{0,63}(?:\[\*\])?(?:\.[A-Za-z][A-Za-z0-9_]{0,63}(?:\[\*\])?)*$/;

/** Undefined in the place of the name of a list's elements. */
function partsOf(path: string): (string | undefined)[] {
  return [...path.matchAll(PART)].map(([, name]) => name);
}

/** The names and where they are of our own fields that a manifest's must not take; Query Service does not tell cases apart. */
const OWN_NAMES = new Map(
  Object.entries(DERIVED_FIELDS).flatMap(([name, { destination }]) => {
    const field = destination.startsWith(TENANT) ? destination.slice(TENANT.length) : destination;
    return [name, field].map((taken) => [taken.toLowerCase(), field] as const);
  }),
);

export function isOurOwn(path: string): boolean {
  return OWN_NAMES.has(partsOf(path)[0]?.toLowerCase() ?? '');
}

/** Whether two fields cannot both be: the same, one within a value of the other, or once a list and once none. */
export function areAtOdds(one: string, other: string): boolean {
  const [parts, others] = [partsOf(one), partsOf(other)];
  for (const [place, part] of parts.entries()) {
    if (place >= others.length) return true;
    const next = others[place];
    if (part === undefined || next === undefined) {
      if (part !== next) return true;
    } else if (part.toLowerCase() !== next.toLowerCase()) return false;
    else if (part !== next) return true;
  }
  return true;
}

/** Of a source of 0.1.x, and of a compact one: the canonical event's, and those that the manifest adds. */
export function tenantFields({ contents, xdm }: XdmChoice): XdmObject {
  const root: XdmObject = { kind: 'object', members: new Map() };
  for (const field of Object.values(contents === 'full' ? DERIVED_FIELDS : CANONICAL_FIELDS)) {
    if (!field.destination.startsWith(TENANT)) continue;
    root.members.set(field.destination.slice(TENANT.length), ownNode(field));
  }
  for (const field of xdm?.fields ?? []) addField(root, field);
  return root;
}

function ownNode(field: (typeof DERIVED_FIELDS)[keyof typeof DERIVED_FIELDS]): XdmNode {
  const { title } = field;
  if (field.type !== 'list') return { kind: 'value', type: field.type, title };
  const members = Object.entries(field.members).map(
    ([name, member]) => [name, { kind: 'value', ...member } as XdmNode] as const,
  );
  return { kind: 'list', title, items: { kind: 'object', members: new Map(members) } };
}

function addField(root: XdmObject, { path, type, title }: XdmField): void {
  const parts = partsOf(path);
  let node = root;
  parts.forEach((name, place) => {
    if (name === undefined) return;
    const isList = place + 1 < parts.length && parts[place + 1] === undefined;
    const isLast = place + (isList ? 2 : 1) === parts.length;
    const known = node.members.get(name);
    const held = known?.kind === 'list' ? known.items : known;
    if (!isLast && held?.kind === 'object') {
      node = held;
      return;
    }
    const made: XdmNode = isLast
      ? { kind: 'value', type, title }
      : { kind: 'object', ...(isList ? {} : { title: name }), members: new Map() };
    node.members.set(name, isList ? { kind: 'list', title: isLast ? title : name, items: made } : made);
    if (made.kind === 'object') node = made;
  });
}

/** As JSON Schema, the way XDM wants it. */
export function xdmOf(node: XdmNode): object {
  const title = node.title === undefined ? {} : { title: node.title };
  switch (node.kind) {
    case 'value':
      return { ...title, ...XDM_TYPES[node.type] };
    case 'list':
      return { ...title, type: 'array', items: xdmOf(node.items) };
    default:
      return { ...title, type: 'object', properties: propertiesOf(node) };
  }
}

export function propertiesOf({ members }: XdmObject): Record<string, object> {
  return Object.fromEntries([...members].map(([name, inner]) => [name, xdmOf(inner)]));
}

type PathPart = { readonly name: string } | { readonly index: number | 'every' };

/** The field at a path of a mapping's destination; undefined where there is none. */
export function fieldAt(fields: XdmObject, path: readonly PathPart[]): XdmNode | undefined {
  return path.reduce<XdmNode | undefined>((node, part) => {
    if ('index' in part) return node?.kind === 'list' ? node.items : undefined;
    return node?.kind === 'object' ? node.members.get(part.name) : undefined;
  }, fields);
}

/** Every field that a mapping can fill, each as it is written without the tenant's node: also lists and objects whole. */
export function fieldPaths(node: XdmNode, path = ''): string[] {
  const own = path === '' ? [] : [path];
  if (node.kind === 'value') return own;
  if (node.kind === 'list') return [...own, ...fieldPaths(node.items, `${path}[*]`)];
  return [
    ...(path.endsWith('[*]') ? [] : own),
    ...[...node.members].flatMap(([name, inner]) => fieldPaths(inner, path === '' ? name : `${path}.${name}`)),
  ];
}
