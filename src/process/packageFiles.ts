/** Where this package is on the disk: its files, and its programs from source and from a build. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** From source through tsx; else from a build. */
export const IS_SOURCE = import.meta.url.endsWith('.ts');

/** Holds `src` and `simulator`: the package's folder, or that of a build in it. */
const CODE = new URL('../../', import.meta.url);
const PACKAGE = nearestPackage(CODE);

function nearestPackage(folder: URL): URL {
  const isFound = folder.pathname === '/' || existsSync(new URL('package.json', folder));
  return isFound ? folder : nearestPackage(new URL('../', folder));
}

/** @param path from the package's folder, for example `package.json` */
export function packageFile(path: string): string {
  return fileURLToPath(new URL(path, PACKAGE));
}

/** @param path of a folder, which a build has as the sources have it, for example `src/store/migrations` */
export function codeFolder(path: string): string {
  return fileURLToPath(new URL(path, CODE));
}

/** @param entry path without extension, from the package's folder, for example `src/worker` */
export function ownProgram(entry: string): URL {
  return new URL(`${entry}${IS_SOURCE ? '.ts' : '.js'}`, CODE);
}
