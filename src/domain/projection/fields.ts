/**
 * Values that are derived of an original, by the name under which a mapping reads them. Any other name, and whatever stands below
 * `body`, is read of Chatlio's body itself.
 */
import { CANONICAL_FIELDS, type CanonicalFieldFacts } from '../events/canonical.js';

interface ListFacts {
  /** Destination in XDM; `{tenant}` stands for the tenant's node. */
  readonly destination: string;
  readonly title: string;
  readonly type: 'list';
  /** Members of each element, all texts but where it says otherwise. */
  readonly members: Readonly<Record<string, Pick<CanonicalFieldFacts, 'type' | 'title'>>>;
}

const NAME_AND_VALUE = {
  name: { type: 'string', title: 'Name' },
  value: { type: 'string', title: 'Value' },
} as const;

/** Of originals only: the cut form of an event does not have them. */
export const WHOLE_FIELDS = {
  messages: {
    destination: '{tenant}.messages',
    title: 'Messages of the conversation',
    type: 'list',
    members: {
      ts: { type: 'string', title: 'Slack timestamp of the message' },
      sentAt: { type: 'date-time', title: 'Sent at' },
      text: { type: 'string', title: 'Text' },
      authorId: { type: 'string', title: 'Slack ID of the agent' },
      authorName: { type: 'string', title: 'Name of the author' },
      isVisitor: { type: 'boolean', title: 'Written by the visitor' },
    },
  },
  messagesOmitted: { destination: '{tenant}.messages_omitted', type: 'integer', title: 'Messages that were left out' },
  visitorTraits: {
    destination: '{tenant}.visitor_traits',
    title: 'Traits of the visitor',
    type: 'list',
    members: NAME_AND_VALUE,
  },
  visitorIdentTraits: {
    destination: '{tenant}.visitor_ident_traits',
    title: 'Traits of the visitor given by the site',
    type: 'list',
    members: NAME_AND_VALUE,
  },
  extraData: {
    destination: '{tenant}.extra_data',
    title: 'Extra data of the conversation',
    type: 'list',
    members: NAME_AND_VALUE,
  },
  userAgent: { destination: '{tenant}.user_agent', type: 'string', title: 'User agent of the visitor' },
  visitorFirstSeenAt: {
    destination: '{tenant}.visitor_first_seen_at',
    type: 'date-time',
    title: 'Visitor first seen at',
  },
} as const satisfies Record<string, CanonicalFieldFacts | ListFacts>;

/** Known, and mapped only where a manifest says so. */
export const OPTIONAL_FIELDS = {
  htmlBody: { destination: '{tenant}.html_body', type: 'string', title: 'Conversation as HTML' },
  visitorIPAddress: { destination: '{tenant}.visitor_IP_address', type: 'string', title: 'IP address of the visitor' },
} as const satisfies Record<string, CanonicalFieldFacts>;

export const DERIVED_FIELDS = { ...CANONICAL_FIELDS, ...WHOLE_FIELDS, ...OPTIONAL_FIELDS };

export type DerivedField = keyof typeof DERIVED_FIELDS;

export function isDerived(name: string): name is DerivedField {
  return Object.hasOwn(DERIVED_FIELDS, name);
}
