import { mkdtempSync } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createKeys, mergeKeys, rotateKeys, showAccessKey } from '../../../../src/cli/commands/installation/keys.js';
import { readConfiguration } from '../../../../src/configuration.js';
import { openKeyRing } from '../../../../src/store/keys/keyRing.js';
import { askerOf } from '../../../../src/cli/asker.js';
import { sealFor } from '../../../../src/temporal/sealedAnswer.js';
import { fakeSources, fakeWorld } from '../../fakes.js';

function worldWith(file: string, format?: 'json') {
  const world = fakeWorld(fakeSources({}), { format, command: 'keys rotate' });
  const configuration = () => readConfiguration({ CHATLIO_AEP_KEY_FILE: file, CHATLIO_AEP_HOME: dirname(file) });
  return { ...world, context: { ...world.context, configuration } };
}

describe('keys rotate', () => {
  const place = Buffer.from('here');

  it('makes a new key the active one, keeps the old, and says what to do', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'chatlio-aep-keys-')), 'keys.json');
    const sealed = (await openKeyRing(file, { create: true })).seal(Buffer.from('old'), place);
    const world = worldWith(file);
    expect(await rotateKeys(world.context, {})).toBe(0);
    const said = world.stdout();
    expect(said).toContain('it holds 2 keys');
    expect(said).toContain('Restart every worker and every receiver');

    const ring = await openKeyRing(file);
    expect(ring.open(sealed, place).toString()).toBe('old');
    const json = worldWith(file, 'json');
    await rotateKeys(json.context, {});
    const { active, keys } = JSON.parse(json.stdout()) as { active: string; keys: number };
    expect(keys).toBe(3);
    const fresh = (await openKeyRing(file)).seal(Buffer.from('new'), place);
    expect(fresh.subarray(1, 5).toString('hex')).toBe(active);

    const content = JSON.parse(await readFile(file, 'utf8')) as { keys: { key: string }[] };
    for (const { key } of content.keys) expect(said).not.toContain(key);
  });

  it('makes no file where there is none', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'chatlio-aep-keys-')), 'keys.json');
    await expect(rotateKeys(worldWith(file).context, {})).rejects.toThrow('CAEP_KEY_FILE_MISSING');
  });
});

describe('keys create', () => {
  it('makes the key file of a new installation, for its owner alone, and says what to do', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'chatlio-aep-keys-')), 'secure', 'keys.json');
    const world = worldWith(file);
    expect(await createKeys(world.context, {})).toBe(0);
    expect(world.stdout()).toContain('Back the file up');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const made = await readFile(file, 'utf8');
    await expect(createKeys(worldWith(file).context, {})).rejects.toMatchObject({
      error: { code: 'CAEP_KEY_FILE_EXISTS' },
    });
    expect(await readFile(file, 'utf8')).toBe(made);
  });

  it('makes none beside the data of a lost one', async () => {
    const home = mkdtempSync(join(tmpdir(), 'chatlio-aep-keys-'));
    await mkdir(join(home, 'postgres'));
    await expect(createKeys(worldWith(join(home, 'keys.json')).context, {})).rejects.toMatchObject({
      error: { code: 'CAEP_KEY_FILE_LOST' },
    });
  });
});

describe('keys merge', () => {
  it('adds the keys of the other file and says what to do about held events', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chatlio-aep-keys-'));
    const [file, from] = [join(folder, 'keys.json'), join(folder, 'other.json')];
    await openKeyRing(file, { create: true });
    const sealed = (await openKeyRing(from, { create: true })).seal(Buffer.from('other'), Buffer.from('here'));
    const world = worldWith(file);
    expect(await mergeKeys(world.context, { from })).toBe(0);
    expect(world.stdout()).toContain('held reparse NAME --reason unreadable');
    expect((await openKeyRing(file)).open(sealed, Buffer.from('here')).toString()).toBe('other');
  });
});

describe('keys access', () => {
  it('prints what opens answers on a machine without the key file, and opens nothing that is stored', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chatlio-aep-keys-'));
    const file = join(folder, 'keys.json');
    const ring = await openKeyRing(file, { create: true });
    const world = worldWith(file);
    expect(await showAccessKey(world.context, {})).toBe(0);
    const accessKey = world.stdout().trim();
    expect(Buffer.from(accessKey, 'base64url')).toEqual(ring.accessKey);
    for (const { key } of (JSON.parse(await readFile(file, 'utf8')) as { keys: { key: string }[] }).keys) {
      expect(Buffer.from(key, 'base64').equals(ring.accessKey)).toBe(false);
    }

    const none = { CHATLIO_AEP_HOME: join(folder, 'elsewhere') };
    await expect(askerOf({ configuration: () => readConfiguration(none) })).rejects.toMatchObject({
      error: { code: 'CAEP_ACCESS_KEY_MISSING' },
    });
    for (const given of [{ ...none, CHATLIO_AEP_ACCESS_KEY: accessKey }, { CHATLIO_AEP_KEY_FILE: file }]) {
      const asker = await askerOf({ configuration: () => readConfiguration(given) });
      expect(asker.open(sealFor(ring.accessKey, asker.sealTo, 'a URL'))).toBe('a URL');
    }
    expect(() => readConfiguration({ CHATLIO_AEP_ACCESS_KEY: 'short' })).toThrow('CHATLIO_AEP_ACCESS_KEY');
  });
});
