/** The programs that are measured, compiled as a release is: what tsx adds for debugging would be measured with them. */
import { execFile } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleWorkflowCode } from '@temporalio/worker';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Inside the project, so that its packages are found. */
const OUT = join(ROOT, '.chatlio-aep', 'bench-build');
const run = promisify(execFile);

export interface Programs {
  /** @param entry without extension, relative to the project's root */
  pathOf(entry: string): string;
}

export async function buildPrograms(): Promise<Programs> {
  await run(process.execPath, [
    join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'),
    '--project',
    join(ROOT, 'bench', 'tsconfig.json'),
    '--outDir',
    OUT,
  ]);
  cpSync(join(ROOT, 'src/store/migrations'), join(OUT, 'src/store/migrations'), { recursive: true });
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(OUT, 'src/workflows/index.js'),
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} },
  });
  writeFileSync(join(OUT, 'src/workflows/bundle.js'), code);
  return { pathOf: (entry) => join(OUT, `${entry}.js`) };
}
