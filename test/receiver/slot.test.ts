import { readFileSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { placeOf, readReceiverId, type Slot, takeSlot } from '../../src/receiver/slot.js';
import { temporaryFolder } from '../support/processes.js';

async function taken(home: string): Promise<Slot> {
  const slot = await takeSlot(home);
  onTestFinished(() => slot.lock.release());
  return slot;
}

const numberOf = ({ folder }: Slot) => basename(folder);

describe('the place of a receiver', () => {
  it('is the first that nobody holds', async () => {
    const home = temporaryFolder();
    const slots = [await taken(home), await taken(home), await taken(home)];
    expect(slots.map(numberOf)).toEqual(['1', '2', '3']);
    expect(new Set(slots.map(({ receiverId }) => receiverId)).size).toBe(3);
    slots[1]?.lock.release();
    expect(numberOf(await taken(home))).toBe('2');
    expect(numberOf(await taken(home))).toBe('4');
  });

  it('of two that start at once is one for each', async () => {
    const home = temporaryFolder();
    const numbers = (await Promise.all([taken(home), taken(home)])).map(numberOf);
    expect(new Set(numbers)).toEqual(new Set(['1', '2']));
  });

  it('is below the home folder, for its owner alone', async () => {
    const home = join(temporaryFolder(), 'not made yet');
    const slot = await taken(home);
    expect(slot).toMatchObject(placeOf(home, '1'));
    expect(slot.folder).toBe(join(home, 'receivers', '1'));
    expect(statSync(slot.folder).mode & 0o777).toBe(0o700);
  });

  it('keeps its id for the next receiver that takes it', async () => {
    const home = temporaryFolder();
    const { receiverId, lock } = await taken(home);
    expect(receiverId).toMatch(new RegExp(`^${hostname()}-[0-9a-f]{8}$`));
    lock.release();
    expect((await taken(home)).receiverId).toBe(receiverId);
  });

  it('gets another id where the file with it is gone, and keeps that', async () => {
    const home = temporaryFolder();
    const first = await taken(home);
    first.lock.release();
    rmSync(join(first.folder, 'id'));
    const second = await taken(home);
    expect(second.folder).toBe(first.folder);
    expect(second.receiverId).not.toBe(first.receiverId);
    expect(readFileSync(join(first.folder, 'id'), 'utf8')).toBe(second.receiverId);
  });
});

it('the id of a place is that of the receiver that had it; where none ever ran there is none', async () => {
  const home = temporaryFolder();
  const slot = await taken(home);
  expect(await readReceiverId(slot)).toBe(slot.receiverId);
  expect(await readReceiverId(placeOf(home, '2'))).toBeUndefined();
});
