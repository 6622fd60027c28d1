/**
 * The fields of the bodies that Chatlio documents (chatlio.com/docs/webhooks, /docs/chat-transcripts-v1), and what is derived of
 * each. `subject` stands in no current page; one published consumer reads it. Whatever else Chatlio sends can be read as well, below
 * `body`.
 */
import type { KIND_FACTS, Kind } from '../events/kinds.js';
import type { DerivedField } from './fields.js';

type Shape = (typeof KIND_FACTS)[Kind]['shape'];

export interface ChatlioFieldFacts {
  /** Kinds whose bodies have it. */
  readonly in: readonly Shape[];
  /** Derived values that say something of it, of these kinds. */
  readonly into: readonly DerivedField[];
}

const of =
  (...shapes: Shape[]) =>
  (...into: DerivedField[]): ChatlioFieldFacts => ({ in: shapes, into });
const conversation = of('conversation');
const offline = of('offline');
const transcript = of('transcript');
const both = of('conversation', 'transcript');
const asked = of('conversation', 'offline');
const all = of('conversation', 'offline', 'transcript');

/** By the path in the body. What stands below `visitorTraits`, `visitor.identTraits` and `extraData` is named by the site. */
export const CHATLIO_FIELDS: Readonly<Record<string, ChatlioFieldFacts>> = {
  conversationUUID: both('conversationUUID'),
  message: asked('message'),
  channelId: both('channelId'),
  channelName: transcript('channelName'),
  slackChannelId: conversation('slackChannelId'),
  slackChannelName: conversation('slackChannelName'),
  slackTeamID: transcript('slackTeamId'),
  name: offline('visitorName'),
  email: offline('visitorEmail'),
  emailPretty: offline(),
  subject: offline('subject'),
  agentEmail: transcript('agentEmail'),
  agentName: transcript('agentName'),
  archiveUrl: transcript('archiveUrl'),
  startedAt: transcript('startedAt'),
  endedAt: transcript('occurredAt', 'endedAt'),
  textBody: transcript('message'),
  htmlBody: transcript('htmlBody'),
  messages: transcript('messageCount', 'visitorMessageCount', 'messages'),
  'messages[*].text': transcript('messages'),
  'messages[*].ts': transcript('occurredAt', 'messages'),
  'messages[*].sentAt': transcript('messages'),
  'messages[*].userId': transcript('visitorMessageCount', 'messages'),
  'messages[*].username': transcript('messages'),
  'messages[*].isVisitorMsg': transcript('visitorMessageCount', 'messages'),
  visitorName: transcript('visitorName'),
  visitorEmail: transcript('visitorEmail'),
  replyToEmail: transcript('replyToEmail'),
  visitorTraits: transcript('visitorTraits'),
  extraData: transcript('extraData'),
  visitor: all(),
  'visitor.UUID': all('visitorUUID'),
  'visitor.email': all('visitorEmail'),
  'visitor.name': all('visitorName'),
  'visitor.handle': all('visitorHandle'),
  'visitor.identUserId': all('visitorUserId'),
  'visitor.identTraits': all('visitorIdentTraits'),
  'visitor.userAgent': all('userAgent'),
  'visitor.currentPage': all('visitorPage'),
  'visitor.referrerURL': all('visitorReferrer'),
  'visitor.createdAt': all('visitorFirstSeenAt'),
  'visitor.IPAddress': all('visitorIPAddress'),
  'visitor.location': all('visitorLocation'),
};

const SAME = 'the same text; `""` counts as absent';
const UTC = 'the same time in UTC with milliseconds; absent where Chatlio’s text is no time';
const LIST = 'a list of `name` and `value`, both texts, whatever Chatlio has sent it as';

/** Names that Chatlio uses as well: what the derived value is, which is read under the bare name. */
export const COLLISIONS: Readonly<Record<string, string>> = {
  conversationUUID: SAME,
  message: 'of a transcript `textBody`, else `message`; `""` counts as absent',
  channelId: SAME,
  channelName: SAME,
  slackChannelId: SAME,
  slackChannelName: SAME,
  subject: SAME,
  agentEmail: 'the same; absent if longer than 254 bytes, as no address is',
  agentName: SAME,
  archiveUrl: SAME,
  startedAt: UTC,
  endedAt: UTC,
  htmlBody: SAME,
  messages:
    'a list of `ts`, `sentAt` (UTC), `text`, `authorId` (Chatlio’s `userId`), `authorName` (`username`) and `isVisitor` (`isVisitorMsg`, or that there is no `userId`)',
  visitorName: 'the first that is not `""` of `visitor.name`, `name` and `visitorName`',
  visitorEmail: 'the first that is not `""` of `visitor.email`, `email` and `visitorEmail`',
  replyToEmail: 'the same; absent if longer than 254 bytes, as no address is',
  visitorTraits: LIST,
  extraData: `${LIST}; the names of a list of texts are their places, from 1`,
};
