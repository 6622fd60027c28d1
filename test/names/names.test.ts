/** What a release has named stays named so. The list of a release is written once, with it, and never again. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../src/process/packageFiles.js';
import { collectNames, type Names } from './collect.js';

const FOLDERS = ['src', 'docs', 'schema'];
const tree = new Map(
  FOLDERS.flatMap((folder) =>
    readdirSync(packageFile(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|sql|md|json)$/.test(name))
      .map((name) => [`${folder}/${name}`, readFileSync(packageFile(`${folder}/${name}`), 'utf8')] as const),
  ),
);
const names = collectNames(tree);

it('are found of every kind', () => {
  expect(Object.entries(names).filter(([, found]) => found.length === 0)).toEqual([]);
});

describe.each(['0.1.0', '0.1.1'])('the names of %s', (release) => {
  const released = JSON.parse(readFileSync(packageFile(`test/names/v${release}.json`), 'utf8')) as Names;

  it.each(Object.entries(released))('are all there still: %s', (kind, promised) => {
    expect(promised.filter((name) => names[kind]?.includes(name) !== true)).toEqual([]);
  });
});
