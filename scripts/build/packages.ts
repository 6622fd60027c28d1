/**
 * Packages that are shipped beside `chatlio-aep`, each with one program, the files that it loads, and the packages that those need:
 * a receiver needs nothing of Temporal, and only development needs the simulator.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageFile } from '../../src/process/packageFiles.js';
import { loadedBy } from './loaded.js';

export interface Apart {
  readonly name: string;
  readonly entry: string;
  readonly description: string;
}

export const APART: readonly Apart[] = [
  {
    name: 'chatlio-aep-receiver',
    entry: 'src/receiver.ts',
    description: 'The receiver of chatlio-aep alone: takes the webhooks of Chatlio and keeps them.',
  },
  {
    name: 'chatlio-aep-simulator',
    entry: 'simulator/main.ts',
    description: 'Adobe Experience Platform as chatlio-aep needs it, simulated: for development and tests.',
  },
];

const PROJECT = packageFile('.');
/** Read by the code, not imported. */
const MIGRATIONS = { of: 'src/store/schemaFit.ts', folder: 'src/store/migrations' };

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly type: string;
  readonly engines: object;
  readonly dependencies: Readonly<Record<string, string>>;
}

/**
 * @param out folder of the build
 * @returns the package's folder, ready to be packed
 */
export async function writePackage({ name, entry, description }: Apart, out: string): Promise<string> {
  const { version, license, type, engines, dependencies } = readManifest();
  const { files, packages } = await loadedBy([entry]);
  const folder = join(out, 'packages', name);
  const program = `dist/${compiled(entry)}`;
  const manifest = {
    name,
    version,
    description,
    license,
    type,
    engines,
    bin: { [name]: program },
    exports: `./${program}`,
    dependencies: Object.fromEntries(packages.map((one) => [one, versionOf(one, dependencies)])),
  };
  const read = files.includes(MIGRATIONS.of) ? [MIGRATIONS.folder] : [];
  for (const path of [...files.map(compiled), ...read]) {
    cpSync(join(out, path), join(folder, 'dist', path), { recursive: true });
  }
  cpSync(join(PROJECT, 'LICENSE'), join(folder, 'LICENSE'));
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(
    join(folder, 'README.md'),
    `# ${name}\n\n${description}\n\nIts documents are in the package chatlio-aep.\n`,
  );
  return folder;
}

/** Beside the package its lock file, with the versions that this project is tested with: for `npm ci`, as in a container. */
export async function lockPackage(folder: string): Promise<void> {
  cpSync(join(PROJECT, 'package-lock.json'), join(folder, 'package-lock.json'));
  // What the package does not need is removed; nothing has to be looked up for that.
  const args = ['install', '--package-lock-only', '--offline', '--no-audit', '--no-fund'];
  await promisify(execFile)('npm', args, { cwd: folder });
}

/** Of the product itself what it depends on, without what only development needs. @returns the folder */
export function writeDependencies(out: string): string {
  const { name, version, license, dependencies } = readManifest();
  const folder = join(out, 'packages', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version, license, dependencies }));
  return folder;
}

export function readManifest(): Manifest {
  return JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as Manifest;
}

/** What a program that is shipped loads is a dependency of the product, and of no less than it. */
function versionOf(name: string, dependencies: Manifest['dependencies']): string {
  const version = dependencies[name];
  if (version === undefined) throw new Error(`${name} is loaded by what is shipped, and is no dependency of it`);
  return version;
}

const compiled = (source: string): string => source.replace(/\.ts$/, '.js');
