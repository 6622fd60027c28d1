import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { describeKeys, readKeyFile } from '../../../src/store/keys/keyFile.js';
import { mergeKeyFiles, rotateKeyFile } from '../../../src/store/keys/keyFileChanges.js';
import { openKeyRing } from '../../../src/store/keys/keyRing.js';

const text = (value: string) => Buffer.from(value);
const place = text('event 1');

describe('key ring', () => {
  let file: string;

  beforeEach(async () => {
    file = join(await mkdtemp(join(tmpdir(), 'caep-keys-')), 'sub', 'keys.json');
  });

  it('makes a key file for the owner alone when asked, and says that it is missing when not', async () => {
    await expect(openKeyRing(file)).rejects.toMatchObject({ error: { code: 'CAEP_KEY_FILE_MISSING' } });
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
    const notOpened = 'CAEP_DATA_DAMAGED';
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

  it.each([0o644, 0o640, 0o604, 0o700])(
    'is refused when others may use it (%o), at the start and later',
    async (mode) => {
      const ring = await openKeyRing(file, { create: true });
      await rotateKeyFile(file);
      const fresh = (await openKeyRing(file)).seal(text('new'), place);
      await chmod(file, mode);
      await expect(openKeyRing(file)).rejects.toMatchObject({
        error: { code: 'CAEP_KEY_FILE_EXPOSED', fields: { file, mode: mode.toString(8).padStart(4, '0') } },
      });
      expect(() => ring.open(fresh, place)).toThrow('CAEP_KEY_MISSING');
      await chmod(file, 0o400);
      expect(ring.open(fresh, place).toString()).toBe('new');
    },
  );

  it('loses no key when it is rotated several times at once', async () => {
    await openKeyRing(file, { create: true });
    const rotated = await Promise.all([1, 2, 3, 4, 5].map(() => rotateKeyFile(file)));
    const { keys } = await readKeyFile(file);
    expect(keys).toHaveLength(6);
    for (const { active } of rotated) expect(keys.map(({ id }) => id)).toContain(active);
  });

  it('opens what either of two files has sealed once they are merged, in whichever direction', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'caep-keys-'));
    const [right, wrong] = [join(folder, 'right.json'), join(folder, 'wrong.json')];
    const first = await openKeyRing(right, { create: true });
    const second = await openKeyRing(wrong, { create: true });
    const sealed = [first.seal(text('right'), place), second.seal(text('wrong'), place)];
    expect(await mergeKeyFiles(wrong, right)).toMatchObject({ added: 1 });
    expect(await mergeKeyFiles(right, wrong)).toMatchObject({ added: 1 });
    expect(await mergeKeyFiles(right, wrong)).toMatchObject({ added: 0 });
    for (const [merged, before] of [
      [right, first],
      [wrong, second],
    ] as const) {
      const ring = await openKeyRing(merged);
      expect(sealed.map((one) => ring.open(one, place).toString())).toEqual(['right', 'wrong']);
      expect(ring.held.active).toBe(before.held.active);
      expect(ring.mac('same')).toEqual(first.mac('same'));
    }
  });

  it('merges nothing when two different keys have one number', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'caep-keys-'));
    const [one, other] = [join(folder, 'one.json'), join(folder, 'other.json')];
    for (const [path, byte] of [
      [one, 1],
      [other, 2],
    ] as const) {
      const key = { id: '0badcafe', key: Buffer.alloc(32, byte).toString('base64'), createdAt: '2026-01-01' };
      await writeFile(path, JSON.stringify({ keys: [key], active: key.id }), { mode: 0o600 });
    }
    expect(describeKeys(await readKeyFile(one))).not.toBe(describeKeys(await readKeyFile(other)));
    await expect(mergeKeyFiles(one, other)).rejects.toThrow('the key 0badcafe is');
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
    await writeFile(broken, content, { mode: 0o600 });
    await expect(openKeyRing(broken)).rejects.toMatchObject({
      error: { code: 'CAEP_CONFIGURATION_INVALID' },
      message: expect.not.stringContaining('c2VjcmV0'),
    });
  });
});
