/** What is to be known in one place only: a copy detector does not see that the second way of doing it is the same. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FILES = ['src', 'simulator', 'chaos', 'bench', 'scripts'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
);

const ONCE: readonly (readonly [what: string, pattern: RegExp, file: string | undefined])[] = [
  ['the message of an unknown error', /instanceof Error( && \w+\.message !== '')? \? \w+\.message : /, 'messageOf.ts'],
  // p-limit: `pLimit(1)`
  ['a chain of promises for one thing after the other', /(\w+) = \1\s*\.then\(|= \w+\.then\(work\)/, undefined],
  [
    'writing a small file that is there whole or not at all',
    /import \{[^}]*\b(link|rename)Sync\b[^}]*\bwriteFileSync\b[^}]*\}/,
    'wholeFile.ts',
  ],
  ['a bound on waiting', /Promise\.race\(\[[^\]]*(delay\(|late\b|timeout\b|timer\b|over\b)/, 'within.ts'],
  ['a search attribute', /'(SourceName|SourcePhase|HeldReason|SourceDrift)'/, 'searchAttributes.ts'],
  [
    'where the package is',
    /new URL\([^)]*(package\.json|examples|schema)|import\.meta\.url\.endsWith/,
    'packageFiles.ts',
  ],
  ['finding a source by its uid', /from source where uid = \$1['`]/, 'sources.ts'],
  [
    'the failure for a source that the database does not know',
    /nonRetryable\('the source is not in the store'/,
    'sourceInStore.ts',
  ],
  ['telling Temporal that an activity goes on', /setInterval\([^;]*[bB]eat/, 'heartbeats.ts'],
  ['opening a session of the lake', /\.connectionParameters\(\)/, 'lakeSession.ts'],
  ['a uid that no source has', /'0{8}-0{4}-0{4}-0{4}-0{12}'/, 'steps.ts'],
  ['one of something, or several', /=== 1 \? '' : 's'|=== 1 \? one : many/, 'counted.ts'],
  [
    'which exceptions were delivered and are not confirmed',
    /resolution = 'delivered' and (\w+\.)?confirmed_at is null/,
    'writing.ts',
  ],
  ['the way from a flow to its dataset', /targetConnectionIds;[^}]*\.getTargetConnection\(/, 'flowDestination.ts'],
];

it.each(ONCE)('%s stands in one file, or in none', (_, pattern, file) => {
  const found = FILES.filter((name) => pattern.test(readFileSync(join(ROOT, name), 'utf8')));
  expect(found.map((name) => basename(name))).toEqual(file === undefined ? [] : [file]);
});
