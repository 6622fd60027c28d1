/** The product's own command line as a subprocess. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import pLimit from 'p-limit';
import { entryCommand } from '../../src/process/programs/entry.js';

/** A command starts in a second of processor time, and tells within five that nobody answers: few at once. */
const AT_ONCE = 2;
const inTurn = pLimit(AT_ONCE);

/** @returns what is wrong: the exit code, and what it printed, when it is not 0 */
export function runClient(
  { environment }: { readonly environment: NodeJS.ProcessEnv },
  args: readonly string[],
): Promise<string[]> {
  return inTurn(() => runNow(environment, args));
}

async function runNow(environment: NodeJS.ProcessEnv, args: readonly string[]): Promise<string[]> {
  const command = entryCommand('src/client');
  const child = spawn(command.file, [...command.args, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  return code === 0 ? [] : [`${args[0]} ended with ${code}: ${printed.trim().split('\n').slice(-4).join(' | ')}`];
}
