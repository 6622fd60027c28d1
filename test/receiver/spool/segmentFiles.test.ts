import { linkSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  asideOf,
  freeNumberIn,
  isUnreadable,
  keepAside,
  leftIn,
  moveFile,
  numberOf,
  segmentFile,
  segmentsIn,
  takesAFile,
  unfinishedIn,
  unreadableIn,
} from '../../../src/receiver/spool/segmentFiles.js';
import { temporaryFolder } from '../../support/processes.js';

function folderWith(...names: string[]): string {
  const folder = temporaryFolder();
  for (const name of names) writeFileSync(join(folder, name), name);
  return folder;
}

describe('the folder of a spool', () => {
  const names = [
    '0000000010.seg',
    '0000000002.seg',
    '0000000003.seg.damaged',
    '0000000001.seg.unreadable',
    '0000000001.seg.2.unreadable',
    'named by a person.unreadable',
    // Of others, or of no use.
    '2.seg',
    '0000000004.seg.part',
    '0000000004.damaged',
    'probe',
  ];
  const inFolder = (folder: string, ...found: string[]) => found.map((name) => join(folder, name));

  it('has segments, oldest first, and beside them what is unfinished or kept aside; all of these it leaves to another', async () => {
    const folder = folderWith(...names);
    expect(await segmentsIn(folder)).toEqual(inFolder(folder, '0000000002.seg', '0000000010.seg'));
    expect(await unfinishedIn(folder)).toEqual(inFolder(folder, '0000000003.seg.damaged'));
    const aside = ['0000000001.seg.2.unreadable', '0000000001.seg.unreadable'];
    expect(await unreadableIn(folder)).toEqual(inFolder(folder, ...aside, 'named by a person.unreadable'));
    expect(await leftIn(folder)).toEqual(
      inFolder(
        folder,
        ...aside,
        '0000000002.seg',
        '0000000003.seg.damaged',
        '0000000010.seg',
        'named by a person.unreadable',
      ),
    );
  });

  it('has nothing before it is made; one that cannot be read is no empty one', async () => {
    const folder = folderWith('file');
    for (const find of [segmentsIn, unfinishedIn, unreadableIn, leftIn]) {
      expect(await find(join(folder, 'not made'))).toEqual([]);
      await expect(find(join(folder, 'file'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    }
  });

  it('gives a number that is above all that it has seen, also of what is kept aside, whatever a person has named', async () => {
    expect(await freeNumberIn(folderWith())).toBe(1);
    expect(await freeNumberIn(folderWith('0000000002.seg', '0000000007.seg.unreadable', 'mine.unreadable'))).toBe(8);
    expect(await freeNumberIn(folderWith('0000000012.seg', '0000000007.seg.unreadable'))).toBe(13);
  });
});

describe('the name of a segment', () => {
  it('has its number in ten digits, so that names sort as numbers do, and gives it back', () => {
    expect(segmentFile('/spool', 7)).toBe('/spool/0000000007.seg');
    const numbers = [1, 9, 10, 999_999, 1_000_000, 9_999_999_999];
    const files = numbers.map((number) => segmentFile('/spool/2', number));
    expect(files.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(files);
    expect(files.map(numberOf)).toEqual(numbers);
  });

  it('tells when it is kept aside, with its number', () => {
    const segment = segmentFile('/spool', 7);
    expect(asideOf(segment)).toBe('/spool/0000000007.seg.unreadable');
    expect(numberOf(asideOf(segment))).toBe(7);
    expect([segment, `${segment}.damaged`, asideOf(segment)].map(isUnreadable)).toEqual([false, false, true]);
  });
});

describe('a file that is moved', () => {
  it('is in the other place, and no more in its own', async () => {
    const folder = folderWith('here');
    await moveFile(join(folder, 'here'), join(folder, 'there'));
    expect(readdirSync(folder)).toEqual(['there']);
    expect(readFileSync(join(folder, 'there'), 'utf8')).toBe('here');
  });

  it('takes the place of no other: both stay where and what they are', async () => {
    const folder = folderWith('here', 'there');
    await expect(moveFile(join(folder, 'here'), join(folder, 'there'))).rejects.toMatchObject({ code: 'EEXIST' });
    for (const name of ['here', 'there']) expect(readFileSync(join(folder, name), 'utf8')).toBe(name);
  });
});

it('a disk is tried with a file that is gone afterwards; a folder that is not there takes none', async () => {
  const folder = folderWith('0000000001.seg');
  expect(await takesAFile(folder)).toBe(true);
  expect(readdirSync(folder)).toEqual(['0000000001.seg']);
  expect(await takesAFile(join(folder, 'not there'))).toBe(false);
});

describe('a file that is kept aside', () => {
  it('replaces none that was kept before', async () => {
    const folder = temporaryFolder();
    const file = join(folder, '0000000001.seg');
    const kept: string[] = [];
    for (const content of ['first', 'second', 'third']) {
      writeFileSync(file, content);
      kept.push(await keepAside(file));
    }
    expect(kept.map((one) => readFileSync(one, 'utf8'))).toEqual(['first', 'second', 'third']);
    expect(readdirSync(folder)).toEqual([
      '0000000001.seg.2.unreadable',
      '0000000001.seg.3.unreadable',
      '0000000001.seg.unreadable',
    ]);
  });

  it('is kept once, also where a crash has left it in both places', async () => {
    const folder = temporaryFolder();
    const file = join(folder, '0000000001.seg');
    writeFileSync(file, 'one');
    linkSync(file, `${file}.unreadable`);
    expect(await keepAside(file)).toBe(`${file}.unreadable`);
    expect(readdirSync(folder)).toEqual(['0000000001.seg.unreadable']);
  });
});
