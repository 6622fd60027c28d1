import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSpool, SpoolFull } from '../../../src/receiver/spool/spool.js';
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

  it('keeps a segment aside whose bytes have changed, and gives what is before and after it', async () => {
    const folder = temporaryFolder();
    const before = await opened(folder, 1_000_000, 100);
    for (const text of ['a'.repeat(60), 'b'.repeat(60), 'c'.repeat(60)]) await before.append([Buffer.from(text)]);
    await before.close();
    const file = join(folder, '0000000001.seg');
    const content = await readFile(file);
    content[100] = 0;
    await writeFile(file, content);
    const spool = await opened(folder);
    const seen: string[] = [];
    for (let records = await spool.peek(9); records.length > 0; records = await spool.peek(9)) {
      seen.push(...texts(records).map((text) => text.slice(0, 1)));
      await spool.drop(records.length);
    }
    expect(seen).toEqual(['a', 'c']);
    expect(await readdir(folder)).toEqual(['0000000001.seg.damaged']);
    await spool.close();
  });
});
