import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { tryLock } from '../../src/process/files/lock.js';
import { type Adoption, startAdoption } from '../../src/receiver/adoption.js';
import { placeOf, placesFolder } from '../../src/receiver/slot.js';
import { temporaryFolder } from '../support/processes.js';

const LOOK_MS = 5_000;
const SEGMENT = '0000000001.seg';

let home: string;

beforeEach(() => {
  home = temporaryFolder();
  makePlace('1');
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** As a receiver leaves it. */
function makePlace(name: string, left: { id?: string; spooled?: string[]; kept?: string[] } = {}) {
  const place = placeOf(home, name);
  for (const folder of [place.spoolFolder, place.keptFolder]) mkdirSync(folder, { recursive: true });
  if (left.id !== undefined) writeFileSync(join(place.folder, 'id'), left.id);
  for (const file of left.spooled ?? []) writeFileSync(join(place.spoolFolder, file), '');
  for (const file of left.kept ?? []) writeFileSync(join(place.keptFolder, file), '');
  return place;
}

interface Taking {
  readonly spool?: (files: readonly string[]) => Promise<void>;
}

/** Of the receiver in the first place. */
async function adopting({ spool = () => Promise.resolve() }: Taking = {}) {
  const taken = { spool: vi.fn(spool), kept: vi.fn(() => Promise.resolve()), onAdopted: vi.fn() };
  const log = { info: vi.fn(), error: vi.fn() };
  const adoption = await startAdoption({
    home,
    slot: { folder: placeOf(home, '1').folder },
    spool: { adopt: taken.spool },
    kept: { adopt: taken.kept },
    onAdopted: taken.onAdopted,
    log,
  });
  onTestFinished(() => adoption.close());
  return { adoption, log, ...taken };
}

/** Looks once more, and ends: what it knows stays to be asked. */
async function lookAgainAndClose(adoption: Adoption): Promise<void> {
  vi.advanceTimersByTime(LOOK_MS);
  await adoption.close();
}

function isFree(name: string): boolean {
  const attempt = tryLock(placeOf(home, name).lockFile);
  if (attempt.state === 'taken') attempt.lock.release();
  return attempt.state === 'taken';
}

const ids = (adoption: Adoption) => new Set(adoption.orphans().map(({ receiverId }) => receiverId));

describe('a look for receivers that have stopped', () => {
  it('that fails is said once, however often it fails', async () => {
    const { adoption, log } = await adopting();
    expect(log.error).not.toHaveBeenCalled();
    renameSync(placesFolder(home), join(home, 'away'));
    vi.advanceTimersByTime(3 * LOOK_MS);
    // Waits for the looks that are under way.
    await adoption.close();
    expect(log.error.mock.calls).toEqual([
      [{ reason: expect.stringContaining('ENOENT') as string }, 'cannot look for receivers that have stopped'],
    ]);
  });

  it('takes over what one has left: its spool, its copies, and its journal as that of an orphan', async () => {
    const place = makePlace('2', {
      id: 'gone',
      spooled: ['0000000002.seg', SEGMENT, '0000000003.seg.damaged', '0000000001.seg.unreadable', 'probe'],
      kept: [SEGMENT, 'other'],
    });
    const { adoption, spool, kept, onAdopted } = await adopting();
    const files = ['0000000001.seg', '0000000001.seg.unreadable', '0000000002.seg', '0000000003.seg.damaged'];
    expect(spool.mock.calls).toEqual([[files.map((file) => join(place.spoolFolder, file))]]);
    expect(kept.mock.calls).toEqual([[[join(place.keptFolder, SEGMENT)]]]);
    expect(onAdopted).toHaveBeenCalledTimes(1);
    expect(adoption.orphans()).toEqual([
      { receiverId: 'gone', journalFolder: place.journalFolder, finished: expect.any(Function) as () => void },
    ]);
    expect(isFree('2'), 'ours until its journal is copied').toBe(false);
  });

  it('finds also those that stop later', async () => {
    const place = makePlace('2', { id: 'stops later', spooled: [SEGMENT] });
    const attempt = tryLock(place.lockFile);
    const { adoption, spool } = await adopting();
    expect(spool).not.toHaveBeenCalled();
    if (attempt.state === 'taken') attempt.lock.release();
    await lookAgainAndClose(adoption);
    expect(spool).toHaveBeenCalledTimes(1);
    expect(ids(adoption)).toEqual(new Set(['stops later']));
  });

  it('leaves alone its own place, those that are held, and folders that are no places', async () => {
    for (const name of ['1', '2', '3.old', 'x4']) makePlace(name, { id: name, spooled: [SEGMENT], kept: [SEGMENT] });
    const attempt = tryLock(placeOf(home, '2').lockFile);
    onTestFinished(() => {
      if (attempt.state === 'taken') attempt.lock.release();
    });
    const { adoption, spool, kept, onAdopted } = await adopting();
    await lookAgainAndClose(adoption);
    for (const taking of [spool, kept, onAdopted]) expect(taking).not.toHaveBeenCalled();
    expect(adoption.orphans()).toEqual([]);
    for (const name of ['1', '3.old', 'x4']) expect(readdirSync(placeOf(home, name).folder)).not.toContain('lock');
  });

  it('tells that something was taken over only where files were left in a spool', async () => {
    makePlace('2', { id: 'empty', kept: [SEGMENT] });
    const { adoption, onAdopted, log } = await adopting();
    expect(ids(adoption)).toEqual(new Set(['empty']));
    expect([onAdopted.mock.calls, log.info.mock.calls]).toEqual([[], []]);
    makePlace('3', { id: 'left', spooled: [SEGMENT] });
    await lookAgainAndClose(adoption);
    expect(onAdopted).toHaveBeenCalledTimes(1);
    expect(log.info.mock.calls).toEqual([
      [{ place: '3', files: 1 }, 'took over the spool of a receiver that has stopped'],
    ]);
  });

  it('takes over the files of a place where no receiver ever ran, and gives it free: nobody is missing', async () => {
    makePlace('2', { spooled: [SEGMENT] });
    const { adoption, spool } = await adopting();
    expect(spool).toHaveBeenCalledTimes(1);
    expect(adoption.orphans()).toEqual([]);
    expect(isFree('2')).toBe(true);
  });

  it('that cannot take over a spool says so, gives the place free, goes on with the others, and tries again', async () => {
    makePlace('2', { id: 'full', spooled: [SEGMENT] });
    makePlace('3', { id: 'other' });
    let isFull = true;
    const { adoption, log, kept, onAdopted } = await adopting({
      spool: (files) => (isFull && files.length > 0 ? Promise.reject(new Error('ENOSPC')) : Promise.resolve()),
    });
    expect(log.error.mock.calls).toEqual([
      [{ place: '2', reason: 'ENOSPC' }, 'the folder of another receiver cannot be taken over'],
    ]);
    expect(onAdopted).not.toHaveBeenCalled();
    expect(kept, 'of the other one').toHaveBeenCalledTimes(1);
    expect(ids(adoption)).toEqual(new Set(['other']));
    expect(isFree('2')).toBe(true);
    isFull = false;
    await lookAgainAndClose(adoption);
    expect(onAdopted).toHaveBeenCalledTimes(1);
    expect(ids(adoption)).toEqual(new Set(['full', 'other']));
  });
});

describe('an orphan', () => {
  it('is taken over once', async () => {
    makePlace('2', { id: 'gone', spooled: [SEGMENT] });
    const { adoption, spool } = await adopting();
    await lookAgainAndClose(adoption);
    expect(spool).toHaveBeenCalledTimes(1);
    expect(adoption.orphans()).toHaveLength(1);
  });

  it('that is finished is none any more, and its place is free', async () => {
    makePlace('2', { id: 'gone' });
    const { adoption, spool } = await adopting();
    adoption.orphans()[0]?.finished();
    expect(adoption.orphans()).toEqual([]);
    expect(isFree('2')).toBe(true);
    expect(spool).toHaveBeenCalledTimes(1);
  });

  it('that is finished stays so', async () => {
    makePlace('2', { id: 'gone' });
    const { adoption, spool } = await adopting();
    adoption.orphans()[0]?.finished();
    await lookAgainAndClose(adoption);
    expect(adoption.orphans()).toEqual([]);
    expect(spool).toHaveBeenCalledTimes(1);
  });

  it('that is finished becomes one again when all is started over', async () => {
    makePlace('2', { id: 'gone' });
    const { adoption } = await adopting();
    adoption.orphans()[0]?.finished();
    adoption.startOver();
    await lookAgainAndClose(adoption);
    expect(ids(adoption)).toEqual(new Set(['gone']));
  });

  it('that is finished becomes one again when another receiver has run in its place since', async () => {
    makePlace('2', { id: 'gone' });
    const { adoption } = await adopting();
    adoption.orphans()[0]?.finished();
    expect(isFree('2'), 'a receiver that has come and gone').toBe(true);
    await lookAgainAndClose(adoption);
    expect(ids(adoption)).toEqual(new Set(['gone']));
  });

  it('is left to others when the receiver that took it over ends', async () => {
    makePlace('2', { id: 'gone' });
    const { adoption } = await adopting();
    await adoption.close();
    expect(isFree('2')).toBe(true);
  });
});
