/** Compiles the project's programs as a release is: tsx would compile them at each start, and add what is for debugging. */
import { execFile } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DefaultLogger } from '@temporalio/worker';
import { bundleWorkflows } from '../src/temporal/workflowBundle.js';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const run = promisify(execFile);

export interface Programs {
  readonly folder: string;
  /** @param entry without extension, relative to the project's root */
  pathOf(entry: string): string;
}

/** @param folder of the project, with a `tsconfig.json` that names what is compiled: `bench` */
export async function buildPrograms(folder: string): Promise<Programs> {
  // Inside the project, so that its packages are found.
  const out = join(ROOT, '.chatlio-aep', `${folder}-build`);
  await compile(`${folder}/tsconfig.json`, out);
  await addWorkflows(out);
  return { folder: out, pathOf: (entry) => join(out, `${entry}.js`) };
}

/**
 * All but the workflow code.
 *
 * @param project path of the `tsconfig.json`, from the project's root
 */
export async function compile(project: string, out: string): Promise<void> {
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [compiler, '--project', join(ROOT, project), '--outDir', out]);
  // Read by the code, not imported.
  cpSync(join(ROOT, 'src/store/migrations'), join(out, 'src/store/migrations'), { recursive: true });
}

/** Made by exactly the SDK that will run it. */
export async function addWorkflows(out: string): Promise<void> {
  const { code } = await bundleWorkflows({ logger: new DefaultLogger('ERROR') });
  writeFileSync(join(out, 'src/workflows/bundle.js'), code);
}
