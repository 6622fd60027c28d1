/** Processes that tests start and kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { entryCommand } from '../../src/process/programs/entry.js';

export interface SpawnedProgram {
  readonly pid: number;
  /** Everything printed so far, both streams. */
  output(): string;
  /** Waits for text in the output. Rejects when the program ends without it. */
  waitFor(text: string | RegExp): Promise<void>;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** The exit code; null after a signal. */
  readonly exitCode: Promise<number | null>;
}

/**
 * Runs one of the project's entries from source. What still runs when the test has finished is killed, with its group.
 *
 * @param entry path without extension, relative to the project's root
 */
export function spawnEntry(entry: string, args: readonly string[], environment: NodeJS.ProcessEnv): SpawnedProgram {
  const command = entryCommand(entry);
  return spawnProgram(command.file, [...command.args, ...args], environment);
}

export function spawnProgram(file: string, args: readonly string[], environment: NodeJS.ProcessEnv): SpawnedProgram {
  const child = spawn(file, args, {
    detached: true,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} cannot be started`);
  onTestFinished(() => killGroup(pid));
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const exitCode = once(child, 'close').then(([code]) => code as number | null);
  return {
    pid,
    output: () => printed,
    waitFor: (text) => waitForOutput(child, () => printed, text),
    end: async (signal) => {
      child.kill(signal);
      return exitCode;
    },
    exitCode,
  };
}

/** SIGKILL to a process group; gone already is fine. */
export function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chatlio-aep-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function waitForOutput(child: ChildProcess, printed: () => string, text: string | RegExp): Promise<void> {
  const found = () => (typeof text === 'string' ? printed().includes(text) : text.test(printed()));
  await new Promise<void>((resolve, reject) => {
    const check = () => {
      if (found()) resolve();
    };
    child.stdout?.on('data', check);
    child.stderr?.on('data', check);
    child.once('close', () => reject(new Error(`it ended without printing ${String(text)}:\n${printed()}`)));
    check();
  });
}
