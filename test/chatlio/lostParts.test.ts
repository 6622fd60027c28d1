import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRequest } from '../../src/chatlio/readRequest.js';
import type { Kind } from '../../src/domain/events/kinds.js';

const BODY = '{"conversationUUID":"c","message":"m"';

function read(body: string, kind: Kind = 'feedback') {
  const reading = readRequest({ widget: 'w', kind, raw: Buffer.from(body), receivedAtMs: 1 });
  if (reading.outcome !== 'event') throw new Error(reading.why);
  const { canonicalBody, contentKey, eventId } = reading;
  return { canonicalBody, contentKey, eventId };
}

describe('bodies that are alike once they are parsed', () => {
  it.each([
    ['a number of 16 digits', '"rating":9007199254740993', '"rating":9007199254740992'],
    ['a number of 20 digits', '"rating":12345678901234567890', '"rating":12345678901234567891'],
    ['a negative number', '"rating":-9007199254740993', '"rating":-9007199254740992'],
    ['a number beyond all doubles', '"rating":1e400', '"rating":1e401'],
    ['a large number with an exponent', '"rating":1.2345678901234567891e30', '"rating":1.2345678901234567892e30'],
    ['a number deep inside', '"a":[{"b":[9007199254740993]}]', '"a":[{"b":[9007199254740992]}]'],
    ['a member that stands twice', '"rating":1,"rating":3', '"rating":2,"rating":3'],
    ['a member that stands once', '"rating":1,"rating":3', '"rating":3'],
    ['a member of a list that stands twice', '"a":[{"b":1,"b":2}]', '"a":[{"b":3,"b":2}]'],
    ['a key that is written in two ways', '"rating":1,"r\\u0061ting":3', '"rating":2,"rating":3'],
    ['a conversation that stands twice', '"conversationUUID":"c"', '"rating":null'],
    ['a visitor that stands twice', '"visitor":{"UUID":"a"},"visitor":{}', '"visitor":{"UUID":"b"},"visitor":{}'],
  ])('have the same id and other digests: %s', (_what, one, other) => {
    const [first, second] = [read(`${BODY},${one}}`), read(`${BODY},${other}}`)];
    expect(second.eventId).toBe(first.eventId);
    expect(second.contentKey).not.toBe(first.contentKey);
    expect(second.canonicalBody).not.toBe(first.canonicalBody);
  });

  it.each([
    [
      'laid out anew',
      '"a":[1e400 , "x\\"y"],"rating":9007199254740993',
      '"rating" : 9007199254740993,"a":[ 1e400,"x\\"y" ]',
    ],
    ['with another exponent', '"rating":12345678901234567890e1', '"rating":123456789012345678900'],
  ])('are the same body when it is only %s', (_what, one, other) => {
    expect(read(`${BODY},${other}}`)).toEqual(read(`${BODY},${one}}`));
  });

  it('drift where the number is of the visitor, and differ where it is of a message', () => {
    const visitor = (id: string) => read(`${BODY},"visitor":{"id":${id}}}`);
    expect(visitor('9007199254740993').contentKey).toBe(visitor('9007199254740992').contentKey);
    expect(visitor('9007199254740993').canonicalBody).not.toBe(visitor('9007199254740992').canonicalBody);
    const transcript = (ts: string) =>
      read(`{"conversationUUID":"c","messages":[{"ts":${ts},"text":"t"}]}`, 'transcript');
    expect(transcript('17146421810001234567').contentKey).not.toBe(transcript('17146421810001234568').contentKey);
  });

  it.each([
    '"n":9007199254740992',
    '"n":-100000000000000000000000',
    '"n":1e22',
    '"n":1714642181.000200999999999',
    '"n":0.1000000000000000055511151231257827',
    '"n":-0.0',
    '"n":1.50000000000000000000',
    '"a":{"b":1},"c":{"b":1}',
    '"text":"9007199254740993, \\"a\\": 1, \\"a\\": 2 \\\\"',
    '"__proto__":{"a":1}',
  ])('have the digests of released versions where nothing is lost: %s', (part) => {
    const { canonicalBody, contentKey } = read(`${BODY},${part}}`);
    expect(canonicalBody).not.toContain('\n');
    expect(contentKey).toMatch(/^[0-9a-f]{64}$/);
  });

  it('lose nothing as JavaScript writes them', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const body = JSON.stringify({ conversationUUID: 'c', message: 'm', value }, undefined, 2);
        expect(read(body).canonicalBody).not.toContain('\n');
      }),
    );
  });
});

describe('a body that would cost too much', () => {
  it.each([
    ['empty objects', `{"a":[${'{},'.repeat(400_000)}{}]}`, 'more than 300000 values'],
    ['empty texts', `{"a":[${'"",'.repeat(400_000)}""]}`, 'more than 300000 values'],
    ['nesting', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'nested deeper than 64 levels'],
    ['nesting that never ends', '[{"a":'.repeat(100_000), 'nested deeper than 64 levels'],
  ])('is held without being parsed: %s', (_what, body, why) => {
    const reading = readRequest({ widget: 'w', kind: 'feedback', raw: Buffer.from(body), receivedAtMs: 1 });
    expect(reading).toMatchObject({ outcome: 'held', why });
  });

  it('is not one with brackets in its texts, nor a transcript of 20,000 messages', () => {
    expect(read(`${BODY},"text":"${'[{,\\"'.repeat(200_000)}"}`).eventId).toHaveLength(64);
    const messages = Array.from({ length: 20_000 }, (_, n) => ({
      ts: `${1_714_642_181 + n}.000200`,
      text: 'Hello',
      userId: 'U1',
      isVisitorMsg: true,
      name: 'Mia',
    }));
    expect(read(JSON.stringify({ conversationUUID: 'c', messages }), 'transcript').eventId).toHaveLength(64);
  });
});
