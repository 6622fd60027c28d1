import { describe, expect, it } from 'vitest';
import { readRequest } from '../../src/chatlio/readRequest.js';
import { KINDS, type Kind } from '../../src/domain/events/kinds.js';
import { EXAMPLES } from './examples.js';

function read(kind: Kind, body: object | string) {
  const raw = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return readRequest({ widget: 'main-site', kind, raw, receivedAtMs: 1_800_000_000_000 });
}

const { transcript, feedback } = EXAMPLES;
const offline = EXAMPLES['offline-message'];

describe('reading a request', () => {
  it.each(KINDS)('takes the example of %s', (kind) => {
    expect(read(kind, EXAMPLES[kind]).outcome).toBe('event');
  });

  it.each([
    ['a byte order mark', 'feedback', `\uFEFF${JSON.stringify(feedback)}`],
    ['unknown fields', 'feedback', { ...feedback, rating: 5 }],
    ['no visitor', 'transcript', { ...transcript, visitor: undefined }],
    ['no message', 'feedback', { conversationUUID: 'c', rating: 5 }],
    ['an empty message', 'new-conversation', { ...feedback, message: '' }],
    ['Adobe’s short sample and a conversation', 'unanswered', { conversationUUID: 'c', visitor: {}, message: 'm' }],
    ['no messages', 'transcript', { ...transcript, messages: [] }],
    ['a rendered chat of 300 KB', 'transcript', { ...transcript, htmlBody: 'x'.repeat(300_000) }],
    ['an address and no visitor', 'offline-message', { email: 'a@example.net', message: 'm' }],
    ['a visitor and no address', 'offline-message', { visitor: { UUID: 'v' }, message: 'm' }],
  ] as const)('takes a body with %s', (_what, kind, body) => {
    expect(read(kind, body).outcome).toBe('event');
  });

  it.each([
    ['empty', 'feedback', '', 'empty body'],
    ['a comment in it', 'transcript', '{"a": 1 // "endedAt"\n}', 'not JSON'],
    ['a string', 'feedback', '"text"', 'not a JSON object'],
    ['null', 'feedback', 'null', 'not a JSON object'],
    ['nothing known', 'feedback', { hello: 'world' }, 'conversationUUID is missing'],
    ['Adobe’s short sample', 'feedback', { visitor: { UUID: 'v' }, message: 'm' }, 'conversationUUID is missing'],
    ['an old transcript', 'transcript', { messages: [{}], textBody: 't' }, 'conversationUUID is missing'],
    ['nobody', 'offline-message', { message: 'm' }, 'visitor.UUID and email are missing'],
    ['nothing', 'offline-message', { visitor: { UUID: 'v' } }, 'nothing of an offline message in it'],
    ['a bare conversation', 'transcript', { conversationUUID: 'c' }, 'nothing of a transcript in it'],
    ['a transcript', 'offline-message', transcript, 'misrouted'],
    ['a transcript', 'feedback', transcript, 'misrouted'],
    ['an offline message', 'new-conversation', offline, 'misrouted'],
    ['an offline message', 'transcript', offline, 'misrouted'],
    ['a conversation event', 'offline-message', feedback, 'misrouted'],
    ['a conversation event', 'transcript', feedback, 'misrouted'],
  ] as const)('holds %s posted for %s', (_what, kind, body, why) => {
    const reading = read(kind, body);
    expect(reading).toMatchObject({ outcome: 'held', why: expect.stringContaining(why) as string });
  });

  const within = (depth: number, body: string): string =>
    depth === 0 ? body : `{"a":${within(depth - 1, body)},"a":1}`;

  // Each cost minutes, or many times its size, to tell apart from others.
  it.each([
    ['a number of 200,000 digits', `[1${'0'.repeat(200_000)}1]`, 'a number of more than'],
    ['very many long numbers', `[${`1${'0'.repeat(900)}1,`.repeat(10_000)}1]`, 'too many repeated members'],
    ['long numbers under a long key', `{"${'k'.repeat(40_000)}":[${'9007199254740993,'.repeat(20_000)}1]}`, 'too many'],
    ['an object of 290,000 members', `{${Array.from({ length: 290_000 }, (_, n) => `"k${n}":1`).join(',')}}`, 'in one'],
    ['a long text among repeated members', within(50, `"${'x'.repeat(4_000_000)}"`), 'too many repeated members'],
  ])('holds promptly, and at little cost, %s', (_what, extra, why) => {
    const { conversationUUID, message } = feedback;
    const body = `{"conversationUUID":"${conversationUUID}","message":"${message}","extra":${extra}}`;
    const before = { ms: performance.now(), bytes: process.memoryUsage.rss() };
    expect(read('feedback', body)).toMatchObject({ outcome: 'held', why: expect.stringContaining(why) as string });
    expect(performance.now() - before.ms).toBeLessThan(1_500);
    expect(process.memoryUsage.rss() - before.bytes).toBeLessThan(150_000_000);
  });

  it('cannot tell the three kinds of a conversation apart: the URL is believed', () => {
    const reading = read('new-conversation', EXAMPLES.unanswered);
    expect(reading.outcome === 'event' && reading.cutEvent().eventType).toBe('chatlio.newConversation');
  });

  it('compares whole bodies, however they are rendered', () => {
    const bodyOf = (body: object) => {
      const reading = read('feedback', body);
      return reading.outcome === 'event' ? reading.canonicalBody : undefined;
    };
    const reversed = Object.fromEntries(Object.entries(feedback).reverse());
    expect(bodyOf({ ...reversed, extra: null })).toBe(bodyOf(feedback));
    expect(bodyOf({ ...feedback, slackChannelName: 'renamed' })).not.toBe(bodyOf(feedback));
  });
});
