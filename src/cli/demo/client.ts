/** Runs our own client as a person would: in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { entryCommand } from '../../process/programs/entry.js';

export interface ClientRun {
  readonly exitCode: number;
  readonly stdout: string;
}

/** @param shown whether its words go to our stderr as they come */
export async function runClient(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  shown: boolean,
  signal: AbortSignal,
): Promise<ClientRun> {
  const { file, args: entry } = entryCommand('src/client');
  const child = spawn(file, [...entry, ...args], {
    env: environment,
    stdio: ['ignore', shown ? 2 : 'pipe', shown ? 2 : 'pipe'],
    signal,
    killSignal: 'SIGINT',
  });
  let stdout = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  if (exitCode !== 0 && !shown) process.stderr.write(stderr);
  return { exitCode: exitCode ?? 1, stdout };
}
