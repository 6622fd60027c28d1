/** What programs load, as the bundler reads it: types are no part of it, and what is loaded when needed is. */
import { isBuiltin } from 'node:module';
import { build } from 'esbuild';
import { packageFile } from '../../src/process/packageFiles.js';

export interface Loaded {
  /** Our own files, from the package's folder. */
  readonly files: readonly string[];
  /** Names of packages, without what those load. */
  readonly packages: readonly string[];
}

/** @param entries from the package's folder, for example `src/worker.ts` */
export async function loadedBy(entries: readonly string[]): Promise<Loaded> {
  const { metafile } = await build({
    absWorkingDir: packageFile('.'),
    entryPoints: [...entries],
    outdir: 'dist',
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports);
  const named = imported.filter(({ external, path }) => external === true && !isBuiltin(path));
  const packages = named.map(({ path }) => /^(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path);
  return { files: Object.keys(metafile.inputs), packages: [...new Set(packages)].toSorted() };
}
