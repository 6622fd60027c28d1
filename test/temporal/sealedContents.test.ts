import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MAX_PIECE_BYTES } from '../../src/domain/events/shownEvents.js';
import { createAsker } from '../../src/temporal/sealedAnswer.js';
import { type ContentPart, openContents, sealContents } from '../../src/temporal/sealedContents.js';

const accessKey = Buffer.alloc(32, 1);
const asker = createAsker(accessKey);
/** Temporal refuses a payload above 2 MB. */
const PAYLOAD_BYTES = 2 * 1024 * 1024;

async function passed(
  parts: readonly ContentPart[],
): Promise<{ readonly opened: ContentPart[]; readonly sealed: string }> {
  const sealed = await sealContents(accessKey, asker.sealTo, parts);
  return { opened: openContents(asker, sealed), sealed };
}

const whole = (bytes: Buffer): ContentPart => ({ ofBytes: bytes.length, bytes });

describe('a piece of contents', () => {
  it('gives each content as it is, and says which is not kept', async () => {
    const parts = [
      whole(Buffer.from('Malta?\u{0}')),
      { ofBytes: null, bytes: Buffer.alloc(0) },
      whole(randomBytes(99)),
    ];
    expect((await passed(parts)).opened).toEqual(parts);
  });

  it('shows nothing of them on the way, and opens for the asker alone', async () => {
    const { sealed } = await passed([whole(Buffer.from('of a visitor'))]);
    expect(Buffer.from(sealed, 'base64').includes('visitor')).toBe(false);
    expect(() => openContents(createAsker(accessKey), sealed)).toThrow('CAEP_ANSWER_NOT_AUTHENTIC');
  });

  it('is cut to what Temporal takes, also where deflating does not help', async () => {
    const body = randomBytes(MAX_PIECE_BYTES);
    const { opened, sealed } = await passed([whole(Buffer.from('first')), whole(body), whole(Buffer.from('last'))]);
    expect(sealed.length).toBeLessThan(0.9 * PAYLOAD_BYTES);
    expect(opened).toHaveLength(2);
    const [first, second] = opened;
    expect(first?.bytes.toString()).toBe('first');
    expect(second?.ofBytes).toBe(body.length);
    const { length } = second?.bytes ?? '';
    expect(length).toBeGreaterThan(900_000);
    // Compared as a boolean: a difference of megabytes is of no use to anybody.
    expect(second?.bytes.equals(body.subarray(0, length))).toBe(true);
  });

  it('holds much where deflating helps', async () => {
    const body = Buffer.alloc(MAX_PIECE_BYTES, 'the same again, ');
    const [part] = (await passed([whole(body)])).opened;
    expect(part?.bytes.equals(body)).toBe(true);
  });
});
