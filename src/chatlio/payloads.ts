/**
 * What Chatlio posts (chatlio.com/docs/webhooks, /docs/chat-transcripts-v1), read tolerantly: "" and null mean absent, unknown
 * fields are no fault, older payloads have fewer fields, and a field of an unexpected type counts as absent rather than
 * making the event unreadable.
 *
 * No field name means two things in two of the three shapes, so one schema serves them all.
 */
import { z } from 'zod';

/** A body as parsed: identities are made of it, unknown fields included. */
export type ChatlioBody = Readonly<Record<string, unknown>>;

const text = z
  .unknown()
  .optional()
  .transform((value) => {
    if (typeof value === 'string') return value === '' ? undefined : value;
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
  });

const visitorSchema = z.object({
  /** Of the visitor's browser: repeats over events and conversations. */
  UUID: text,
  email: text,
  name: text,
  identUserId: text,
  handle: text,
  currentPage: text,
  referrerURL: text,
  location: text,
});

const messageSchema = z.object({
  text,
  /** Slack's id of the message, `seconds.micros`: kept as text, for a number would lose digits. */
  ts: text,
  userId: text,
  isVisitorMsg: z
    .unknown()
    .optional()
    .transform((value) => (typeof value === 'boolean' ? value : undefined)),
});

const object = z
  .unknown()
  .optional()
  .transform((value) => (isObject(value) ? value : {}));
const list = z
  .unknown()
  .optional()
  .transform((value) => (Array.isArray(value) ? (value as unknown[]) : []));

const payloadSchema = z.object({
  visitor: object.pipe(visitorSchema),
  conversationUUID: text,
  message: text,
  /** The visitor's own channel. */
  channelId: text,
  channelName: text,
  /** The channel shared by all chats of the widget. */
  slackChannelId: text,
  slackChannelName: text,
  slackTeamID: text,
  name: text,
  email: text,
  /** Not in the current documentation; one published consumer reads it. */
  subject: text,
  agentEmail: text,
  agentName: text,
  archiveUrl: text,
  startedAt: text,
  endedAt: text,
  textBody: text,
  messages: list.pipe(z.array(object.pipe(messageSchema))),
  visitorName: text,
  visitorEmail: text,
  /** The visitor's address if known, else some other one: never the visitor's identity. */
  replyToEmail: text,
});

export type Payload = z.infer<typeof payloadSchema>;

export function readPayload(body: ChatlioBody): Payload {
  return payloadSchema.parse(body);
}

export function isObject(value: unknown): value is ChatlioBody {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
