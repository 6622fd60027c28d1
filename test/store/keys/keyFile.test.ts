import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  accessKeyOf,
  fingerprintOf,
  type Key,
  KEY_BYTES,
  type KeyFile,
  readKeyFile,
  readKeyFileAgain,
  writeKeyFile,
} from '../../../src/store/keys/keyFile.js';
import { temporaryFolder } from '../../support/processes.js';

const keyOf = (id: string, byte: number): Key => ({ id, key: Buffer.alloc(KEY_BYTES, byte), createdAt: '2026-01-01' });
const OLD = keyOf('00000001', 1);
const NEW = keyOf('00000002', 2);

let file: string;
beforeEach(() => {
  file = join(temporaryFolder(), 'keys.json');
});

const put = (content: KeyFile) =>
  writeKeyFile(file, content, (from, to) => {
    renameSync(from, to);
    return true;
  });

describe('what is told of a key', () => {
  it('tells apart two keys with one id, is the same in every file, and is nothing of the key itself', () => {
    const fingerprint = fingerprintOf(OLD);
    expect(fingerprint).toMatch(/^[0-9a-f]{8}$/);
    expect(fingerprintOf({ ...OLD, id: NEW.id, createdAt: 'later' })).toBe(fingerprint);
    expect(fingerprintOf({ ...NEW, id: OLD.id })).not.toBe(fingerprint);
    expect(OLD.key.toString('hex')).not.toContain(fingerprint);
  });

  it('stays what releases have stored of it', () => {
    expect(fingerprintOf(OLD)).toBe('d1b5ee0d');
  });
});

describe('the access key of an installation', () => {
  it('outlives every rotation, as machines without a key file keep it', () => {
    const before = accessKeyOf({ keys: [OLD], active: OLD.id });
    expect(accessKeyOf({ keys: [OLD, NEW], active: NEW.id })).toEqual(before);
    expect(accessKeyOf({ keys: [NEW], active: NEW.id })).not.toEqual(before);
  });

  it('is no key that opens what is stored, and stays what releases have given away', () => {
    const accessKey = accessKeyOf({ keys: [OLD], active: OLD.id });
    expect(accessKey).not.toEqual(OLD.key);
    expect(accessKey.toString('hex')).toBe('c27a4f49784fed109e964a36a346f06f226f437b2d54b936d9b1422039b81f8c');
  });
});

describe('a key file', () => {
  it('is written for its owner alone, and read as it was written, at the start and by a process that runs', async () => {
    const content: KeyFile = { keys: [OLD, NEW], active: NEW.id };
    expect(put(content)).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readKeyFile(file)).toEqual(content);
    expect(readKeyFileAgain(file)).toEqual(content);
  });

  it('stays as it is where the new one is not to be put in its place, and nothing is left beside it', async () => {
    put({ keys: [OLD], active: OLD.id });
    const before = await readFile(file);
    expect(writeKeyFile(file, { keys: [NEW], active: NEW.id }, () => false)).toBe(false);
    expect(await readFile(file)).toEqual(before);
    expect(await readdir(join(file, '..'))).toEqual(['keys.json']);
  });

  it('has no two keys of one id: which of them had sealed could not be told', async () => {
    put({ keys: [OLD, { ...NEW, id: OLD.id }], active: OLD.id });
    await expect(readKeyFile(file)).rejects.toThrow('two keys have the same id');
  });

  it('fails a process that runs for the same reasons as one that starts', async () => {
    expect(() => readKeyFileAgain(file)).toThrow('CAEP_KEY_FILE_MISSING');
    await writeFile(file, 'no keys', { mode: 0o600 });
    expect(() => readKeyFileAgain(file)).toThrow('it is not JSON');
    await chmod(file, 0o644);
    expect(() => readKeyFileAgain(file)).toThrow('CAEP_KEY_FILE_EXPOSED');
  });
});
