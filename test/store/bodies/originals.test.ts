import { bodyContext } from '../../../src/store/keys/contexts.js';
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEvent, ORIGINAL_FORM, sealOriginal } from '../../../src/store/bodies/originals.js';
import { type KeyRing, openKeyRing } from '../../../src/store/keys/keyRing.js';

const EVENT = { sourceId: 7, eventId: Buffer.alloc(32, 9), kind: 'transcript' as const };
const FACTS = { widget: 'main-site', receivedAtMs: 1_714_642_280_000 };
let keyRing: KeyRing;
beforeAll(async () => {
  keyRing = await openKeyRing(join(mkdtempSync(join(tmpdir(), 'caep-keys-')), 'keys.json'), { create: true });
});

describe('an original', () => {
  it.each([
    ['short', Buffer.from('{"message":"Hello"}')],
    ['of 40 kB', Buffer.from(JSON.stringify({ textBody: 'all the same words. '.repeat(2_000) }))],
    ['of 9 MB', Buffer.from(JSON.stringify({ textBody: 'all the same words. '.repeat(450_000) }))],
    ['that does not get shorter', randomBytes(200_000)],
  ])('that is %s opens as it was posted, with what was known when it came', async (_what, body) => {
    const sealed = await sealOriginal(keyRing, EVENT, FACTS, body);
    const opened = openEvent(keyRing, { ...EVENT, sealed, form: ORIGINAL_FORM });
    expect(opened).toMatchObject({
      form: 'original',
      facts: { ...FACTS, kind: 'transcript', eventId: '09'.repeat(32) },
    });
    expect('original' in opened && opened.original.equals(body)).toBe(true);
  });

  it('takes less room sealed than as it was posted, where it is long', async () => {
    const body = Buffer.from(JSON.stringify({ textBody: 'all the same words. '.repeat(2_000) }));
    expect((await sealOriginal(keyRing, EVENT, FACTS, body)).length).toBeLessThan(body.length / 10);
  });

  it('is told from an event that was cut, whatever the column says', async () => {
    const original = await sealOriginal(keyRing, EVENT, FACTS, Buffer.from('{}'));
    const cut = keyRing.seal(Buffer.from('{"eventId":"1"}'), bodyContext(EVENT.sourceId, EVENT.eventId));
    for (const form of [undefined, 0, ORIGINAL_FORM]) {
      expect(openEvent(keyRing, { ...EVENT, sealed: original, form })).toMatchObject({ form: 'original' });
      expect(openEvent(keyRing, { ...EVENT, sealed: cut, form })).toMatchObject({ form: 'cut' });
    }
  });

  it('of another event does not open, and neither does a damaged one: why is said', async () => {
    const sealed = await sealOriginal(keyRing, EVENT, FACTS, Buffer.from('{}'));
    expect(openEvent(keyRing, { ...EVENT, sealed, sourceId: 8 })).toEqual({
      fault: expect.stringContaining('damaged'),
    });
    sealed[sealed.length - 20] = (sealed.at(-20) ?? 0) ^ 1;
    expect(openEvent(keyRing, { ...EVENT, sealed })).toEqual({ fault: expect.stringContaining('damaged') });
  });
});
