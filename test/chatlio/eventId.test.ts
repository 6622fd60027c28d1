import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalMembers } from '../../src/chatlio/canonicalJson.js';
import { identify, identifyRaw } from '../../src/chatlio/eventId.js';
import { type ChatlioBody, readPayload } from '../../src/chatlio/payloads.js';
import { KINDS, type Kind } from '../../src/domain/events/kinds.js';
import { EXAMPLES } from './examples.js';
import { asJson, rendered } from './rendering.js';

const identityOf = (kind: Kind, widget: string, body: ChatlioBody) =>
  identify(kind, widget, canonicalMembers(body), readPayload(body));

function idOf(kind: Kind, body: object, widget = 'main-site'): string {
  return identityOf(kind, widget, body as ChatlioBody).eventId;
}

const without = (body: object, ...keys: string[]) =>
  Object.fromEntries(Object.entries(body).filter(([key]) => !keys.includes(key)));

describe('event id', () => {
  it.each([
    ['new-conversation', '433eb0e31ef906bf5eec075734aab2ab3a7dc9bbfe754a78285b70496d880676'],
    ['unanswered', 'c61c2acb084822918e97edce22cafce2090ecaf5128e9d77576ad7191331f2e6'],
    ['feedback', '5665cddeb42d8c7be68d9c3a8a9bd02796b702a4ad8381d76ece9ef8ebc640fb'],
    ['offline-message', 'aa79448d8d3ccfc46ea4b94228addd3f2103134e868ea4e92ae182650c661276'],
    ['transcript', 'c3bd2c0609e77662392babd34dea3851aafbf8ac10b60e2bae3f3beb93210fd3'],
  ] as const)('of the example of %s is the published one', (kind, expected) => {
    expect(idOf(kind, EXAMPLES[kind])).toBe(expected);
  });

  it.each([
    ['new-conversation', '72308857316234c1cd4d8adb8ea84e3cfb03cb53e54b839e34a7c7cb2f97b195'],
    ['unanswered', '72308857316234c1cd4d8adb8ea84e3cfb03cb53e54b839e34a7c7cb2f97b195'],
    ['feedback', 'cd0036b4723e81ce44c2c0317affe2877c17e6330dfb9a1baa063eeee00d1460'],
    ['offline-message', 'ef9d1140bb08131d201b5d75919dc78f7c22e2d9b15d67af8a135d4415ceb02b'],
    ['transcript', 'e3ea6a83be9a4df3a6c52fd702adda96970da69d747613a1aaa7dba27a9c927a'],
  ] as const)('is made of the published digest of the content, for %s', (kind, expected) => {
    const body = EXAMPLES[kind];
    expect(identityOf(kind, 'main-site', body).contentKey).toBe(expected);
  });

  it('hashes a JSON array, with the kind written with underscores', () => {
    const preimage =
      '["chatlio/1","feedback","main-site","0b9a3f6e-2c1d-4e7f-9a58-6d1c2b3a4f50","cd0036b4723e81ce44c2c0317affe2877c17e6330dfb9a1baa063eeee00d1460"]';
    expect(idOf('feedback', EXAMPLES.feedback)).toBe(createHash('sha256').update(preimage).digest('hex'));
  });

  it.each(KINDS)('is the same however Chatlio renders %s', (kind) => {
    fc.assert(
      fc.property(rendered(EXAMPLES[kind]), (body) => {
        expect(idOf(kind, asJson(body))).toBe(idOf(kind, EXAMPLES[kind]));
      }),
      { numRuns: 60 },
    );
  });

  it.each(KINDS)('of %s does not move with the page, the names and the addresses of the visitor', (kind) => {
    fc.assert(
      fc.property(fc.webUrl(), fc.string(), fc.emailAddress(), (currentPage, name, email) => {
        const body = EXAMPLES[kind];
        const moved = {
          ...body,
          visitor: { ...body.visitor, currentPage, name, email, identTraits: { plan: 'gold' } },
        };
        expect(idOf(kind, moved)).toBe(idOf(kind, body));
      }),
      { numRuns: 30 },
    );
  });

  it('differs by widget and by kind', () => {
    const ids = [
      idOf('new-conversation', EXAMPLES.unanswered),
      idOf('unanswered', EXAMPLES.unanswered),
      idOf('feedback', EXAMPLES.unanswered),
      idOf('new-conversation', EXAMPLES.unanswered, 'other-site'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([
    ['unanswered', { message: 'Still there?' }],
    ['feedback', { rating: 4 }],
    ['offline-message', { subject: 'Parcel' }],
    ['offline-message', { email: 'somebody.else@example.net' }],
    ['new-conversation', { conversationUUID: 'another' }],
    ['transcript', { conversationUUID: 'another' }],
    [
      'transcript',
      { messages: [...EXAMPLES.transcript.messages, { text: 'One more thing', ts: '1714642300.000100' }] },
    ],
    ['transcript', { messages: EXAMPLES.transcript.messages.map((message) => ({ ...message, text: 'edited' })) }],
  ] as const)('of %s differs when the content does: %j', (kind, change) => {
    expect(idOf(kind, { ...EXAMPLES[kind], ...change })).not.toBe(idOf(kind, EXAMPLES[kind]));
  });

  it.each([
    ['transcript', { endedAt: '2024-05-02T11:31:15.002500057+01:00', agentName: 'Mia', htmlBody: '', textBody: 'x' }],
    ['transcript', { messages: EXAMPLES.transcript.messages.map(({ ts, text }) => ({ ts, text })) }],
    ['new-conversation', { message: 'another one' }],
    ['unanswered', { channelId: '', slackChannelName: 'renamed' }],
  ] as const)('of %s stays when only this changes: %j', (kind, change) => {
    expect(idOf(kind, { ...EXAMPLES[kind], ...change })).toBe(idOf(kind, EXAMPLES[kind]));
  });

  it('takes end and text of a transcript whose messages have no timestamps', () => {
    const { transcript } = EXAMPLES;
    const empty = { ...transcript, messages: [] };
    expect(idOf('transcript', { ...transcript, messages: [{}] })).toBe(idOf('transcript', empty));
    expect(idOf('transcript', without(transcript, 'messages'))).toBe(idOf('transcript', empty));
    expect(idOf('transcript', { ...empty, textBody: 'other' })).not.toBe(idOf('transcript', empty));
    expect(idOf('transcript', empty)).not.toBe(idOf('transcript', transcript));
  });

  it('of an unreadable request is made of widget, kind and its very bytes', () => {
    const ids = [
      identifyRaw('feedback', 'main-site', Buffer.from('{')),
      identifyRaw('feedback', 'main-site', Buffer.from('{ ')),
      identifyRaw('transcript', 'main-site', Buffer.from('{')),
      identifyRaw('feedback', 'other-site', Buffer.from('{')),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(identifyRaw('feedback', 'main-site', Buffer.from('{'))).toBe(ids[0]);
  });
});
