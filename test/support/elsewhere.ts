/** Programs of another container, as far as files and pids go: they share the disk with us, and have a pid namespace of their own. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { entryCommand } from '../../src/process/programs/entry.js';
import { type SpawnedProgram, spawnProgram } from './processes.js';

const UNSHARE = ['--user', '--map-root-user', '--pid', '--fork', '--kill-child', '--mount-proc'];
/** Not on macOS, and not where user namespaces are forbidden. */
const hasNamespaces = spawnSync('unshare', [...UNSHARE, 'true']).status === 0;

/**
 * Runs one of the project's entries from source, elsewhere. Where that cannot be had it runs here, and its lock says that it
 * runs elsewhere: that is all that the others see of it.
 *
 * @param locks the files with which it says where it runs, once it has printed `ready`
 */
export async function spawnElsewhere(
  entry: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  { ready, locks }: { readonly ready: string | RegExp; readonly locks: readonly string[] },
): Promise<SpawnedProgram> {
  const command = entryCommand(entry);
  const [file, ...before] = hasNamespaces ? ['unshare', ...UNSHARE, command.file] : [command.file];
  const program = spawnProgram(file, [...before, ...command.args, ...args], environment);
  await program.waitFor(ready);
  if (!hasNamespaces) for (const lock of locks) disguise(lock);
  return program;
}

function disguise(lock: string): void {
  const { size, atime, mtime } = statSync(lock);
  const holder = JSON.parse(readFileSync(lock, 'utf8')) as object;
  writeFileSync(lock, JSON.stringify({ ...holder, namespace: 'elsewhere' }).padEnd(size));
  utimesSync(lock, atime, mtime);
}
