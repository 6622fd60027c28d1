/** A stack in the foreground: it tells what it does, says when it serves, and is ended by Ctrl-C. */
import { once } from 'node:events';
import { EXIT_CODES } from '../domain/errors.js';
import { printable } from '../domain/printable.js';
import { watchInterruption } from '../process/interruption.js';
import type { StackEnvironment } from '../stackEnvironment.js';
import type { StackOptions } from './context.js';
import type { Stack } from './stack.js';

const say = (line: string) => process.stderr.write(`${printable(line)}\n`);

/** @returns the exit code */
export async function inForeground(
  start: (given: Pick<StackOptions, 'log' | 'signal'>) => Promise<Stack>,
  welcome: (environment: StackEnvironment) => readonly string[],
): Promise<number> {
  const interruption = watchInterruption({
    signals: process,
    monotonicMs: () => performance.now(),
    // What it leaves behind is ended by the next start.
    endAtOnce: () => process.exit(EXIT_CODES.interrupted),
  });
  const interrupted = once(interruption, 'abort');
  try {
    const stack = await start({ log: say, signal: interruption });
    for (const line of welcome(stack.environment)) say(line);
    await interrupted;
    say('Stopping everything (press Ctrl-C again to stop at once)');
    await stack.stop();
    return EXIT_CODES.done;
  } catch (error) {
    // Ctrl-C during the start: what ran already has been ended.
    if (error instanceof Error && error.name === 'AbortError') return EXIT_CODES.interrupted;
    throw error;
  }
}
