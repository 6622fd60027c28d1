/** Contents of any length, in pieces, from a real log. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { contentsPiece } from '../../../src/activities/inquiry/contents.js';
import { eventPage } from '../../../src/activities/inquiry/events.js';
import { fixture } from '../../../src/chatlio/fixtures.js';
import { wholeContents } from '../../../src/cli/following/wholeContents.js';
import type { ContentPlace, ContentsPiece, ShownEvent } from '../../../src/domain/events/shownEvents.js';
import type { Ask } from '../../../src/domain/inquiries.js';
import { bodyContext } from '../../../src/store/keys/contexts.js';
import type { Sources } from '../../../src/temporal/sources/port.js';
import { type Asker, createAsker } from '../../../src/temporal/sealedAnswer.js';
import { sealContents } from '../../../src/temporal/sealedContents.js';
import { type HeldSource, withHeldSource } from '../held/source.js';

const source = withHeldSource({ originals: true });
const PAYLOAD_BYTES = 2 * 1024 * 1024;

const feedback = (seed: number, message: string) => ({
  ...fixture('feedback', { seed, atMs: Date.parse('2026-11-21T09:00:00Z') }),
  message,
});

/** As the command line is answered, without Temporal between. */
function answered({ database, keyRing }: HeldSource) {
  const asked: Ask<'contents'>[] = [];
  const pieces: ContentsPiece[] = [];
  const ask = async (question: Ask<'contents'>) => {
    asked.push(question);
    const piece = await contentsPiece({ database, keyRing }, question);
    pieces.push(piece);
    return piece;
  };
  return { asked, pieces, sources: { ask: ask as Sources['ask'] } };
}

async function page({ database, keyRing, name }: HeldSource, asker?: Asker) {
  return eventPage({ database, keyRing }, { v: 1, ask: 'events', name, limit: 20, sealTo: asker?.sealTo });
}

const placeOf = ({ eventId, kind, partition, seq, loggedAt, exceptionId }: ShownEvent): ContentPlace =>
  exceptionId === undefined ? { eventId, kind, partition, seq, loggedAt } : { eventId, kind, exceptionId };

async function all(contents: AsyncGenerator<string | null, void>): Promise<(string | null)[]> {
  const texts = [];
  for await (const text of contents) texts.push(text);
  return texts;
}

describe('the contents of events', () => {
  it('are given whole and in order, the long ones in pieces that Temporal takes', async () => {
    const given = source();
    const bodies = [
      feedback(1, randomBytes(5_000_000).toString('base64')),
      feedback(2, 'short'),
      feedback(3, 'again and again, '.repeat(300_000)),
    ];
    for (const body of bodies) await given.take(body, 'feedback');
    await given.holdRaw('{"conversation', 'feedback');
    const { sources, asked, pieces } = answered(given);
    const asker = createAsker(given.keyRing.accessKey);
    const { events } = await page(given);
    const texts = await all(wholeContents(sources, asker, given.name, events.map(placeOf)));
    // Compared as booleans: a difference of megabytes is of no use to anybody.
    expect(texts.map((text, at) => text === (at < 3 ? JSON.stringify(bodies[at]) : '{"conversation'))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(asked.length).toBeGreaterThan(5);
    expect(Math.max(...pieces.map(({ sealedContents }) => sealedContents.length))).toBeLessThan(0.9 * PAYLOAD_BYTES);
    // What was given is not asked for again.
    expect(asked.at(-1)?.events.length).toBeLessThan(4);
  });

  it('that are not kept any more are null', async () => {
    const given = source();
    await given.take(feedback(1, 'gone'), 'feedback');
    await given.take(feedback(2, 'there'), 'feedback');
    const { events } = await page(given);
    await given.rows(`update event_body set sealed = '' where source_id = $1 and seq = 1`);
    const asker = createAsker(given.keyRing.accessKey);
    const texts = await all(wholeContents(answered(given).sources, asker, given.name, events.map(placeOf)));
    expect(texts).toEqual([null, JSON.stringify(feedback(2, 'there'))]);
  });

  it('are not put together from what two workers answer differently', async () => {
    const given = source();
    const asker = createAsker(given.keyRing.accessKey);
    const parts = [
      { ofBytes: 9, bytes: Buffer.from('first') },
      { ofBytes: 12, bytes: Buffer.from('else') },
    ];
    const ask = async () => {
      const part = parts.shift();
      const sealedContents = await sealContents(
        given.keyRing.accessKey,
        asker.sealTo,
        part === undefined ? [] : [part],
      );
      return { v: 1, sealedContents };
    };
    const place = { eventId: 'f'.repeat(64), exceptionId: 1 };
    const contents = wholeContents({ ask: ask as unknown as Sources['ask'] }, asker, given.name, [place]);
    await expect(contents.next()).rejects.toThrow('CAEP_NO_ANSWER');
  });
});

describe('a page with contents', () => {
  it('says of which it holds only the beginning', async () => {
    const given = source();
    await given.take(feedback(1, 'long '.repeat(100_000)), 'feedback');
    await given.take(feedback(2, 'short'), 'feedback');
    const asker = createAsker(given.keyRing.accessKey);
    const { cut, sealedBodies = '' } = await page(given, asker);
    expect(cut).toEqual([0]);
    const texts = JSON.parse(asker.open(sealedBodies)) as string[];
    expect(texts[1]).toBe(JSON.stringify(feedback(2, 'short')));
    expect(JSON.stringify(feedback(1, 'long '.repeat(100_000))).startsWith(texts[0] ?? '-')).toBe(true);
  });

  it.each([
    ['controls, which are long when they are quoted', Buffer.alloc(600_000, 1)],
    ['bytes that are no text', Buffer.alloc(600_000, 0xff)],
  ])('stays below what Temporal takes: %s', async (_what, raw) => {
    const given = source();
    const { database, keyRing, sourceId, name } = given;
    const eventId = await given.holdRaw('{', 'feedback');
    const sealed = keyRing.seal(raw, bodyContext(sourceId, Buffer.from(eventId, 'hex')));
    await database.pool.query('update exception set sealed = $2 where source_id = $1', [sourceId, sealed]);
    const asker = createAsker(keyRing.accessKey);
    const { cut, sealedBodies = '' } = await page(given, asker);
    expect(cut).toEqual([0]);
    expect(sealedBodies.length).toBeLessThan(0.9 * PAYLOAD_BYTES);
    const [text] = await all(
      wholeContents(answered(given).sources, asker, name, (await page(given)).events.map(placeOf)),
    );
    expect(text === raw.toString('utf8')).toBe(true);
  });
});
