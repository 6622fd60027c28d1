/** A webhook's body: the event that it carries, or why it is held for a person. */
import { isUtf8 } from 'node:buffer';
import type { CanonicalEvent } from '../domain/events/canonical.js';
import { KIND_FACTS, type Kind } from '../domain/events/kinds.js';
import { canonicalEvent } from './canonicalEvent.js';
import { canonicalMembers, objectOf } from './canonicalJson.js';
import { identify, identifyRaw, isContent } from './eventId.js';
import { occurredAtMs } from './eventTime.js';
import { type LostPart, lostParts } from './lostParts.js';
import { type ChatlioBody, isObject, type Payload, readPayload } from './payloads.js';
import { scanJson } from './scanJson.js';

export interface WebhookRequest {
  readonly widget: string;
  /** From the URL: three of the five kinds cannot be told apart by their bodies. */
  readonly kind: Kind;
  readonly raw: Buffer;
  readonly receivedAtMs: number;
}

export type Reading =
  | {
      readonly outcome: 'event';
      readonly eventId: string;
      readonly occurredAtMs: number;
      /** The event as it is cut for sources that keep no originals. */
      readonly cutEvent: () => CanonicalEvent;
      /** The whole payload in canonical form, with what parsing it has lost: equal for equal bodies. */
      readonly canonicalBody: string;
      readonly contentKey: string;
      /** Chatlio's own id of the visitor. */
      readonly visitorUUID?: string;
    }
  | {
      readonly outcome: 'held';
      /** By the recipe `raw/1`. */
      readonly eventId: string;
      /** Why, without any text of the body. */
      readonly why: string;
    };

export function readRequest({ widget, kind, raw, receivedAtMs }: WebhookRequest): Reading {
  const held = (why: string): Reading => ({ outcome: 'held', eventId: identifyRaw(kind, widget, raw), why });

  const parsed = parseBody(raw);
  if (typeof parsed === 'string') return held(parsed);
  const { body, lost } = parsed;
  const payload = readPayload(body);
  const fault = faultOf(kind, body, payload);
  if (fault !== undefined) return held(fault);
  const members = canonicalMembers(body);
  const { eventId, contentKey } = identify(kind, widget, members, payload);
  const at = occurredAtMs(payload, KIND_FACTS[kind].shape === 'transcript', receivedAtMs);
  return {
    outcome: 'event',
    eventId,
    occurredAtMs: at,
    cutEvent: () => canonicalEvent({ eventId, kind, widget, receivedAtMs, payload, occurredAtMs: at }),
    canonicalBody: withLost(objectOf(members), lost),
    contentKey: withLost(
      contentKey,
      lost.filter((part) => isContent(kind, part)),
    ),
    visitorUUID: payload.visitor.UUID,
  };
}

interface ParsedBody {
  readonly body: ChatlioBody;
  readonly lost: readonly LostPart[];
}

/** Any content type is parsed as JSON: Chatlio documents none. The parser's own message would quote the text. */
function parseBody(raw: Buffer): ParsedBody | string {
  if (raw.length === 0) return 'empty body';
  if (!isUtf8(raw)) return 'not UTF-8';
  const scan = scanJson(raw);
  if (scan.refusal !== undefined) return scan.refusal;
  try {
    const text = raw.toString('utf8').replace(/^\uFEFF/, '');
    const body: unknown = JSON.parse(text);
    if (!isObject(body)) return 'not a JSON object';
    const lost = lostParts(text, body, scan);
    return lost === undefined ? 'too many repeated members or long numbers' : { body, lost };
  } catch {
    return 'not JSON';
  }
}

/** Where nothing was lost the text stays as it is: what released versions have stored goes on to compare. */
function withLost(text: string, lost: readonly LostPart[]): string {
  return lost.length === 0 ? text : `${text}\n${lost.map((part) => part.text).join('\n')}`;
}

type Shape = (typeof KIND_FACTS)[Kind]['shape'];

const SHAPE_NAMES: Readonly<Record<Shape, string>> = {
  conversation: 'an event of a conversation',
  offline: 'an offline message',
  transcript: 'a transcript',
};

/** The shape that a body shows; undefined when it could be more than one. */
function shapeOf(body: ChatlioBody, payload: Payload): Shape | undefined {
  if (Array.isArray(body.messages) || payload.textBody !== undefined || payload.endedAt !== undefined) {
    return 'transcript';
  }
  if (typeof body.emailPretty === 'string' || typeof body.email === 'string') return 'offline';
  return payload.conversationUUID !== undefined && 'message' in body ? 'conversation' : undefined;
}

/** Refuses only what contradicts the URL or cannot be identified: a field that Chatlio drops one day must not stop its events. */
function faultOf(kind: Kind, body: ChatlioBody, payload: Payload): string | undefined {
  const expected = KIND_FACTS[kind].shape;
  const shown = shapeOf(body, payload);
  if (shown !== undefined && shown !== expected) {
    return `misrouted: posted to the URL for ${kind}, looks like ${SHAPE_NAMES[shown]}`;
  }
  switch (expected) {
    case 'transcript':
      if (shown === undefined) return 'nothing of a transcript in it';
      return payload.conversationUUID === undefined ? 'conversationUUID is missing' : undefined;
    case 'conversation':
      return payload.conversationUUID === undefined ? 'conversationUUID is missing' : undefined;
    case 'offline':
      if (shown === undefined && payload.message === undefined) return 'nothing of an offline message in it';
      return payload.visitor.UUID === undefined && payload.email === undefined
        ? 'visitor.UUID and email are missing'
        : undefined;
    default:
      return expected satisfies never;
  }
}
