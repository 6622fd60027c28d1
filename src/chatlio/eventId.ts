/**
 * The identity of an event, recipe `chatlio/1`: the same for every delivery of one event, computed from the request alone.
 *
 * Chatlio sends no event id. What moves between two deliveries of one event is left out: everything of the visitor but the
 * UUID, names of channels and people, rendered bodies, `endedAt`. Changing the recipe changes every id, hence its version tag.
 */
import { hash } from 'node:crypto';
import { KIND_FACTS, type Kind } from '../domain/events/kinds.js';
import { type CanonicalMember, canonicalJson, objectOf } from './canonicalJson.js';
import type { LostPart } from './lostParts.js';
import type { Payload } from './payloads.js';

export const IDENTITY_VERSION = 'chatlio/1';

const RAW_VERSION = 'raw/1';

export interface EventIdentity {
  /** SHA-256, 64 hexadecimal digits. */
  readonly eventId: string;
  /** Digest of what makes it another event if it differs, whether or not the id shows it. */
  readonly contentKey: string;
}

/** Not content: who, where, and the conversation, which stands in the id by itself. */
const NOT_CONTENT: ReadonlySet<string> = new Set([
  'visitor',
  'conversationUUID',
  'channelId',
  'channelName',
  'slackChannelId',
  'slackChannelName',
]);

/**
 * @param members of the body as parsed, unknown fields included: one of them (a rating, say) may tell two events apart
 * @param payload the same body, read
 */
export function identify(
  kind: Kind,
  widget: string,
  members: readonly CanonicalMember[],
  payload: Payload,
): EventIdentity {
  const contentKey = kind === 'transcript' ? messagesKeyOf(payload) : contentKeyOf(members);
  return {
    eventId: digestOf([IDENTITY_VERSION, KIND_FACTS[kind].idName, widget, ...partsOf(kind, payload, contentKey)]),
    contentKey,
  };
}

/** The id of a request that is no event we can read: SHA-256 of `["raw/1", widget, kind, SHA-256 of the bytes]`. */
export function identifyRaw(kind: Kind, widget: string, raw: Uint8Array): string {
  return digestOf([RAW_VERSION, widget, KIND_FACTS[kind].idName, sha256(raw)]);
}

function partsOf(kind: Kind, payload: Payload, contentKey: string): readonly string[] {
  const conversation = payload.conversationUUID ?? '';
  switch (kind) {
    case 'new-conversation':
      return [conversation];
    case 'unanswered':
    case 'feedback':
    case 'transcript':
      return [conversation, contentKey];
    case 'offline-message':
      // Without a UUID the address in the content tells visitors apart.
      return [payload.visitor.UUID ?? '', contentKey];
    default:
      return kind satisfies never;
  }
}

function contentKeyOf(members: readonly CanonicalMember[]): string {
  return sha256(objectOf(members.filter(({ key }) => !NOT_CONTENT.has(key))));
}

/** A key that stands twice may hide anything; no sender does that by accident. */
export function isContent(kind: Kind, { what, within }: LostPart): boolean {
  if (what === 'member') return true;
  return kind === 'transcript' ? within === 'messages' : !NOT_CONTENT.has(within);
}

/** An export with no new and no edited message is the same event, however often an operator repeats it. */
function messagesKeyOf({ messages, endedAt, textBody }: Payload): string {
  const isKeyed = messages.length > 0 && messages.every(({ ts }) => ts !== undefined);
  const content = isKeyed ? messages.map(({ ts, text }) => [ts, text ?? '']) : [endedAt ?? null, textBody ?? null];
  return sha256(canonicalJson(content));
}

function digestOf(parts: readonly string[]): string {
  return sha256(JSON.stringify(parts));
}

function sha256(data: string | Uint8Array): string {
  return hash('sha256', data);
}
