import { describe, expect, it } from 'vitest';
import { fixture } from '../../src/chatlio/fixtures.js';
import { differingFields } from '../../src/projection/differingFields.js';

const AT_MS = Date.parse('2026-11-21T09:00:00Z');
const transcript = fixture('transcript', { seed: 4, atMs: AT_MS });
const visitor = transcript['visitor'] as Record<string, unknown>;
const messages = transcript['messages'] as Record<string, unknown>[];

describe('the fields in which two bodies differ', () => {
  it.each([
    [
      'a field of Chatlio’s, and one that it does not document',
      { agentName: 'Ana', rating: 5 },
      ['agentName', 'rating'],
    ],
    [
      'a member of the visitor',
      { visitor: { ...visitor, currentPage: 'https://x', mood: 1 } },
      ['visitor.currentPage', 'visitor.mood'],
    ],
    [
      'the texts of messages, whichever',
      { messages: messages.map((one) => ({ ...one, text: 'other' })) },
      ['messages[*].text'],
    ],
    ['a message more', { messages: [...messages, messages[0]] }, ['messages[*]']],
    ['another type', { visitor: 'nobody' }, ['visitor']],
    ['a full stop in a name', { 'a.b': 1 }, ['a\\.b']],
  ])('are named: %s', (_what, changes, names) => {
    expect(differingFields(transcript, { ...transcript, ...changes })).toEqual(names);
    expect(differingFields({ ...transcript, ...changes }, transcript)).toEqual(names);
  });

  it('are none where only the spelling differs', () => {
    const { agentName, ...rest } = transcript;
    expect(differingFields(transcript, { ...rest, agentName, visitorEmail: null, subject: '' })).toEqual([]);
  });

  it('tell no name that a site or a visitor has given to a trait', () => {
    const traits = (name: string) => ({ visitorTraits: { [name]: 1 }, extraData: { [name]: 1 }, own: { [name]: 1 } });
    const first = { ...transcript, ...traits('ana@example.com') };
    expect(differingFields(first, { ...transcript, ...traits('ben@example.com') })).toEqual([
      'extraData',
      'own',
      'visitorTraits',
    ]);
  });

  it('are named though they are called as what every object has', () => {
    const named = JSON.parse('{"__proto__": 1, "constructor": 2, "toString": null}') as Record<string, unknown>;
    expect(differingFields({}, named)).toEqual(['__proto__', 'constructor']);
  });

  it('are bounded in number and length, and printable', () => {
    const many = Object.fromEntries(Array.from({ length: 99 }, (_each, n) => [`\u001b${n}${'x'.repeat(200)}`, n]));
    const names = differingFields({}, many);
    expect(names).toHaveLength(20);
    expect(names.every((name) => name.length <= 80 && !name.includes('\u001b'))).toBe(true);
  });
});
