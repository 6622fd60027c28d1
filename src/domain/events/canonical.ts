/**
 * The canonical event: the flat object that is sent to the inlet, the same bytes on every attempt.
 *
 * Absent values are left out (never null, never ""); times are `YYYY-MM-DDTHH:mm:ss.SSSZ`, the one form with fractions
 * that Data Prep converts by itself.
 */
export interface CanonicalFieldFacts {
  /** Destination in XDM; `{tenant}` stands for the tenant's node. */
  readonly destination: string;
  readonly type: 'string' | 'date-time' | 'integer' | 'boolean';
  readonly title: string;
  /** Always present, in every kind. */
  readonly always?: true;
}

export const CANONICAL_FIELDS = {
  eventId: { destination: '_id', type: 'string', title: 'Event id', always: true },
  occurredAt: { destination: 'timestamp', type: 'date-time', title: 'Time of the event', always: true },
  eventType: { destination: 'eventType', type: 'string', title: 'Event type', always: true },
  widgetKey: { destination: '{tenant}.widget_key', type: 'string', title: 'Chatlio widget', always: true },
  receivedAt: { destination: '{tenant}.received_at', type: 'date-time', title: 'Received at', always: true },
  identityVersion: { destination: '{tenant}.identity_version', type: 'string', title: 'Event id recipe', always: true },
  visitorUUID: { destination: '{tenant}.UUID', type: 'string', title: 'Visitor UUID' },
  visitorEmail: { destination: '{tenant}.chatlio_email', type: 'string', title: 'Visitor email' },
  visitorName: { destination: '{tenant}.visitor_name', type: 'string', title: 'Visitor name' },
  visitorHandle: { destination: '{tenant}.visitor_handle', type: 'string', title: 'Visitor handle' },
  visitorUserId: { destination: '{tenant}.visitor_user_ID', type: 'string', title: 'Visitor id given by the site' },
  visitorLocation: { destination: '{tenant}.visitor_location', type: 'string', title: 'Visitor location' },
  visitorPage: { destination: '{tenant}.visitor_page', type: 'string', title: 'Page of the visitor' },
  visitorReferrer: { destination: '{tenant}.visitor_referrer', type: 'string', title: 'Referrer of the visitor' },
  conversationUUID: { destination: '{tenant}.conversation_UUID', type: 'string', title: 'Conversation UUID' },
  message: { destination: '{tenant}.message', type: 'string', title: 'Message' },
  messageTruncated: { destination: '{tenant}.message_truncated', type: 'boolean', title: 'Message was shortened' },
  subject: { destination: '{tenant}.subject', type: 'string', title: 'Subject of an offline message' },
  channelId: { destination: '{tenant}.channel_ID', type: 'string', title: 'Channel ID of the conversation' },
  channelName: { destination: '{tenant}.channel_name', type: 'string', title: 'Channel name of the conversation' },
  slackChannelId: { destination: '{tenant}.slackchannel_ID', type: 'string', title: 'Slack channel ID' },
  slackChannelName: { destination: '{tenant}.slackchannel_name', type: 'string', title: 'Slack channel name' },
  slackTeamId: { destination: '{tenant}.slack_team_ID', type: 'string', title: 'Slack workspace ID' },
  archiveUrl: { destination: '{tenant}.archive_url', type: 'string', title: 'Archive of the conversation' },
  agentEmail: { destination: '{tenant}.agent_email', type: 'string', title: 'Agent email' },
  agentName: { destination: '{tenant}.agent_name', type: 'string', title: 'Agent name' },
  replyToEmail: { destination: '{tenant}.reply_to_email', type: 'string', title: 'Reply-to email of the transcript' },
  startedAt: { destination: '{tenant}.started_at', type: 'date-time', title: 'Conversation started at' },
  endedAt: { destination: '{tenant}.ended_at', type: 'date-time', title: 'Conversation ended at' },
  messageCount: { destination: '{tenant}.message_count', type: 'integer', title: 'Messages in the conversation' },
  visitorMessageCount: {
    destination: '{tenant}.visitor_message_count',
    type: 'integer',
    title: 'Messages by the visitor',
  },
} as const satisfies Record<string, CanonicalFieldFacts>;

export type CanonicalField = keyof typeof CANONICAL_FIELDS;

type ValueOf<F extends CanonicalField> = (typeof CANONICAL_FIELDS)[F]['type'] extends 'integer'
  ? number
  : (typeof CANONICAL_FIELDS)[F]['type'] extends 'boolean'
    ? boolean
    : string;

type AlwaysField = {
  [F in CanonicalField]: (typeof CANONICAL_FIELDS)[F] extends { always: true } ? F : never;
}[CanonicalField];

export type CanonicalEvent = { readonly [F in AlwaysField]: ValueOf<F> } & {
  readonly [F in Exclude<CanonicalField, AlwaysField>]?: ValueOf<F>;
};

export const CANONICAL_FIELD_NAMES = Object.keys(CANONICAL_FIELDS) as CanonicalField[];
