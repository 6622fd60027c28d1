/** How one of the project's own programs is started as a process of its own. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { IS_SOURCE, ownProgram } from '../packageFiles.js';
import { requirePart, SIMULATOR_ENTRY } from './parts.js';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * @param entry as for `ownProgram`
 * @throws CodedError `CAEP_PART_MISSING`
 */
export function programFile(entry: string): URL {
  return entry === SIMULATOR_ENTRY ? pathToFileURL(requirePart('chatlio-aep-simulator')) : ownProgram(entry);
}

/**
 * The command line for an entry: from source through tsx, from a build with plain Node.
 *
 * @param entry as for `programFile`, with its error
 */
export function entryCommand(entry: string): Command {
  const program = fileURLToPath(programFile(entry));
  // tsx is resolved from here, so that it is found whatever the working directory is.
  return { file: process.execPath, args: IS_SOURCE ? ['--import', import.meta.resolve('tsx'), program] : [program] };
}
