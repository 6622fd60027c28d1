/** What people and machines ask an installation for, and how long the answer takes. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Stack } from '../stack.js';

const run = promisify(execFile);
const ANSWER_BYTES = 256 * 2 ** 20;

export interface Asked {
  readonly ms: number;
  readonly bytes: number;
}

/** The command line, as it is installed: from its start to its end. */
export async function askCommand({ clientPath, environment }: Stack, args: readonly string[]): Promise<Asked> {
  const startedMs = performance.now();
  const { stdout } = await run(process.execPath, [clientPath, ...args], {
    env: { ...process.env, ...environment },
    maxBuffer: ANSWER_BYTES,
  });
  return { ms: performance.now() - startedMs, bytes: stdout.length };
}

/** Of the first worker. */
export async function askMetrics({ workerMetricsPorts }: Stack): Promise<Asked> {
  const startedMs = performance.now();
  const text = await (await fetch(`http://127.0.0.1:${workerMetricsPorts[0]}/metrics`)).text();
  return { ms: performance.now() - startedMs, bytes: text.length };
}
