import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRecord } from '../../../src/receiver/spool/segment.js';
import { openSpool, type Spool, SpoolFull, SpoolLost } from '../../../src/receiver/spool/spool.js';
import { temporaryFolder } from '../../support/processes.js';
import { silentLog } from '../../support/store.js';

const opened = (folder: string, maxBytes = 1_000_000, segmentBytes = 200) =>
  openSpool({ folder, maxBytes, segmentBytes, sourceOf: () => 1, log: silentLog });

const texts = (records: readonly Buffer[]) => records.map(String);

type Step = { do: 'append'; sizes: number[] } | { do: 'read'; count: number } | { do: 'restart' } | { do: 'tear' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('append' as const),
    sizes: fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 6 }),
  }),
  fc.record({ do: fc.constant('read' as const), count: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ do: fc.constant('restart' as const) }),
  fc.record({ do: fc.constant('tear' as const) }),
);

describe('spool', () => {
  it('gives so many bytes at once, and one record at least', async () => {
    const spool = await opened(temporaryFolder(), 1_000_000, 5_000);
    await spool.append([900, 900, 900].map((size) => Buffer.alloc(size, 1)));
    expect(await spool.peek(3, 1_900)).toHaveLength(2);
    expect(await spool.peek(3, 10)).toHaveLength(1);
    await spool.close();
  });

  it('makes of what arrives at once segments that can be held in memory', async () => {
    const folder = temporaryFolder();
    const spool = await opened(folder, 1_000_000, 1_000);
    await Promise.all([1, 2, 3, 4, 5, 6].map((n) => spool.append([Buffer.alloc(600, n)])));
    const sizes = await Promise.all(
      (await readdir(folder)).map(async (name) => (await readFile(join(folder, name))).length),
    );
    expect(Math.max(...sizes)).toBeLessThan(2_000);
    await spool.close();
  });

  it('gives back all it took, in order, through restarts and torn ends; what was dropped may come again, never out of order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const folder = await mkdtemp(join(tmpdir(), 'caep-spool-'));
        let spool = await opened(folder);
        let taken = 0;
        let dropped = 0;
        /** The oldest record that the spool may still give: read, and all of its segment with it, is gone for good. */
        const read = async (count: number) => {
          const numbers = texts(await spool.peek(count)).map(Number);
          expect(numbers[0] ?? taken).toBeLessThanOrEqual(dropped);
          for (const [index, number] of numbers.entries()) expect(number).toBe((numbers[0] as number) + index);
          await spool.drop(numbers.length);
          dropped = Math.max(dropped, (numbers.at(-1) ?? -1) + 1);
        };
        for (const one of steps) {
          if (one.do === 'append') {
            const records = one.sizes.map((size) => Buffer.from(String(taken++).padStart(size, '0')));
            await Promise.all(records.map((record) => spool.append([record])));
          } else if (one.do === 'read') await read(one.count);
          else {
            await spool.close();
            const last = (await readdir(folder))
              .filter((name) => name.endsWith('.seg'))
              .sort()
              .at(-1);
            if (one.do === 'tear' && last !== undefined)
              await appendFile(join(folder, last), Buffer.from([0, 0, 0, 9, 1]));
            spool = await opened(folder);
          }
        }
        expect(spool.depth().records).toBeGreaterThanOrEqual(taken - dropped);
        while (spool.depth().records > 0) await read(3);
        expect(dropped).toBe(taken);
        expect(spool.depth()).toEqual({ records: 0, bytes: 0, bySource: {} });
        await spool.close();
        await rm(folder, { recursive: true });
      }),
      { numRuns: 40 },
    );
  });

  it('refuses what goes beyond its bound, and takes again when there is room', async () => {
    const spool = await opened(temporaryFolder(), 300);
    await spool.append([Buffer.alloc(200)]);
    await expect(spool.append([Buffer.alloc(200)])).rejects.toBeInstanceOf(SpoolFull);
    await spool.drop((await spool.peek(1)).length);
    await spool.append([Buffer.alloc(200)]);
    expect(spool.depth().records).toBe(1);
    await spool.close();
  });

  it('reads no record out of zeros that a crash has left', async () => {
    const folder = temporaryFolder();
    await writeFile(join(folder, '0000000001.seg'), Buffer.concat([encodeRecord(Buffer.from('a')), Buffer.alloc(64)]));
    const sourceOf = (record: Buffer) => record.readUInt8(0);
    const spool = await openSpool({ folder, maxBytes: 1e6, sourceOf, log: silentLog });
    expect(texts(await readAll(spool))).toEqual(['a']);
    expect(spool.damage()).toEqual({ unreadable: 0, vanished: 0 });
  });
});

async function readAll(spool: Spool): Promise<Buffer[]> {
  const read: Buffer[] = [];
  for (let records = await spool.peek(9); records.length > 0; records = await spool.peek(9)) {
    read.push(...records);
    await spool.drop(records.length);
  }
  return read;
}

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const MARK = { offset: 1, bytes: Buffer.from('-mark-') };
const RECORD_BYTES = 8 + 60;

/** A spool that a process has left, with a record of each name. */
async function leftBehind(folder: string, names: readonly string[] = NAMES): Promise<void> {
  const spool = await opened(folder, 1_000_000, 1_000_000);
  for (const name of names) await spool.append([Buffer.from(`${name}-mark-`.padEnd(60, name))]);
  await spool.close();
}

async function change(file: string, at: number, to: number): Promise<void> {
  const content = await readFile(file);
  content[at] = to;
  await writeFile(file, content);
}

describe('a spool whose files have changed on the disk', () => {
  const reopened = (folder: string) =>
    openSpool({ folder, maxBytes: 1e6, sourceOf: () => 1, recordMark: MARK, log: silentLog });
  const namesOf = (records: readonly Buffer[]) => texts(records).map(([name]) => name);

  it.each([
    ['in the first record', 20, 'bcde', 1],
    ['in the middle', 2 * RECORD_BYTES + 30, 'abde', 1],
    ['in the last record', 4 * RECORD_BYTES + 30, 'abcd', 1],
    ['in a checksum', RECORD_BYTES + 5, 'acde', 1],
    ['in a length, which points beyond the end', RECORD_BYTES, 'acde', 1],
    ['in a length, which points into the next record', RECORD_BYTES + 3, 'acde', 1],
  ])(
    'a byte %s costs its record and no other, and is said until a person has removed the file',
    async (_where, at, left, places) => {
      const folder = temporaryFolder();
      await leftBehind(folder);
      await change(join(folder, '0000000001.seg'), at, 0x7f);
      const spool = await reopened(folder);
      expect(spool.depth().records).toBe(4);
      expect(namesOf(await readAll(spool)).join('')).toBe(left);
      expect(spool.depth()).toEqual({ records: 0, bytes: 0, bySource: {} });
      expect(spool.damage()).toEqual({ unreadable: places, vanished: 0 });
      expect(await readdir(folder)).toEqual(['0000000001.seg.unreadable']);
      await spool.close();

      const next = await reopened(folder);
      expect(next.damage().unreadable).toBe(places);
      await rm(join(folder, '0000000001.seg.unreadable'));
      expect(next.damage().unreadable).toBe(0);
    },
  );

  it('keeps every damaged file, also those of a process before whose numbers are free again', async () => {
    const folder = temporaryFolder();
    for (const [names, left] of [
      [['a', 'b', 'c'], 'ac'],
      [['x', 'y', 'z'], 'xz'],
    ] as const) {
      await leftBehind(folder, names);
      const [segment = ''] = (await readdir(folder)).filter((name) => name.endsWith('.seg'));
      await change(join(folder, segment), RECORD_BYTES + 30, 0);
      const spool = await reopened(folder);
      expect(namesOf(await readAll(spool)).join('')).toBe(left);
      await spool.close();
    }
    expect((await reopened(folder)).damage().unreadable).toBe(2);
    const kept = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
    const firsts = new Set(kept.map((content) => /[ax]-mark-/.exec(content)?.[0]));
    expect(firsts).toEqual(new Set(['a-mark-', 'x-mark-']));
  });

  it('takes over what another has kept aside beside its own, at once', async () => {
    const [ours, theirs] = [temporaryFolder(), temporaryFolder()];
    for (const folder of [ours, theirs]) {
      await leftBehind(folder, ['a', 'b']);
      await change(join(folder, '0000000001.seg'), 30, 0);
      const spool = await reopened(folder);
      expect(namesOf(await readAll(spool))).toEqual(['b']);
      await spool.close();
    }
    const spool = await reopened(ours);
    await spool.adopt([join(theirs, '0000000001.seg.unreadable')]);
    expect(spool.damage().unreadable).toBe(2);
    expect(await readdir(theirs)).toEqual([]);
  });

  it('removes no damaged file that could not be kept aside, but tries that again', async () => {
    const folder = temporaryFolder();
    const segment = join(folder, '0000000001.seg');
    await leftBehind(folder, ['a', 'b']);
    await change(segment, 30, 0);
    const spool = await reopened(folder);
    expect(namesOf(await spool.peek(9))).toEqual(['b']);
    await rename(segment, `${segment}.away`);
    // A folder cannot be linked to.
    await mkdir(segment);
    await spool.drop(1);
    expect(spool.damage().unreadable).toBe(0);
    await rmdir(segment);
    await rename(`${segment}.away`, segment);
    await spool.append([Buffer.from('f-mark-')]);
    expect(namesOf(await readAll(spool))).toEqual(['f']);
    expect(spool.damage().unreadable).toBe(1);
    expect(await readdir(folder)).toEqual(['0000000001.seg.unreadable']);
    expect(spool.depth().bytes).toBe(0);
  });

  it('counts no room for a damaged file that a person has removed before it could be kept aside', async () => {
    const folder = temporaryFolder();
    const segment = join(folder, '0000000001.seg');
    await leftBehind(folder, ['a', 'b']);
    await change(segment, 30, 0);
    const spool = await reopened(folder);
    await spool.peek(9);
    await rm(segment);
    await spool.drop(1);
    await spool.append([Buffer.from('f-mark-')]);
    expect(namesOf(await readAll(spool))).toEqual(['f']);
    expect(spool.depth().bytes).toBe(0);
  });

  it('gives what release 0.1.0 has left behind a damaged record', async () => {
    const folder = temporaryFolder();
    await leftBehind(folder);
    await change(join(folder, '0000000001.seg'), 2 * RECORD_BYTES + 30, 0);
    await rename(join(folder, '0000000001.seg'), join(folder, '0000000001.seg.damaged'));
    const spool = await reopened(folder);
    expect(namesOf(await readAll(spool)).join('')).toBe('abde');
    expect(spool.damage().unreadable).toBe(1);
  });

  it('goes on without a segment that somebody has removed, and says how many events were in it', async () => {
    const folder = temporaryFolder();
    const spool = await opened(folder, 1_000_000, 50);
    for (const name of NAMES) await spool.append([Buffer.from(name.repeat(60))]);
    await rm(join(folder, '0000000002.seg'));
    expect(namesOf(await readAll(spool)).join('')).toBe('acde');
    expect(spool.damage()).toEqual({ unreadable: 0, vanished: 1 });
    expect(spool.depth().records).toBe(0);
  });

  it('goes on where a segment that was read cannot be removed', async () => {
    const folder = temporaryFolder();
    const spool = await opened(folder, 1_000_000, 50);
    for (const name of NAMES) await spool.append([Buffer.from(name.repeat(60))]);
    await spool.peek(1);
    await rm(join(folder, '0000000001.seg'));
    // A folder is not removed as a file is.
    await mkdir(join(folder, '0000000001.seg', 'kept'), { recursive: true });
    expect(namesOf(await readAll(spool)).join('')).toBe('abcde');
    expect(spool.depth().records).toBe(0);
    await rm(join(folder, '0000000001.seg'), { recursive: true });
    await spool.append([Buffer.from('f')]);
    expect(texts(await readAll(spool))).toEqual(['f']);
    expect(spool.depth().bytes).toBe(0);
  });
});

describe('a spool that another process has taken over', () => {
  it('promises nothing any more, and leaves every file to the other', async () => {
    const folder = temporaryFolder();
    let isOurs = true;
    const options = { folder, maxBytes: 1e6, segmentBytes: 50, sourceOf: () => 1, log: silentLog };
    const spool = await openSpool({ ...options, isOurs: () => isOurs });
    await spool.append([Buffer.from('a'.repeat(60))]);
    expect(await spool.takesMore()).toBe(true);
    isOurs = false;
    await expect(spool.append([Buffer.from('b'.repeat(60))])).rejects.toBeInstanceOf(SpoolLost);
    expect(await spool.takesMore()).toBe(false);
    await spool.peek(1);
    await expect(spool.drop(1)).rejects.toBeInstanceOf(SpoolLost);
    await expect(spool.peek(1)).rejects.toBeInstanceOf(SpoolLost);
    expect(await readdir(folder)).toContain('0000000001.seg');
  });

  it('is read by the other together with its own, none of whose files it replaces', async () => {
    const [ours, theirs] = [temporaryFolder(), temporaryFolder()];
    await leftBehind(theirs, ['x', 'y']);
    const spool = await opened(ours);
    await spool.append([Buffer.from('a')]);
    await spool.adopt([join(theirs, '0000000001.seg')]);
    await spool.append([Buffer.from('b')]);
    expect(spool.depth().records).toBe(4);
    expect(new Set(texts(await readAll(spool)).map(([name]) => name))).toEqual(new Set(['a', 'b', 'x', 'y']));
    expect(await readdir(theirs)).toEqual([]);
  });
});
