import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { replaceFile, withFileBeside } from '../../../src/process/files/wholeFile.js';
import { spawnEntry, temporaryFolder } from '../../support/processes.js';

it.each(['made', 'put in place'])('a file that cannot be %s is named itself, not what is written beside it', (step) => {
  const folder = temporaryFolder();
  const file = step === 'made' ? join(folder, 'nowhere', 'file') : folder;
  const write = () => (step === 'made' ? withFileBeside(file, 'text', () => undefined) : replaceFile(file, 'text'));
  expect(write).toThrow(
    expect.objectContaining({ path: file, message: expect.not.stringContaining('.part') as string }),
  );
});

it('of two processes that replace a file at once neither fails, and it is always one of theirs, whole', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'file');
  const texts = ['a'.repeat(20_000), 'b'.repeat(30_000)];
  replaceFile(file, texts[0] as string);
  const seen = new Set<string>();
  const programs = texts.map((text) => spawnEntry('test/process/replaceFiles', [file, text, '150'], {}));
  const ended = Promise.all(programs.map((program) => program.exitCode));
  const looks = setInterval(() => seen.add(readFileSync(file, 'utf8')), 1);
  const exitCodes = await ended;
  clearInterval(looks);
  expect(texts).toEqual(expect.arrayContaining([...seen]));
  expect(exitCodes, programs.map((program) => program.output()).join('\n')).toEqual([0, 0]);
  expect(readdirSync(folder)).toEqual(['file']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
