import { describe, expect, it } from 'vitest';
import { bodyOf, MARKER, postsOf } from '../../../../chaos/forward/load/webhooks.js';
import { KINDS } from '../../../../src/domain/events/kinds.js';

const SEED = 11;

function lengthsIn(events: number): number[] {
  return postsOf(SEED, events).flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes]));
}

describe('the lengths of the bodies of a run', () => {
  it('go from 1 to 500 KB, and one event of a hundred is a transcript of 3 MB', () => {
    const posts = postsOf(SEED, 20_000);
    const large = posts.filter(({ bytes }) => bytes === 3_000_000);
    expect(new Set(large.map(({ kind }) => kind))).toEqual(new Set(['transcript']));
    expect(large.length / posts.length).toBeCloseTo(0.01, 2);
    const longer = lengthsIn(20_000).filter((bytes) => bytes !== 3_000_000);
    expect(Math.min(...longer)).toBeLessThan(1_100);
    expect(Math.max(...longer)).toBeGreaterThan(450_000);
    expect(Math.max(...longer)).toBeLessThanOrEqual(500_000);
    expect(longer.filter((bytes) => bytes < 22_400).length / longer.length).toBeCloseTo(0.5, 1);
  });

  it('stay modest in a small run, which has a few long bodies all the same', () => {
    const lengths = lengthsIn(600);
    const sum = lengths.reduce((total, bytes) => total + bytes, 0);
    expect(sum).toBeLessThan(15_000_000);
    expect(lengths).toContain(3_000_000);
    expect(lengths.some((bytes) => bytes > 100_000 && bytes <= 500_000)).toBe(true);
  });
});

describe('a body of a run', () => {
  it.each(KINDS)('of the kind %s is as long as was planned', (kind) => {
    const plain = { kind, conversation: 3, isSecond: false, form: 'plain' } as const;
    for (const bytes of [5_000, 400_000]) {
      const length = Buffer.byteLength(bodyOf(SEED, { ...plain, bytes }));
      expect(length / bytes).toBeGreaterThan(0.9);
      expect(length / bytes).toBeLessThan(1.2);
    }
    expect(bodyOf(SEED, { ...plain, bytes: 100 })).toBe(bodyOf(SEED, plain));
  });

  it('of a long transcript says in its texts what its messages say', () => {
    const post = { kind: 'transcript', conversation: 3, isSecond: false, form: 'plain', bytes: 100_000 } as const;
    const body = JSON.parse(bodyOf(SEED, post)) as {
      messages: { text: string }[];
      textBody: string;
      htmlBody: string;
    };
    expect(body.messages.length).toBeGreaterThan(3);
    for (const { text } of body.messages) {
      expect(body.textBody).toContain(text);
      expect(body.htmlBody).toContain(text);
    }
  });

  it.each(KINDS)('of the kind %s has the marker in fields that nobody reads, and not in what is said', (kind) => {
    const post = { kind, conversation: 3, isSecond: false, form: 'plain' } as const;
    const body = JSON.parse(bodyOf(SEED, post)) as Record<string, unknown>;
    expect(body['rating']).toMatchObject({ why: MARKER });
    expect(body['visitor']).toMatchObject({ score: MARKER, IPAddress: expect.stringContaining(MARKER) as string });
    for (const said of ['message', 'textBody']) expect(String(body[said])).not.toContain(MARKER);
  });
});
