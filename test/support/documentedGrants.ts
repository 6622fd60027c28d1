/** The statements that docs/postgresql.md tells an administrator to run for roles of their own, with other names. */
import { readFileSync } from 'node:fs';
import { packageFile } from '../../src/process/packageFiles.js';

interface Grants {
  readonly server: readonly string[];
  readonly inDatabase: readonly string[];
}

/** @param names by what stands in the page; the longest first */
export function documentedGrants(names: Readonly<Record<string, string>>): Grants {
  const page = readFileSync(packageFile('docs/postgresql.md'), 'utf8');
  const [, block = ''] = /```sql\n(create role chatlio_aep_migrator[^`]*)```/.exec(page) ?? [];
  const renamed = Object.entries(names).reduce(
    (text, [from, to]) => text.replaceAll(new RegExp(`\\b${from}\\b`, 'g'), to),
    block.replaceAll(/--.*$/gm, ''),
  );
  const [server = '', inDatabase = ''] = renamed.split(/^\\connect .*$/m).map((part) => part);
  return { server: statements(server), inDatabase: statements(inDatabase) };
}

function statements(text: string): string[] {
  return text
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}
