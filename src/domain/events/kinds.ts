/**
 * Chatlio's five webhooks and their spellings, the one table that maps between them.
 *
 * Kinds are written with hyphens in URLs and on the command line, with underscores in the event id's
 * pre-image, and in Adobe's `eventType` in camel case behind `chatlio.`.
 */
export const KINDS = ['new-conversation', 'unanswered', 'feedback', 'offline-message', 'transcript'] as const;

export type Kind = (typeof KINDS)[number];

interface KindFacts {
  /** Name in the pre-image of the event id. Changing it changes every id. */
  readonly idName: string;
  /** Value of XDM `eventType`. */
  readonly eventType: string;
  /** The payload's shape: three kinds share one and cannot be told apart by their body. */
  readonly shape: 'conversation' | 'offline' | 'transcript';
  /** Stored as a small integer; never renumber. */
  readonly code: number;
  /** The field of Chatlio's widget settings (tab "Behavior", "Webhooks and post-chat actions") that takes the URL. */
  readonly chatlioField: string;
}

export const KIND_FACTS: Readonly<Record<Kind, KindFacts>> = {
  'new-conversation': {
    idName: 'new_conversation',
    eventType: 'chatlio.newConversation',
    shape: 'conversation',
    code: 1,
    chatlioField: 'Webhook when a new conversation starts',
  },
  unanswered: {
    idName: 'unanswered',
    eventType: 'chatlio.unanswered',
    shape: 'conversation',
    code: 2,
    chatlioField: 'Webhook when a visitor did not get an answer in time',
  },
  feedback: {
    idName: 'feedback',
    eventType: 'chatlio.feedback',
    shape: 'conversation',
    code: 3,
    chatlioField: 'Webhook when a visitor left feedback',
  },
  'offline-message': {
    idName: 'offline_message',
    eventType: 'chatlio.offlineMessage',
    shape: 'offline',
    code: 4,
    chatlioField: 'Webhook for offline messages',
  },
  transcript: {
    idName: 'transcript',
    eventType: 'chatlio.transcript',
    shape: 'transcript',
    code: 5,
    chatlioField: 'Webhook for chat transcripts',
  },
};

export function isKind(value: string): value is Kind {
  return (KINDS as readonly string[]).includes(value);
}

/** The kind stored under `code`, or undefined for a code that no release has written. */
export function kindOfCode(code: number): Kind | undefined {
  return KINDS.find((kind) => KIND_FACTS[kind].code === code);
}
