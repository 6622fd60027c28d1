import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { afterEach, describe, expect, it } from 'vitest';
import { withTemporal } from '../support/temporal.js';

const temporal = withTemporal();
const fileOf = (name: string): string => fileURLToPath(new URL(`./overtaken/${name}`, import.meta.url));
const running: ChildProcess[] = [];

/** @returns what stands in the first group of the line that is waited for */
async function startWorker(taskQueue: string, line: RegExp): Promise<{ child: ChildProcess; said: string }> {
  const args = ['--import', 'tsx', fileOf('worker.ts'), temporal().address, taskQueue];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  running.push(child);
  for await (const said of createInterface(child.stdout)) {
    const found = line.exec(said);
    if (found !== null) return { child, said: found[1] ?? '' };
  }
  throw new Error('the worker has ended');
}

afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  }
});

describe('a query that waits for a worker', () => {
  it('is answered, and does not change what the workflow does', async () => {
    const { client } = temporal();
    const taskQueue = `overtaken-${randomUUID()}`;
    const handle = await client.workflow.start('overtaken', { taskQueue, workflowId: taskQueue });
    const { child, said: token } = await startWorker(taskQueue, /^token (.+)$/);
    child.kill('SIGKILL');
    await once(child, 'exit');

    const startedMs = Date.now();
    // Nobody is there to answer it; what happens meanwhile happens later than the last workflow task, by more than LONG_MS.
    const query = handle.query('state');
    await expect.poll(() => Date.now() - startedMs, { timeout: 10_000 }).toBeGreaterThan(2_000);
    await client.activity.complete(Buffer.from(token, 'base64'), undefined);
    await startWorker(taskQueue, /^(polls) now$/);
    await handle.result();
    expect(await query).toBe('well');

    const history = await handle.fetchHistory();
    await expect(Worker.runReplayHistory({ workflowsPath: fileOf('workflow.ts') }, history)).resolves.toBeUndefined();
  }, 90_000);
});
