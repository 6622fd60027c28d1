/**
 * What Chatlio posts (chatlio.com/docs/webhooks, /docs/chat-transcripts-v1), read tolerantly: "" and null mean absent, unknown
 * fields are no fault, older payloads have fewer fields, and a field of an unexpected type counts as absent rather than
 * making the event unreadable.
 *
 * No field name means two things in two of the three shapes, so one reader serves them all. Nothing can fail, so there is no
 * schema: reading a body of 1.1 kB by one took 26 µs, as long as everything else about it.
 */

/** A body as parsed: identities are made of it, unknown fields included. */
export type ChatlioBody = Readonly<Record<string, unknown>>;

type Text = string | undefined;

export interface Payload {
  readonly visitor: Visitor;
  readonly conversationUUID: Text;
  readonly message: Text;
  /** The visitor's own channel. */
  readonly channelId: Text;
  readonly channelName: Text;
  /** The channel shared by all chats of the widget. */
  readonly slackChannelId: Text;
  readonly slackChannelName: Text;
  readonly slackTeamID: Text;
  readonly name: Text;
  readonly email: Text;
  /** Not in the current documentation; one published consumer reads it. */
  readonly subject: Text;
  readonly agentEmail: Text;
  readonly agentName: Text;
  readonly archiveUrl: Text;
  readonly startedAt: Text;
  readonly endedAt: Text;
  readonly textBody: Text;
  readonly messages: readonly Message[];
  readonly visitorName: Text;
  readonly visitorEmail: Text;
  /** The visitor's address if known, else some other one: never the visitor's identity. */
  readonly replyToEmail: Text;
}

interface Visitor {
  /** Of the visitor's browser: repeats over events and conversations. */
  readonly UUID: Text;
  readonly email: Text;
  readonly name: Text;
  readonly identUserId: Text;
  readonly handle: Text;
  readonly currentPage: Text;
  readonly referrerURL: Text;
  readonly location: Text;
}

interface Message {
  readonly text: Text;
  /** Slack's id of the message, `seconds.micros`: kept as text, for a number would lose digits. */
  readonly ts: Text;
  readonly userId: Text;
  readonly isVisitorMsg: boolean | undefined;
}

export function readPayload(body: ChatlioBody): Payload {
  return {
    visitor: readVisitor(isObject(body.visitor) ? body.visitor : {}),
    conversationUUID: text(body.conversationUUID),
    message: text(body.message),
    channelId: text(body.channelId),
    channelName: text(body.channelName),
    slackChannelId: text(body.slackChannelId),
    slackChannelName: text(body.slackChannelName),
    slackTeamID: text(body.slackTeamID),
    name: text(body.name),
    email: text(body.email),
    subject: text(body.subject),
    agentEmail: text(body.agentEmail),
    agentName: text(body.agentName),
    archiveUrl: text(body.archiveUrl),
    startedAt: text(body.startedAt),
    endedAt: text(body.endedAt),
    textBody: text(body.textBody),
    messages: Array.isArray(body.messages) ? body.messages.map(readMessage) : [],
    visitorName: text(body.visitorName),
    visitorEmail: text(body.visitorEmail),
    replyToEmail: text(body.replyToEmail),
  };
}

export function isObject(value: unknown): value is ChatlioBody {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readVisitor(visitor: ChatlioBody): Visitor {
  return {
    UUID: text(visitor.UUID),
    email: text(visitor.email),
    name: text(visitor.name),
    identUserId: text(visitor.identUserId),
    handle: text(visitor.handle),
    currentPage: text(visitor.currentPage),
    referrerURL: text(visitor.referrerURL),
    location: text(visitor.location),
  };
}

function readMessage(value: unknown): Message {
  const message = isObject(value) ? value : {};
  return {
    text: text(message.text),
    ts: text(message.ts),
    userId: text(message.userId),
    isVisitorMsg: typeof message.isVisitorMsg === 'boolean' ? message.isVisitorMsg : undefined,
  };
}

function text(value: unknown): Text {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
