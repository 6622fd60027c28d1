import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLateSync } from '../../../src/receiver/kept/lateSync.js';
import { temporaryFolder } from '../../support/processes.js';

const AFTER_MS = 1_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const isClosed = ({ fd }: FileHandle) => fd === -1;

/** A file on the disk, and what is done with it and with any other. */
async function watchedFile(folder: string, name = 'file') {
  const file = await open(join(folder, name), 'a');
  const methods = Object.getPrototypeOf(file) as FileHandle;
  return { file, data: vi.spyOn(methods, 'datasync'), all: vi.spyOn(methods, 'sync') };
}

describe('a file that is written to', () => {
  it('is brought to the disk once for all that was written since the first write, and again after the next', async () => {
    const { file, data } = await watchedFile(temporaryFolder());
    const sync = createLateSync(AFTER_MS);
    sync.written(file);
    vi.advanceTimersByTime(AFTER_MS - 1);
    for (let write = 0; write < 20; write += 1) sync.written(file);
    expect(data, 'nobody waits for it').not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    await sync.allDone();
    expect(data.mock.contexts).toEqual([file]);
    vi.advanceTimersByTime(AFTER_MS);
    await sync.allDone();
    expect(data, 'nothing was written since').toHaveBeenCalledTimes(1);
    sync.written(file);
    vi.advanceTimersByTime(AFTER_MS);
    await sync.allDone();
    expect(data).toHaveBeenCalledTimes(2);
    await file.close();
  });

  it('that could not be brought to the disk makes the next write fail, and only that one', async () => {
    const { file, data } = await watchedFile(temporaryFolder());
    const sync = createLateSync(AFTER_MS);
    data.mockRejectedValueOnce(new Error('EIO'));
    sync.written(file);
    vi.advanceTimersByTime(AFTER_MS);
    await sync.allDone();
    expect(() => sync.written(file)).toThrow('EIO');
    expect(() => sync.written(file)).not.toThrow();
    vi.advanceTimersByTime(AFTER_MS);
    await sync.allDone();
    expect(data, 'also of the write that failed').toHaveBeenCalledTimes(2);
    await file.close();
  });

  it('is brought to the disk as a whole, then closed, when it is ended: at once, and no more later', async () => {
    const { file, data, all } = await watchedFile(temporaryFolder());
    const sync = createLateSync(AFTER_MS);
    sync.written(file);
    sync.ended(file);
    await sync.allDone();
    expect(all.mock.contexts).toEqual([file]);
    expect(all.mock.settledResults).toEqual([{ type: 'fulfilled', value: undefined }]);
    expect(isClosed(file)).toBe(true);
    vi.advanceTimersByTime(AFTER_MS);
    await sync.allDone();
    expect(data).not.toHaveBeenCalled();
  });

  it('is closed also where its end could not be brought to the disk, which the next write says', async () => {
    const folder = temporaryFolder();
    const { file, all } = await watchedFile(folder);
    const sync = createLateSync(AFTER_MS);
    all.mockRejectedValueOnce(new Error('EIO'));
    sync.ended(file);
    await sync.allDone();
    expect(isClosed(file)).toBe(true);
    const next = await open(join(folder, 'next'), 'a');
    expect(() => sync.written(next)).toThrow('EIO');
    await next.close();
  });
});

describe('the folder of a new file', () => {
  it('is brought to the disk, and closed again', async () => {
    const folder = temporaryFolder();
    const { file, all } = await watchedFile(folder);
    await file.close();
    const sync = createLateSync(AFTER_MS);
    sync.named(folder);
    await sync.allDone();
    expect(all.mock.settledResults).toEqual([{ type: 'fulfilled', value: undefined }]);
    expect((all.mock.contexts as FileHandle[]).map(isClosed)).toEqual([true]);
  });

  it('that cannot be opened makes the next write fail', async () => {
    const folder = temporaryFolder();
    const { file } = await watchedFile(folder);
    const sync = createLateSync(AFTER_MS);
    sync.named(join(folder, 'not there'));
    await sync.allDone();
    expect(() => sync.written(file)).toThrow('ENOENT');
    await file.close();
  });
});
