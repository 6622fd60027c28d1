/** How one of the project's own programs is started as a process of its own. */
import { fileURLToPath } from 'node:url';
import { IS_SOURCE, programFile } from '../packageFiles.js';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * The command line for an entry: from source through tsx, from a build with plain Node.
 *
 * @param entry as for `programFile`
 */
export function entryCommand(entry: string): Command {
  const program = fileURLToPath(programFile(entry));
  // tsx is resolved from here, so that it is found whatever the working directory is.
  return { file: process.execPath, args: IS_SOURCE ? ['--import', import.meta.resolve('tsx'), program] : [program] };
}
