/** A Chatlio payload as the flat event that goes to the inlet. */
import type { CanonicalEvent } from '../domain/events/canonical.js';
import { KIND_FACTS, type Kind } from '../domain/events/kinds.js';
import { jsonOf } from './canonicalJson.js';
import { IDENTITY_VERSION } from './eventId.js';
import { occurredAtMs, parseTime } from './eventTime.js';
import type { Payload } from './payloads.js';
import { cleanText, jsonBytes, shorten } from './shorten.js';

export interface EventFacts {
  readonly eventId: string;
  readonly kind: Kind;
  readonly widget: string;
  /** Of the first delivery, milliseconds since the epoch. */
  readonly receivedAtMs: number;
  readonly payload: Payload;
  /** Where it is known already. */
  readonly occurredAtMs?: number;
  /** The recipe of the id, where it is another one. */
  readonly identityVersion?: string;
}

/** As JSON in UTF-8. Profile drops events above 10 KB, measured after mapping, which renames fields and nests them. */
export const MAX_EVENT_BYTES = 8_000;
/** RFC 5321, section 4.5.3.1: a longer one is no address, and a shortened one would be somebody else's. */
const MAX_EMAIL_BYTES = 254;
/** The other fields take 6.5 kB at most, so a message of this size needs no measuring of them. */
const ALWAYS_FITS_BYTES = 1_200;
const MESSAGE_MEMBER_BYTES = Buffer.byteLength(',"message":"","messageTruncated":true');

/** How long the texts of an event may be, bytes of JSON. */
interface TextLimits {
  readonly text: number;
  readonly url: number;
  /** Of the event in all: the message takes what the other fields leave of it. */
  readonly event: number;
}

const CUT: TextLimits = { text: 256, url: 512, event: MAX_EVENT_BYTES };
const WHOLE: TextLimits = {
  text: Number.POSITIVE_INFINITY,
  url: Number.POSITIVE_INFINITY,
  event: Number.POSITIVE_INFINITY,
};

/** Below {@link MAX_EVENT_BYTES}. */
export function canonicalEvent(facts: EventFacts): CanonicalEvent {
  return eventWithin(facts, CUT);
}

/** The same fields with their texts whole. */
export function wholeEvent(facts: EventFacts): CanonicalEvent {
  return eventWithin(facts, WHOLE);
}

function eventWithin(facts: EventFacts, limits: TextLimits): CanonicalEvent {
  const { payload, kind, receivedAtMs } = facts;
  const short = (text: string | undefined, maxBytes = limits.text): string | undefined => shortened(text, maxBytes);
  const { visitor, messages } = payload;
  const isTranscript = KIND_FACTS[kind].shape === 'transcript';
  const event: Mutable<CanonicalEvent> = {
    eventId: facts.eventId,
    occurredAt: isoTime(facts.occurredAtMs ?? occurredAtMs(payload, isTranscript, receivedAtMs)),
    eventType: KIND_FACTS[kind].eventType,
    widgetKey: facts.widget,
    receivedAt: isoTime(receivedAtMs),
    identityVersion: facts.identityVersion ?? IDENTITY_VERSION,
    visitorUUID: short(visitor.UUID),
    visitorEmail: email(visitor.email) ?? email(payload.email) ?? email(payload.visitorEmail),
    visitorName: short(visitor.name ?? payload.name ?? payload.visitorName),
    visitorHandle: short(visitor.handle),
    visitorUserId: short(visitor.identUserId),
    visitorLocation: short(visitor.location),
    visitorPage: short(visitor.currentPage, limits.url),
    visitorReferrer: short(visitor.referrerURL, limits.url),
    conversationUUID: short(payload.conversationUUID),
    subject: short(payload.subject),
    channelId: short(payload.channelId),
    channelName: short(payload.channelName),
    slackChannelId: short(payload.slackChannelId),
    slackChannelName: short(payload.slackChannelName),
    slackTeamId: short(payload.slackTeamID),
    archiveUrl: short(payload.archiveUrl, limits.url),
    agentEmail: email(payload.agentEmail),
    agentName: short(payload.agentName),
    replyToEmail: email(payload.replyToEmail),
    startedAt: optionalTime(payload.startedAt),
    endedAt: optionalTime(payload.endedAt),
    messageCount: isTranscript ? messages.length : undefined,
    visitorMessageCount: isTranscript ? messages.filter(isOfVisitor).length : undefined,
    message: undefined,
    messageTruncated: undefined,
  };
  const message = isTranscript ? payload.textBody : payload.message;
  if (message !== undefined) setMessage(event, cleanText(message), limits.event);
  return event;
}

/** `JSON.stringify` of an event, in half its time: most of its values are plain texts or absent. */
export function eventJson(event: CanonicalEvent): string {
  let json = '';
  for (const name in event) {
    const value = event[name as keyof CanonicalEvent];
    if (value !== undefined) json += `${json === '' ? '' : ','}"${name}":${jsonOf(value)}`;
  }
  return `{${json}}`;
}

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

/** The message takes what the other fields leave of the size. */
function setMessage(event: Mutable<CanonicalEvent>, message: string, maxEventBytes: number): void {
  event.message = message;
  if (maxEventBytes === Number.POSITIVE_INFINITY) return;
  if (message.length <= ALWAYS_FITS_BYTES && jsonBytes(message) <= ALWAYS_FITS_BYTES) return;
  event.message = undefined;
  const room = maxEventBytes - Buffer.byteLength(JSON.stringify(event)) - MESSAGE_MEMBER_BYTES;
  event.message = shorten(message, room);
  if (event.message.length < message.length) event.messageTruncated = true;
}

function shortened(text: string | undefined, maxBytes: number): string | undefined {
  return text === undefined ? undefined : shorten(cleanText(text), maxBytes);
}

function email(text: string | undefined): string | undefined {
  return text === undefined || jsonBytes(text) > MAX_EMAIL_BYTES ? undefined : cleanText(text);
}

function optionalTime(text: string | undefined): string | undefined {
  const timeMs = parseTime(text);
  return timeMs === undefined ? undefined : isoTime(timeMs);
}

let lastTimeMs = 0;
let lastTime = new Date(0).toISOString();

/** Several times of an event, and of events that come together, are the same. */
function isoTime(timeMs: number): string {
  if (timeMs !== lastTimeMs) {
    lastTime = new Date(timeMs).toISOString();
    lastTimeMs = timeMs;
  }
  return lastTime;
}

/** Older payloads do not say; then a message without a Slack user is the visitor's. */
function isOfVisitor({ isVisitorMsg, userId }: Payload['messages'][number]): boolean {
  return isVisitorMsg ?? userId === undefined;
}
