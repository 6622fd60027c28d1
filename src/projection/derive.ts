/** The values that are derived of an original, but for those of the canonical event. */
import { parseTime } from '../chatlio/eventTime.js';
import { type ChatlioBody, isObject } from '../chatlio/payloads.js';
import { isNone } from './readSet.js';
import { objectIn } from './textOfObject.js';
import type { OPTIONAL_FIELDS, WHOLE_FIELDS } from '../domain/projection/fields.js';

type MoreField = keyof typeof WHOLE_FIELDS | keyof typeof OPTIONAL_FIELDS;

/** Undefined: the event has none. `messagesOmitted` is known only once it is known what fits. */
export const DERIVE: Readonly<Record<MoreField, (body: ChatlioBody) => unknown>> = {
  messages: ({ messages }) => (Array.isArray(messages) && messages.length > 0 ? messages.map(messageOf) : undefined),
  messagesOmitted: () => undefined,
  visitorTraits: ({ visitorTraits }) => namesAndValues(visitorTraits),
  visitorIdentTraits: ({ visitor }) => namesAndValues(isObject(visitor) ? visitor.identTraits : undefined),
  extraData: ({ extraData }) => namesAndValues(extraData),
  userAgent: ({ visitor }) => textOf(isObject(visitor) ? visitor.userAgent : undefined),
  visitorFirstSeenAt: ({ visitor }) => timeOf(isObject(visitor) ? visitor.createdAt : undefined),
  htmlBody: ({ htmlBody }) => textOf(htmlBody),
  visitorIPAddress: ({ visitor }) => textOf(isObject(visitor) ? visitor.IPAddress : undefined),
};

/** Older payloads do not say who wrote a message; then one without a Slack user is the visitor's. */
function messageOf(message: unknown): object {
  if (!isObject(message)) return {};
  const authorId = textOf(message.userId);
  const isVisitor = typeof message.isVisitorMsg === 'boolean' ? message.isVisitorMsg : authorId === undefined;
  const derived: Record<string, unknown> = {};
  const put = (name: string, value: string | undefined) => {
    if (value !== undefined) derived[name] = value;
  };
  put('ts', textOf(message.ts));
  put('sentAt', timeOf(message.sentAt));
  put('text', textOf(message.text));
  put('authorId', authorId);
  put('authorName', textOf(message.username));
  derived['isVisitor'] = isVisitor;
  return derived;
}

/**
 * Data Prep has no maps, so a map is a list of names and values. An object, a list of texts (whose names are their places,
 * from 1), or the JSON of either as a text: Chatlio sends all three. A text that is no JSON has the name `text`.
 */
function namesAndValues(value: unknown): object[] | undefined {
  const read = typeof value === 'string' ? (objectIn(value) ?? value) : value;
  if (isNone(read)) return undefined;
  const entries: [string, unknown][] = Array.isArray(read)
    ? read.map((one, place) => [String(place + 1), one])
    : isObject(read)
      ? Object.entries(read)
      : [['text', read]];
  const pairs = entries.flatMap(([name, inner]) => {
    const text = textOf(inner) ?? (typeof inner === 'object' && inner !== null ? JSON.stringify(inner) : undefined);
    return text === undefined ? [] : [{ name, value: text }];
  });
  return pairs.length === 0 ? undefined : pairs;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function timeOf(value: unknown): string | undefined {
  const timeMs = parseTime(textOf(value));
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString();
}
