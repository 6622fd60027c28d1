import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findFiles } from '../../../src/receiver/journal/journal.js';
import { temporaryFolder } from '../../support/processes.js';

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

describe('the files that a journal finds', () => {
  it('are in the order of their numbers, also where one has a digit more, or the clock was set back', async () => {
    const folder = folderWith({
      '20261121T12-1000000.journal': 'abc',
      '20261121T12-999999.journal': 'a',
      '20261121T11-1000001.journal': 'ab',
    });
    expect(await findFiles(folder)).toEqual([
      { name: '20261121T12-999999', path: join(folder, '20261121T12-999999.journal'), bytes: 1 },
      { name: '20261121T12-1000000', path: join(folder, '20261121T12-1000000.journal'), bytes: 3 },
      { name: '20261121T11-1000001', path: join(folder, '20261121T11-1000001.journal'), bytes: 2 },
    ]);
  });

  it('are not those without entries, which are removed, nor any of another name, which stay', async () => {
    const others = { 'notes.txt': '', '20261121T12-000003.journal.part': '', '20261121T12-03.journal': 'a' };
    const folder = folderWith({ '20261121T12-000001.journal': 'a', '20261121T12-000002.journal': '', ...others });
    expect((await findFiles(folder)).map(({ name }) => name)).toEqual(['20261121T12-000001']);
    expect(new Set(readdirSync(folder))).toEqual(new Set(['20261121T12-000001.journal', ...Object.keys(others)]));
  });

  it('are none before the folder is made; a folder that cannot be read is no empty one', async () => {
    const folder = folderWith({ file: '' });
    expect(await findFiles(join(folder, 'not made'))).toEqual([]);
    await expect(findFiles(join(folder, 'file'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
