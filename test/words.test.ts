/** docs/words.md names the word for each thing, and those that are not to be used: readers meet one of them only. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../src/process/packageFiles.js';

const read = (path: string): string => readFileSync(packageFile(path), 'utf8');

const rows = read('docs/words.md').matchAll(/^\| ([^|]+) \| [^|]+ \| ([^|]+) \|$/gm);
const avoided = [...rows]
  .flatMap(([, word = '', not = '']) => not.split(', ').map((one) => ({ word, not: one.replace(/ \(.*/, '').trim() })))
  .filter(({ word, not }) => word !== 'word' && !word.startsWith('---') && not !== '');

/** What users and operators read. */
const texts = [
  'README.md',
  'ARCHITECTURE.md',
  'ops/prometheus-alerts.yaml',
  'examples/support-chat.yaml',
  'schema/manifest.schema.json',
  'src/domain/errors.ts',
  ...readdirSync(packageFile('docs'))
    .filter((name) => name.endsWith('.md') && name !== 'words.md')
    .map((name) => `docs/${name}`),
  ...['src/cli', 'src/manifest'].flatMap((folder) =>
    readdirSync(packageFile(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`),
  ),
];

describe('the words of docs/words.md', () => {
  it('are read from its table', () => {
    expect(avoided).toContainEqual({ word: 'default', not: 'standard' });
  });

  it.each(avoided)('$word, not $not', ({ not }) => {
    // "standard output" has its own name.
    const pattern = new RegExp(`\\b${not}(?:s|ed|ing)?\\b(?! (?:output|error))`, 'i');
    expect(texts.filter((path) => pattern.test(read(path)))).toEqual([]);
  });
});
