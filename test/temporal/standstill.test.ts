import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Worker, type WorkerOptions } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { SURVIVES_STANDSTILL } from '../../src/temporal/standstill.js';
import { bundleWorkflows } from '../../src/temporal/workflowBundle.js';
import { withTemporal } from '../support/temporal.js';

const temporal = withTemporal();
/** The SDK's own limit is 5 s; a workflow task is given to another worker after 10 s. */
const STANDS_STILL_MS = 6_000;

it('a worker outlives a pause of its process in the middle of workflow code', async () => {
  const { nativeConnection, namespace, client } = temporal();
  const taskQueue = `standstill-${randomUUID()}`;
  const options: WorkerOptions = {
    ...SURVIVES_STANDSTILL,
    connection: nativeConnection,
    namespace,
    taskQueue,
    workflowBundle: await bundleWorkflows({
      workflowsPath: fileURLToPath(new URL('./standstill/workflow.ts', import.meta.url)),
      logger: new DefaultLogger('ERROR'),
    }),
  };
  const worker = await Worker.create(options);
  const answer = worker.runUntil(
    client.workflow.execute('standstill', { taskQueue, workflowId: taskQueue, args: [STANDS_STILL_MS] }),
  );
  expect(await answer).toBe('alive');
}, 60_000);
