import { describe, expect, it } from 'vitest';
import { isKind, KIND_FACTS, kindOfCode, KINDS } from '../../../src/domain/events/kinds.js';

describe('kinds of events', () => {
  /** What is written down for ever: in the log, in event ids, in the lake. */
  it.each([
    ['new-conversation', 1, 'new_conversation', 'chatlio.newConversation'],
    ['unanswered', 2, 'unanswered', 'chatlio.unanswered'],
    ['feedback', 3, 'feedback', 'chatlio.feedback'],
    ['offline-message', 4, 'offline_message', 'chatlio.offlineMessage'],
    ['transcript', 5, 'transcript', 'chatlio.transcript'],
  ] as const)('%s keeps its number and its names', (kind, code, idName, eventType) => {
    expect(KIND_FACTS[kind]).toMatchObject({ code, idName, eventType });
    expect(kindOfCode(code)).toBe(kind);
    expect(isKind(kind)).toBe(true);
  });

  it('three of them have the same body', () => {
    expect(KINDS.map((kind) => KIND_FACTS[kind].shape)).toEqual([
      'conversation',
      'conversation',
      'conversation',
      'offline',
      'transcript',
    ]);
  });

  it('each goes into a field of its own in the settings of Chatlio', () => {
    const fields = KINDS.map((kind) => KIND_FACTS[kind].chatlioField);
    expect(new Set(fields).size).toBe(KINDS.length);
    expect(fields.filter((field) => !field.startsWith('Webhook '))).toEqual([]);
  });

  it('of a later release are none of ours', () => {
    expect([kindOfCode(0), kindOfCode(6), isKind('new_conversation'), isKind('')]).toEqual([
      undefined,
      undefined,
      false,
      false,
    ]);
  });
});
