import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalEvent, MAX_EVENT_BYTES, eventJson } from '../../src/chatlio/canonicalEvent.js';
import { type ChatlioBody, readPayload } from '../../src/chatlio/payloads.js';
import { CANONICAL_FIELD_NAMES, type CanonicalEvent } from '../../src/domain/events/canonical.js';
import { KINDS, type Kind } from '../../src/domain/events/kinds.js';
import { EXAMPLES } from './examples.js';
import { asJson } from './rendering.js';

const RECEIVED_AT_MS = Date.parse('2024-05-02T09:40:00.000Z');

function eventOf(kind: Kind, body: object, receivedAtMs = RECEIVED_AT_MS): Record<string, unknown> {
  const payload = readPayload(body as ChatlioBody);
  return asJson(
    canonicalEvent({ eventId: 'e'.repeat(64), kind, widget: 'main-site', receivedAtMs, payload }),
  ) as Record<string, unknown>;
}

const common = {
  eventId: 'e'.repeat(64),
  widgetKey: 'main-site',
  receivedAt: '2024-05-02T09:40:00.000Z',
  identityVersion: 'chatlio/1',
};

describe('canonical event', () => {
  it('of a new conversation', () => {
    expect(eventOf('new-conversation', EXAMPLES['new-conversation'])).toEqual({
      ...common,
      occurredAt: '2024-05-02T09:40:00.000Z',
      eventType: 'chatlio.newConversation',
      visitorUUID: '7c0f7f0e-6a0b-4d35-8a6e-0d4c9b1f2a11',
      visitorHandle: 'porto-portugal-8',
      visitorLocation: 'Porto, Porto, Portugal',
      visitorPage: 'https://shop.example.com/shipping',
      conversationUUID: '0b9a3f6e-2c1d-4e7f-9a58-6d1c2b3a4f50',
      message: 'Do you ship to Porto?',
      channelId: 'C07QK2M4XA1',
      slackChannelId: 'C06LVCHAT01',
      slackChannelName: 'live-chat',
    });
  });

  it('of an offline message', () => {
    expect(eventOf('offline-message', { ...EXAMPLES['offline-message'], subject: 'Parcel' })).toEqual({
      ...common,
      occurredAt: '2024-05-02T09:40:00.000Z',
      eventType: 'chatlio.offlineMessage',
      visitorUUID: 'c2a5d8b1-3f60-4b7e-8f2d-91aa6f0c7e35',
      visitorEmail: 'tom@example.net',
      visitorName: 'Tom Okafor',
      visitorHandle: 'leeds-united-kingdom-3',
      visitorUserId: 'cust-4471',
      visitorPage: 'https://shop.example.com/contact',
      message: 'My parcel arrived damaged. Can you call me back?',
      subject: 'Parcel',
    });
  });

  it('of a transcript', () => {
    expect(eventOf('transcript', EXAMPLES.transcript)).toEqual({
      ...common,
      occurredAt: '2024-05-02T09:31:15.002Z',
      eventType: 'chatlio.transcript',
      visitorUUID: '7c0f7f0e-6a0b-4d35-8a6e-0d4c9b1f2a11',
      visitorName: 'porto-portugal-8',
      visitorHandle: 'porto-portugal-8',
      visitorLocation: 'Porto, Porto, Portugal',
      visitorPage: 'https://shop.example.com/shipping',
      conversationUUID: '0b9a3f6e-2c1d-4e7f-9a58-6d1c2b3a4f50',
      message: EXAMPLES.transcript.textBody,
      channelId: 'C07QK2M4XA1',
      channelName: 'porto-portugal-8',
      slackTeamId: 'T05ABCDEF',
      archiveUrl: 'https://acme.slack.com/archives/porto-portugal-8',
      agentEmail: 'mia@example.com',
      agentName: 'Mia K.',
      replyToEmail: 'mia@example.com',
      startedAt: '2024-05-02T09:29:40.870Z',
      endedAt: '2024-05-02T09:31:15.002Z',
      messageCount: 3,
      visitorMessageCount: 2,
    });
  });

  it.each([
    ['its end, with nine digits', {}, '2024-05-02T09:31:15.002Z'],
    ['its end in UTC', { endedAt: '2024-05-02T09:31:15Z' }, '2024-05-02T09:31:15.000Z'],
    ['its end in the west', { endedAt: '2024-05-02T01:31:15-08:00' }, '2024-05-02T09:31:15.000Z'],
    ['its end in the east', { endedAt: '2024-05-02T15:01:15+05:30' }, '2024-05-02T09:31:15.000Z'],
    ['its last message, without an end', { endedAt: '' }, '2024-05-02T09:31:02.002Z'],
    ['its last message, with an unset end', { endedAt: '0001-01-01T00:00:00Z' }, '2024-05-02T09:31:02.002Z'],
    ['its last message, with an unreadable end', { endedAt: 'yesterday' }, '2024-05-02T09:31:02.002Z'],
    ['the receipt, without both', { endedAt: null, messages: [{}] }, '2024-05-02T09:40:00.000Z'],
    ['the receipt, when the end lies after it', { endedAt: '2031-01-01T00:00:00Z' }, '2024-05-02T09:40:00.000Z'],
  ])('of a transcript happened at %s', (_what, change, expected) => {
    expect(eventOf('transcript', { ...EXAMPLES.transcript, ...change }).occurredAt).toBe(expected);
  });

  it('keeps a suspicious end of a transcript as a field', () => {
    const body = { ...EXAMPLES.transcript, endedAt: '2031-01-01T00:00:00.123456789+01:00' };
    expect(eventOf('transcript', body).endedAt).toBe('2030-12-31T23:00:00.123Z');
  });

  it.each([
    ['traits in any form', { visitorTraits: '{"plan":"gold"}', visitor: { UUID: 'v', identTraits: { plan: 'gold' } } }],
    ['no messages', { messages: [] }],
    ['a message without anything', { messages: [{}] }],
    ['fields of other types', { agentName: 42, archiveUrl: {}, messages: 'none', visitor: [], startedAt: false }],
    ['null instead of ""', { visitorEmail: null, visitor: null, agentEmail: null }],
  ])('is made of a transcript with %s', (_what, change) => {
    const event = eventOf('transcript', { ...EXAMPLES.transcript, ...change });
    expect(event.conversationUUID).toBe(EXAMPLES.transcript.conversationUUID);
    expect(Object.values(event).filter((value) => value === '' || value === null)).toEqual([]);
  });

  it('takes a message for the visitor’s by its missing Slack user, where older payloads do not say', () => {
    const messages = [{ userId: '' }, { userId: 'U05MIAAAA' }, { userId: 'U05MIAAAA', isVisitorMsg: true }];
    expect(eventOf('transcript', { ...EXAMPLES.transcript, messages })).toMatchObject({
      messageCount: 3,
      visitorMessageCount: 2,
    });
  });

  it('has each text whole or a beginning of it, at a code point, and the message says so', () => {
    const event = eventOf('transcript', { ...EXAMPLES.transcript, textBody: '👩‍🚀"\r\n'.repeat(3_000) });
    expect(event.messageTruncated).toBe(true);
    expect('👩‍🚀"\r\n'.repeat(3_000).startsWith(event.message as string)).toBe(true);
    expect(/\p{Surrogate}/u.test(event.message as string)).toBe(false);
    expect(Buffer.byteLength(JSON.stringify(event))).toBeGreaterThan(MAX_EVENT_BYTES - 20);
  });

  it('leaves an address out that is too long to be one, rather than make it somebody else’s', () => {
    const email = `${'x'.repeat(300)}@example.com`;
    expect(
      eventOf('offline-message', { ...EXAMPLES['offline-message'], email, visitor: { email } }),
    ).not.toHaveProperty('visitorEmail');
  });

  it('stays below its size, is well-formed text and knows only fields of the table, whatever arrives', () => {
    const field = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom('\u0000'.repeat(20_000), '"'.repeat(20_000), '\uD83D'.repeat(9_000), '😀'.repeat(9_000)),
      fc.jsonValue({ maxDepth: 1 }),
    );
    const keys = [...new Set(KINDS.flatMap((kind) => Object.keys(EXAMPLES[kind])))];
    const visitorKeys = Object.keys(EXAMPLES.transcript.visitor);
    const recordOf = (names: string[]) => fc.record(Object.fromEntries(names.map((name) => [name, field])));
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), recordOf(keys), recordOf(visitorKeys), (kind, body, visitor) => {
        const event = eventOf(kind, { ...body, visitor });
        const text = eventJson(event as CanonicalEvent);
        expect(text).toBe(JSON.stringify(event));
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_EVENT_BYTES);
        expect(text).not.toMatch(/\\ud[89a-f]/);
        expect(Object.keys(event).filter((name) => !(CANONICAL_FIELD_NAMES as string[]).includes(name))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
