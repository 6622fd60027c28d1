/** A real limit: a write that meets it takes a part of what it is given, without an error. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { entryCommand } from '../../../src/process/programs/entry.js';
import { appendDurably } from '../../../src/receiver/appendDurably.js';
import { decodeBatches } from '../../../src/receiver/journal/entries.js';
import { openSpool } from '../../../src/receiver/spool/spool.js';
import { spawnProgram, temporaryFolder } from '../../support/processes.js';
import { silentLog } from '../../support/store.js';

/** Each file at most 1 or 2 MiB, by what the shell counts in. */
async function fill(what: 'spool' | 'journal', folder: string): Promise<string> {
  const { file, args } = entryCommand('test/receiver/disk/fillDisk');
  const limited = ['-c', 'ulimit -f 2048; exec "$0" "$@"', file, ...args, what, folder];
  const program = spawnProgram('sh', limited, {});
  expect(await program.exitCode, program.output()).toBe(0);
  return program.output();
}

const numbers = (output: string, word: string) =>
  [...output.matchAll(new RegExp(`${word} (\\d+)`, 'g'))].map((match) => Number(match[1]));

describe('where files cannot grow', () => {
  it('the spool has every group that it took, refuses what did not fit, and goes on in another segment', async () => {
    const folder = temporaryFolder();
    const output = await fill('spool', folder);
    const [took, refused] = [numbers(output, 'took'), numbers(output, 'refused')];
    expect(refused.length).toBeGreaterThan(1);
    expect(took.length + refused.length).toBe(40);
    expect(took.at(-1)).toBeGreaterThan(refused[0] as number);
    const spool = await openSpool({ folder, maxBytes: 1e9, sourceOf: () => 1, log: silentLog });
    expect(spool.depth()).toEqual(JSON.parse(/\{.*\}/.exec(output)?.[0] as string));
    const found: number[] = [];
    for (let records = await spool.peek(9); records.length > 0; records = await spool.peek(9)) {
      found.push(...records.map((record) => record[0] as number));
      await spool.drop(records.length);
    }
    expect(found).toEqual(took);
    expect(await readdir(folder)).toEqual([]);
  });

  it('the journal has every entry once, in the next file what one could not take', async () => {
    const folder = temporaryFolder();
    expect(await fill('journal', folder)).toContain('cannot be written');
    const groups: number[] = [];
    for (const name of (await readdir(folder)).sort()) {
      const content = await readFile(join(folder, name));
      const { entries, readBytes } = decodeBatches(content);
      expect(readBytes).toBe(content.length);
      for (let at = 0; at < entries.length; at += 42 * 2_000) groups.push(entries.readUIntBE(at + 36, 6));
    }
    expect(groups).toEqual(Array.from({ length: 40 }, (_, group) => group));
  });
});

describe('appending durably', () => {
  function fileThatTakes(...counts: number[]) {
    const calls: string[] = [];
    return {
      calls,
      handle: {
        write: (content: Uint8Array, offset: number) => {
          const bytesWritten = counts.shift();
          if (bytesWritten === undefined) return Promise.reject(new Error('ENOSPC'));
          calls.push(Buffer.from(content.subarray(offset, offset + bytesWritten)).toString());
          return Promise.resolve({ bytesWritten, buffer: content });
        },
        datasync: () => Promise.resolve(void calls.push('sync')),
      } as unknown as Parameters<typeof appendDurably>[0],
    };
  }

  it('goes on after a short write, and syncs once', async () => {
    const { handle, calls } = fileThatTakes(2, 3, 1);
    await appendDurably(handle, Buffer.from('abcdef'));
    expect(calls).toEqual(['ab', 'cde', 'f', 'sync']);
  });

  it.each([[[2]], [[2, 0]], [[0]]])('fails where writes take %j of six bytes and no more', async (counts) => {
    const { handle, calls } = fileThatTakes(...counts);
    await expect(appendDurably(handle, Buffer.from('abcdef'))).rejects.toThrow(/ENOSPC|takes no more/);
    expect(calls).not.toContain('sync');
  });
});
