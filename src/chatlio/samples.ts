/** Invented bodies at both ends of what Chatlio sends: all that there is, and no more than an event needs. */
import { KINDS, type Kind } from '../domain/events/kinds.js';
import type { OriginalFacts } from '../domain/projection/original.js';
import { fixture } from './fixtures.js';

export interface Sample {
  /** For people: "is full", "is bare". */
  readonly what: string;
  readonly body: Buffer;
  readonly facts: OriginalFacts;
}

const AT_MS = Date.UTC(2026, 0, 1);
const BARE: Readonly<Record<Kind, object>> = {
  'new-conversation': { conversationUUID: 'sample', message: '' },
  unanswered: { conversationUUID: 'sample', message: '' },
  feedback: { conversationUUID: 'sample', message: '' },
  'offline-message': { email: 'sample@example.com' },
  transcript: { conversationUUID: 'sample', messages: [] },
};
const MORE = {
  extraData: ['sample'],
  subject: 'sample',
  visitorTraits: { plan: 'sample' },
};

export function sampleBodies(): readonly Sample[] {
  return KINDS.flatMap((kind) => {
    const facts = { eventId: '0'.repeat(64), kind, widget: 'sample', receivedAtMs: AT_MS };
    const full = { ...fixture(kind, { seed: 1, atMs: AT_MS }), ...MORE };
    return [
      { what: 'has every field', body: Buffer.from(JSON.stringify(full)), facts },
      { what: 'has hardly any field', body: Buffer.from(JSON.stringify(BARE[kind])), facts },
    ];
  });
}
