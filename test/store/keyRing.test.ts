import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { rotateKeyFile } from '../../src/store/keyFile.js';
import { openKeyRing } from '../../src/store/keyRing.js';

const text = (value: string) => Buffer.from(value);
const place = text('event 1');

describe('key ring', () => {
  let file: string;

  beforeEach(async () => {
    file = join(await mkdtemp(join(tmpdir(), 'caep-keys-')), 'sub', 'keys.json');
  });

  it('makes a key file for the owner alone when asked, and says that it is missing when not', async () => {
    await expect(openKeyRing(file)).rejects.toMatchObject({ error: { code: 'CAEP_KEY_MISSING' } });
    await openKeyRing(file, { create: true });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const content = JSON.parse(await readFile(file, 'utf8')) as { keys: { id: string; key: string }[]; active: string };
    expect(content.active).toBe(content.keys[0]?.id);
    expect(Buffer.from(content.keys[0]?.key ?? '', 'base64')).toHaveLength(32);
  });

  it('gives processes that start together the same keys', async () => {
    const rings = await Promise.all([1, 2, 3, 4].map(() => openKeyRing(file, { create: true })));
    const sealed = rings[0]?.seal(text('hello'), place) as Buffer;
    for (const ring of rings) expect(ring.open(sealed, place).toString()).toBe('hello');
  });

  it('opens what it sealed, and seals the same text differently each time', async () => {
    const ring = await openKeyRing(file, { create: true });
    const sealed = Array.from({ length: 3_000 }, () => ring.seal(text('Grüße'), place));
    expect(new Set(sealed.map((one) => one.toString('hex'))).size).toBe(3_000);
    expect(sealed.every((one) => ring.open(one, place).toString() === 'Grüße')).toBe(true);
    expect(sealed[0]?.includes(text('Grüße'))).toBe(false);
  });

  it('opens nothing that was changed, cut, or is from another place', async () => {
    const ring = await openKeyRing(file, { create: true });
    const sealed = ring.seal(text('hello'), place);
    const notOpened = 'sealed data was changed';
    expect(() => ring.open(sealed, text('event 2'))).toThrow(notOpened);
    for (const at of [0, 6, 18, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] as number) ^ 1;
      expect(() => ring.open(changed, place), `byte ${at}`).toThrow(notOpened);
    }
    expect(() => ring.open(sealed.subarray(0, 20), place)).toThrow(notOpened);
    expect(() => ring.open(Buffer.alloc(0), place)).toThrow(notOpened);
  });

  it('reads old data after a rotation, seals with the new key, and keeps MACs comparable', async () => {
    const before = await openKeyRing(file, { create: true });
    const old = before.seal(text('old'), place);
    await rotateKeyFile(file);
    const after = await openKeyRing(file);
    expect(after.open(old, place).toString()).toBe('old');
    const fresh = after.seal(text('new'), place);
    expect(fresh.subarray(1, 5)).not.toEqual(old.subarray(1, 5));
    expect(after.mac('same')).toEqual(before.mac('same'));
    expect(after.mac('same')).toHaveLength(16);
    expect(after.mac('same')).not.toEqual(after.mac('other'));
  });

  it('reads what others seal with a key that was added since, without a restart', async () => {
    const before = await openKeyRing(file, { create: true });
    await rotateKeyFile(file);
    const fresh = (await openKeyRing(file)).seal(text('new'), place);
    expect(before.open(fresh, place).toString()).toBe('new');
    expect(before.seal(text('still'), place).subarray(1, 5)).not.toEqual(fresh.subarray(1, 5));
  });

  it('names a key that is nowhere, also when the file is gone', async () => {
    const elsewhere = join(await mkdtemp(join(tmpdir(), 'caep-keys-')), 'keys.json');
    const sealed = (await openKeyRing(elsewhere, { create: true })).seal(text('other'), place);
    const ring = await openKeyRing(file, { create: true });
    expect(() => ring.open(sealed, place)).toThrow('CAEP_KEY_MISSING');
    await rm(file);
    expect(() => ring.open(sealed, place)).toThrow('CAEP_KEY_MISSING');
  });

  it.each([
    ['not JSON', 'keys'],
    ['no keys', JSON.stringify({ keys: [], active: 'x' })],
    ['a short key', JSON.stringify({ keys: [{ id: '00000001', key: 'c2VjcmV0', createdAt: '' }], active: '00000001' })],
    [
      'an active key that is not there',
      JSON.stringify({
        keys: [{ id: '00000001', key: Buffer.alloc(32).toString('base64'), createdAt: '' }],
        active: '00000002',
      }),
    ],
  ])('refuses a file with %s, and shows nothing of it', async (_what, content) => {
    const broken = join(await mkdtemp(join(tmpdir(), 'caep-keys-')), 'keys.json');
    await writeFile(broken, content);
    await expect(openKeyRing(broken)).rejects.toMatchObject({
      error: { code: 'CAEP_CONFIGURATION_INVALID' },
      message: expect.not.stringContaining('c2VjcmV0'),
    });
  });
});
