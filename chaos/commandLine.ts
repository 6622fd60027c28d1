/** The product's own command line as a subprocess. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { entryCommand } from '../src/process/entry.js';
import type { SourceUnderTest } from './sourceUnderTest.js';
import type { ChaosStack } from './stack.js';

/** A command starts in a second of processor time, and tells within five that nobody answers: few at once. */
const AT_ONCE = 2;
const turns = Array.from({ length: AT_ONCE }, () => Promise.resolve<unknown>(undefined));

/** @returns what is wrong: the exit code, and what it printed, when it is not 0 */
export function runClient(
  { environment }: Pick<ChaosStack, 'environment'>,
  args: readonly string[],
): Promise<string[]> {
  const run = (turns.shift() ?? Promise.resolve()).then(() => runNow(environment, args));
  turns.push(run.catch(() => undefined));
  return run;
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

/** `provision FILE`, with the source's manifest as a person writes it. */
export async function runProvision(stack: ChaosStack, { document }: SourceUnderTest): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'chatlio-aep-chaos-manifest-'));
  const file = join(folder, 'source.yaml');
  writeFileSync(file, stringify(document));
  try {
    return await runClient(stack, ['provision', file]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
