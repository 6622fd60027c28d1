import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
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

interface Asked {
  readonly query?: Promise<unknown>;
  readonly update?: Promise<unknown>;
}

/** Events of a workflow that go by while no worker is there, and what is asked meanwhile. @returns the answers */
async function askWithoutWorker(
  ask: (handle: WorkflowHandle) => Asked,
): Promise<{ query?: unknown; update?: unknown }> {
  const { client } = temporal();
  const taskQueue = `overtaken-${randomUUID()}`;
  const handle = await client.workflow.start('overtaken', { taskQueue, workflowId: taskQueue });
  const { child, said: token } = await startWorker(taskQueue, /^token (.+)$/);
  child.kill('SIGKILL');
  await once(child, 'exit');

  const startedMs = Date.now();
  // Nobody is there to answer it; what happens meanwhile happens later than the last workflow task, by more than LONG_MS.
  const { query, update } = ask(handle);
  await expect.poll(() => Date.now() - startedMs, { timeout: 10_000 }).toBeGreaterThan(2_000);
  await client.activity.complete(Buffer.from(token, 'base64'), undefined);
  await startWorker(taskQueue, /^(polls) now$/);
  await handle.result();
  const answers = { query: await query, update: await update };

  const history = await handle.fetchHistory();
  await expect(Worker.runReplayHistory({ workflowsPath: fileOf('workflow.ts') }, history)).resolves.toBeUndefined();
  const timers = (history.events ?? []).filter(({ timerStartedEventAttributes: timer }) => timer);
  expect(timers.length).toBeLessThanOrEqual(update === undefined ? 1 : 2);
  return answers;
}

describe('what waits for a worker', () => {
  const query = (handle: WorkflowHandle) => handle.query('state');
  const update = (handle: WorkflowHandle) => handle.executeUpdate('change');

  it('a query is answered, and does not change what the workflow does', async () => {
    expect(await askWithoutWorker((handle) => ({ query: query(handle) }))).toEqual({ query: 'well' });
  }, 90_000);

  it('an update is carried out once, and the workflow can be replayed', async () => {
    expect(await askWithoutWorker((handle) => ({ update: update(handle) }))).toEqual({ update: 'changed' });
  }, 90_000);

  it('so are both at once', async () => {
    const answers = await askWithoutWorker((handle) => ({ query: query(handle), update: update(handle) }));
    expect(answers).toEqual({ query: 'well', update: 'changed' });
  }, 90_000);
});
