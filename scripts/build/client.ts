/**
 * The client in few files: Node needs more time to find and read a thousand small files than a command needs for its work.
 *
 * Its code is that of the sources, and of the packages that they need. The other programs run for long, and are shipped as compiled.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { packageFile } from '../../src/process/packageFiles.js';

/** As deep as the sources are, because they look for the package's files from where they lie. */
const FOLDER = 'src/bundled';
/** What lies in a package of its own where it is installed, looks for files of its own, or is a native library. */
const LEFT_OUT = ['node-pg-migrate', '@temporalio/worker', '@temporalio/testing', 'pg-native'];
/** Packages that are no ECMAScript modules ask for others by `require`. */
const REQUIRE = `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`;

/**
 * @param out folder of the build
 * @returns what is in it
 */
export async function bundleClient(out: string): Promise<Metafile> {
  const outdir = join(out, FOLDER);
  const { metafile } = await build({
    absWorkingDir: packageFile('.'),
    entryPoints: ['src/client.ts'],
    outdir,
    metafile: true,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    external: LEFT_OUT,
    // There is less to read. Names stay, which errors are told by.
    minifyWhitespace: true,
    minifySyntax: true,
    banner: { js: REQUIRE },
    logLevel: 'warning',
  });
  writeFileSync(join(outdir, 'THIRD-PARTY-NOTICES.txt'), notices(metafile));
  return metafile;
}

/** The licences of the packages whose code is in the bundle, as those ask for. */
function notices({ inputs }: Metafile): string {
  const folders = Object.keys(inputs).map((file) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  const packages = [...new Set(folders.filter((folder) => folder !== undefined))].toSorted();
  return packages.map((folder) => notice(packageFile(folder))).join(`\n${'-'.repeat(80)}\n\n`);
}

function notice(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license: string;
  };
  const file = readdirSync(folder).find((one) => /^(licence|license)/i.test(one));
  const text = file === undefined ? '' : `\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  return `${name} ${version}, ${license}\n${text}`;
}
