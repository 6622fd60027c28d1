/** `npm start`: the whole stack in the foreground, ended by Ctrl-C. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { readConfiguration } from './configuration.js';
import { runEntry } from './cli/runEntry.js';
import { codedError, EXIT_CODES } from './domain/errors.js';
import { printable } from './domain/printable.js';
import { watchInterruption } from './process/interruption.js';
import { startStack } from './dev/stack.js';
import { welcome } from './dev/welcome.js';

const say = (line: string) => process.stderr.write(`${printable(line)}\n`);

/** @throws CodedError `CAEP_USAGE` */
function readOptions(): { readonly 'real-time'?: boolean } {
  try {
    return parseArgs({ options: { 'real-time': { type: 'boolean' } } }).values;
  } catch (cause) {
    const reason = `npm start takes one option, --real-time: ${(cause as Error).message.split('.')[0]}`;
    throw codedError('CAEP_USAGE', { reason }, { cause });
  }
}

async function main(): Promise<number> {
  const options = readOptions();
  const interruption = watchInterruption({
    signals: process,
    monotonicMs: () => performance.now(),
    // What it leaves behind is ended by the next start.
    endAtOnce: () => process.exit(EXIT_CODES.interrupted),
  });
  const interrupted = once(interruption, 'abort');
  const stack = await startStack({
    configuration: readConfiguration(process.env),
    environment: process.env,
    shortWindows: options['real-time'] !== true,
    log: say,
    signal: interruption,
  });
  for (const line of welcome(stack.environment)) say(line);
  await interrupted;
  say('Stopping everything (press Ctrl-C again to stop at once)');
  await stack.stop();
  return EXIT_CODES.done;
}

await runEntry(async () => {
  process.exitCode = await main().catch((error: unknown) => {
    // Ctrl-C during the start: what ran already has been ended.
    if (error instanceof Error && error.name === 'AbortError') return EXIT_CODES.interrupted;
    throw error;
  });
});
