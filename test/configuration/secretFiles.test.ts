import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readConfiguration } from '../../src/configuration.js';
import { SECRET_VARIABLES } from '../../src/configuration/secretFiles.js';

const folder = mkdtempSync(join(tmpdir(), 'chatlio-aep-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(content: string | Buffer): string {
  const path = join(folder, String(content.length));
  writeFileSync(path, content);
  return path;
}

const problemsOf = (environment: Record<string, string>): unknown => {
  try {
    return readConfiguration(environment);
  } catch (error) {
    return (error as { readonly error: { readonly problems: unknown } }).error.problems;
  }
};

it('a secret is taken from the file that NAME_FILE names, without the line end that an editor adds', () => {
  const { databaseUrl, adobe, temporal } = readConfiguration({
    DATABASE_URL_FILE: fileOf('postgres://chat:secret@db:5432/chat\n'),
    ADOBE_CLIENT_ID: 'id',
    ADOBE_ORG_ID: '1A2B@AdobeOrg',
    ADOBE_CLIENT_SECRET_FILE: fileOf('s3cret\n'),
    TEMPORAL_API_KEY_FILE: fileOf('key'),
  });
  expect({ databaseUrl, secret: adobe?.clientSecret, key: temporal.sdkVariables['TEMPORAL_API_KEY'] }).toEqual({
    databaseUrl: 'postgres://chat:secret@db:5432/chat',
    secret: 's3cret',
    key: 'key',
  });
});

it.each([...SECRET_VARIABLES])('%s is not taken from a file and from its variable at once', (name) => {
  const path = `${name}_FILE`;
  const environment = { [name]: 'postgres://a:b@c:5432/d', [path]: fileOf('postgres://a:b@c:5432/d') };
  expect(problemsOf(environment)).toContainEqual({ path, expected: `${name} or ${path}, not both`, got: 'both' });
});

it.each([
  ['is missing', () => join(folder, 'missing'), 'ENOENT'],
  ['is a folder', () => folder, 'EISDIR'],
  ['is empty', () => fileOf(' \n'), 'empty'],
  ['is no secret, by its size', () => fileOf(Buffer.alloc(70_000, 'x')), 'of 70000 bytes'],
])('a file that %s is named with its variable, and nothing of what it holds', (_what, file, got) => {
  expect(problemsOf({ DATABASE_URL_FILE: file() })).toEqual([
    { path: 'DATABASE_URL_FILE', expected: 'a file that holds the value', got: expect.stringContaining(got) as string },
  ]);
});

it('what stands in a file is checked as a variable is, and is not shown', () => {
  const problems = problemsOf({ DATABASE_URL_FILE: fileOf('mysql://chat:secret@db/chat') });
  expect(problems).toMatchObject([{ path: 'DATABASE_URL', got: '(a secret, not shown)' }]);
});
