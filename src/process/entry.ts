/** How one of the project's own programs is started as a process of its own. */
import { fileURLToPath } from 'node:url';

const fromSource = import.meta.url.endsWith('.ts');

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * The command line for an entry: from source through tsx, from a build with plain Node.
 *
 * @param entry path without extension, relative to the project's root, for example `src/worker`
 */
export function entryCommand(entry: string): Command {
  // tsx is resolved from here, so that it is found whatever the working directory is.
  const root = new URL('../../', import.meta.url);
  const program = fileURLToPath(new URL(`${entry}${fromSource ? '.ts' : '.js'}`, root));
  return { file: process.execPath, args: fromSource ? ['--import', import.meta.resolve('tsx'), program] : [program] };
}
