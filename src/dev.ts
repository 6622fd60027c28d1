/** `npm start`: the whole stack in the foreground, ended by Ctrl-C. */
import { parseArgs } from 'node:util';
import { readConfiguration } from './configuration.js';
import { runEntry } from './cli/runEntry.js';
import { codedError } from './domain/errors.js';
import { inForeground } from './dev/foreground.js';
import { startStack } from './dev/stack.js';
import { welcome } from './dev/welcome.js';

/** @throws CodedError `CAEP_USAGE` */
function readOptions(): { readonly 'real-time'?: boolean } {
  try {
    return parseArgs({ options: { 'real-time': { type: 'boolean' } } }).values;
  } catch (cause) {
    const reason = `npm start takes one option, --real-time: ${(cause as Error).message.split('.')[0]}`;
    throw codedError('CAEP_USAGE', { reason }, { cause });
  }
}

await runEntry(async () => {
  const options = readOptions();
  process.exitCode = await inForeground(
    (given) =>
      startStack({
        ...given,
        configuration: readConfiguration(process.env),
        environment: process.env,
        shortWindows: options['real-time'] !== true,
      }),
    (environment) => welcome(environment),
  );
});
