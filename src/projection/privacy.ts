/**
 * Privacy, applied to a body before anything is derived of it.
 *
 * What is dropped or hashed at one place is dropped or hashed wherever Chatlio repeats it: the table {@link REPETITIONS}.
 */
import { hash } from 'node:crypto';
import { parsePath, type PathPart, pathText, type Path } from '../dataprep/path.js';
import { isDerived, type DerivedField } from '../domain/projection/fields.js';
import type { Privacy, Redaction } from '../domain/projection/projection.js';
import { covers, ofAnyElement } from './paths.js';
import { define } from './readSet.js';
import { redacted } from './redact.js';
import { objectIn } from './textOfObject.js';

/**
 * Paths of a body that carry the same thing: with any of the first, all of both go. What people write in a chat may repeat
 * anything; so may the names that stand before each line of a rendered one.
 */
const REPETITIONS: readonly { readonly of: readonly string[]; readonly copies: readonly string[] }[] = [
  { of: ['message', 'textBody', 'htmlBody', 'messages[*].text'], copies: [] },
  { of: ['visitor.email', 'email', 'emailPretty', 'visitorEmail'], copies: ['replyToEmail'] },
  // Slack's channel of a chat is called by the visitor's name where a form asked for it, else by the handle.
  {
    of: ['visitor.name', 'name', 'visitorName'],
    copies: ['emailPretty', 'messages[*].username', 'channelName', 'archiveUrl'],
  },
  { of: ['visitor.handle'], copies: ['visitorName', 'channelName', 'archiveUrl', 'messages[*].username'] },
  { of: ['channelName'], copies: ['archiveUrl'] },
  { of: ['agentEmail'], copies: ['replyToEmail'] },
  { of: ['agentName'], copies: ['messages[*].username'] },
  { of: ['visitor.identTraits', 'visitorTraits'], copies: [] },
];

/** Objects that come as the JSON of them as well; what is named below one of them stands below all. */
const TRAITS: readonly string[] = ['visitor.identTraits', 'visitorTraits'];
const MAPS: ReadonlySet<string> = new Set([...TRAITS, 'extraData']);

/** Of what a derived value is made, where it is not the path of that name. */
const MADE_OF: Readonly<Partial<Record<DerivedField, readonly string[]>>> = {
  visitorUUID: ['visitor.UUID'],
  visitorEmail: ['visitor.email'],
  visitorName: ['visitor.name'],
  visitorHandle: ['visitor.handle'],
  visitorUserId: ['visitor.identUserId'],
  visitorLocation: ['visitor.location'],
  visitorPage: ['visitor.currentPage'],
  visitorReferrer: ['visitor.referrerURL'],
  visitorIdentTraits: ['visitor.identTraits'],
  visitorIPAddress: ['visitor.IPAddress'],
  visitorFirstSeenAt: ['visitor.createdAt'],
  userAgent: ['visitor.userAgent'],
  slackTeamId: ['slackTeamID'],
  messageCount: [],
  visitorMessageCount: [],
};

/** Members of the derived messages, as Chatlio calls them. */
const MESSAGE_MEMBERS: Readonly<Record<string, string>> = {
  authorId: 'userId',
  authorName: 'username',
  isVisitor: 'isVisitorMsg',
};

/** A text that carries more than the value: with its hash nothing could be done. */
const NOT_HASHED: ReadonlySet<string> = new Set(['emailPretty', 'archiveUrl', 'htmlBody']);

/** Documented values that are no free texts. What Chatlio does not document is one. */
const NOT_FREE: ReadonlySet<string> = new Set(
  `conversationUUID channelId channelName slackChannelId slackChannelName slackTeamID archiveUrl startedAt endedAt
   email emailPretty visitorEmail replyToEmail agentEmail visitor.UUID visitor.email visitor.identUserId visitor.handle
   visitor.IPAddress visitor.userAgent visitor.createdAt messages[*].ts messages[*].sentAt
   messages[*].userId`.split(/\s+/),
);
const URLS: ReadonlySet<string> = new Set(['visitor.currentPage', 'visitor.referrerURL']);
/** What is no free text and is an address: {@link redactIn} leaves it as it is. */
export const ADDRESSES = ['visitor.email', 'email', 'emailPretty', 'visitorEmail', 'replyToEmail', 'agentEmail'];

/** A change of bodies, made once for all events. */
export type ApplyPrivacy = (body: Record<string, unknown>) => void;

/** @returns a function that changes a parsed body in place; undefined where nothing is to be changed */
export function compilePrivacy({ drop, hash: hashed, redact }: Privacy): ApplyPrivacy | undefined {
  const dropped = everywhere(drop);
  const hashes = everywhere(hashed);
  if (dropped.length === 0 && hashes.length === 0 && redact.length === 0) return undefined;
  return (body) => {
    for (const path of dropped) changeAt(body, path, () => undefined);
    for (const path of hashes) {
      const text = pathText(path);
      changeAt(body, path, NOT_HASHED.has(text) ? () => undefined : MAPS.has(text) ? hashOfMap : hashOf);
    }
    if (redact.length > 0) redactIn(body, redact, { path: '', isMap: false });
  };
}

function everywhere(named: readonly string[]): Path[] {
  const own = named.flatMap(ownPaths);
  const all = new Set([...own, ...own.flatMap(repetitionsOf)]);
  return [...all].map((path) => parsePath(path) ?? []).filter((path) => path.length > 0);
}

/** What goes with a path that is dropped or hashed, as the body calls it. */
export function alsoGone(path: string): readonly string[] {
  const own = new Set(ownPaths(path));
  return everywhere([path])
    .map(pathText)
    .filter((other) => !own.has(other));
}

/**
 * What may carry the same as a path, also where it does not go with it: without what is named itself, and without other elements of
 * the same list.
 */
export function mayCarry(path: string): readonly string[] {
  const own = ownPaths(path).map(ofAnyElement);
  const groups = REPETITIONS.map(({ of, copies }) => [...of, ...copies]);
  const others = groups.filter((group) => group.some((one) => own.includes(one))).flat();
  return [...new Set(others)].filter((one) => !own.includes(one));
}

/** Of one element of a list: what repeats it, and not the other elements. */
function repetitionsOf(path: string): readonly string[] {
  const ofAny = ofAnyElement(path);
  const below = TRAITS.filter((one) => ofAny !== one && covers(one, ofAny)).flatMap((one) =>
    TRAITS.map((other) => other + path.slice(one.length)),
  );
  return REPETITIONS.filter(({ of }) => of.some((one) => covers(ofAny, one)))
    .flatMap(({ of, copies }) => [...of, ...copies])
    .filter((one) => !covers(ofAny, one))
    .concat(below);
}

/**
 * A derived name stands for what it is made of; `body.` says that Chatlio's own name is meant. What is named within a list of
 * names and values is the whole of it: places and names differ from Chatlio's own.
 */
export function ownPaths(written: string): readonly string[] {
  const [head, ...rest] = parsePath(written) ?? [];
  if (head === undefined || !('name' in head)) return [];
  if (head.name === 'body' && rest.length > 0) return [pathText(rest)];
  if (!isDerived(head.name)) return [pathText([head, ...rest])];
  const madeOf = MADE_OF[head.name] ?? [head.name];
  if (rest.length === 0) return madeOf;
  if (head.name === 'messages') return [pathText([head, ...rest.map(asChatlioCallsIt)])];
  if (madeOf.some((path) => MAPS.has(path)) && rest[0] !== undefined && 'index' in rest[0]) return madeOf;
  return madeOf.map((path) => pathText([...(parsePath(path) ?? []), ...rest]));
}

function asChatlioCallsIt(part: PathPart): PathPart {
  return 'name' in part ? { name: MESSAGE_MEMBERS[part.name] ?? part.name } : part;
}

function changeAt(value: unknown, path: Path, change: (value: unknown) => unknown): void {
  const [part, ...rest] = path;
  if (part === undefined || typeof value !== 'object' || value === null) return;
  const holder = value as Record<string | number, unknown>;
  for (const key of keysAt(value, part)) {
    const inner = holder[key];
    const changed = rest.length === 0 ? change(inner) : changedBelow(inner, rest, change);
    if (changed === undefined && !Array.isArray(value)) delete holder[key];
    else define(holder, String(key), changed ?? null);
  }
}

/** An object that comes as a text stays one. */
function changedBelow(value: unknown, path: Path, change: (value: unknown) => unknown): unknown {
  const object = typeof value === 'string' ? objectIn(value) : value;
  changeAt(object, path, change);
  return typeof value === 'string' && object !== undefined ? JSON.stringify(object) : value;
}

function keysAt(value: object, part: PathPart): (string | number)[] {
  if ('name' in part) return Object.hasOwn(value, part.name) ? [part.name] : [];
  if (!Array.isArray(value)) return [];
  if (part.index === 'every') return [...value.keys()];
  return part.index < value.length ? [part.index] : [];
}

/** Of all that stands below. "" and null stay: nothing is not to look like something. */
function hashOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hashOf);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, hashOf(inner)]));
  }
  if (value === null || value === undefined) return value;
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).trim();
  return text === '' ? '' : hash('sha256', text.toLowerCase());
}

/** By value, also where it comes as a text: so that it is the same as where it comes as an object. */
function hashOfMap(value: unknown): unknown {
  const object = typeof value === 'string' ? objectIn(value) : undefined;
  return object === undefined ? hashOf(value) : JSON.stringify(hashOf(object));
}

interface Place {
  /** As {@link NOT_FREE} writes it. */
  readonly path: string;
  /** Of names and values, whose numbers leave as texts. */
  readonly isMap: boolean;
}

function redactIn(holder: object, redactions: readonly Redaction[], { path, isMap }: Place): void {
  const within = Array.isArray(holder) ? `${path}[*]` : undefined;
  for (const [key, value] of Object.entries(holder) as [string, unknown][]) {
    const inner = within ?? (path === '' ? key : `${path}.${key}`);
    const place = { path: inner, isMap: isMap || MAPS.has(inner) };
    const object = place.isMap && typeof value === 'string' ? objectIn(value) : value;
    if (typeof object === 'object' && object !== null) {
      redactIn(object, redactions, place);
      if (object !== value) define(holder, key, JSON.stringify(object));
      continue;
    }
    const isText = typeof value === 'string' || (place.isMap && typeof value === 'number');
    if (!isText || NOT_FREE.has(inner)) continue;
    const text = String(value);
    const left = redacted(text, URLS.has(inner) ? redactions.filter((one) => one === 'emails') : redactions);
    if (left !== text) define(holder, key, left);
  }
}
