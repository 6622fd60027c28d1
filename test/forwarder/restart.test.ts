/** A forwarder that somebody has ended, on a real Temporal server: the product itself starts it again. */
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { expect, it, vi } from 'vitest';
import { createDrain } from '../../src/activities/drain.js';
import { createForwarders } from '../../src/activities/forwarders.js';
import { startWaker } from '../../src/activities/waker.js';
import { createInlet } from '../../src/adobe/inlet.js';
import type { ForwarderActivities } from '../../src/domain/forwarder.js';
import { forwarderWorkflowId, TASK_QUEUES } from '../../src/domain/source.js';
import { createProvisioningStore, type ForwarderSettings } from '../../src/store/provisioning.js';
import { createRoutes } from '../../src/store/routes.js';
import { surveySource } from '../../src/store/survey.js';
import { withNamespace } from '../support/namespace.js';
import { silentLog } from '../support/store.js';
import { withTemporal } from '../support/temporal.js';
import { bundleWorkflows } from '../support/workflowBundle.js';
import { DELIVERY, everyOnce, withBench } from './bench.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const bench = withBench();
const temporal = withTemporal();
const client = withNamespace(temporal);
const NAME = 'restarted';

Runtime.install({ logger: new DefaultLogger('ERROR') });

/** A worker with what a forwarder needs, and a waker that looks several times a second. */
async function withWorker(test: () => Promise<void>): Promise<void> {
  const { database, keyRing, bell, sourceId } = bench();
  const activities: Partial<ForwarderActivities> = {
    drain: createDrain({ database, keyRing, bell, createInlet, holder: 'test', log: silentLog }),
    surveyPartitions: () => surveySource(database, sourceId),
    reconcile: () => Promise.resolve({ v: 1, lake: { state: 'refused' }, lookUps: { unplanned: false } }),
  };
  const worker = await Worker.create({
    connection: temporal().nativeConnection,
    namespace: client().options.namespace,
    taskQueue: TASK_QUEUES.forwarder,
    workflowBundle: await bundleWorkflows(),
    activities,
  });
  const store = createProvisioningStore(database, keyRing);
  const forwarders = createForwarders(client(), store);
  await worker.runUntil(async () => {
    const waker = startWaker({
      database,
      bell,
      log: silentLog,
      pollMs: 50,
      attendEveryMs: 200,
      settingsOf: (id) => (id === sourceId ? store.forwarderSettings(id) : Promise.resolve(undefined)),
      isRunning: (settings: ForwarderSettings) => forwarders.isRunning(settings),
      wake: (settings, wake) => forwarders.wake(settings, wake),
    });
    try {
      await test();
    } finally {
      await waker.close();
      await client().workflow.getHandle(forwarderWorkflowId(NAME)).terminate();
    }
  });
}

it('starts a forwarder again that was terminated or cancelled while every partition was busy', async () => {
  const { database, keyRing, sourceId, open, log, inlet } = bench();
  await database.pool.query('update source set name = $2, sandbox = $3, delivery = $4 where id = $1', [
    sourceId,
    NAME,
    'prod',
    DELIVERY,
  ]);
  await createRoutes(database, keyRing, sourceId, [{ key: 'main-site', kinds: ['feedback'] }]);
  await open();
  const ids = await log(3, { prefix: 'before' });
  const forwarder = client().workflow.getHandle(forwarderWorkflowId(NAME));

  await withWorker(async () => {
    await inlet.arrived(ids.length);
    for (const end of ['terminate', 'cancel'] as const) {
      const { runId } = await forwarder.describe();
      await client().workflow.getHandle(forwarderWorkflowId(NAME), runId)[end]();
      // As under load: no insert asks for a wake.
      await database.pool.query('update partition_head set idle = false, wake_seq = null where source_id = $1', [
        sourceId,
      ]);
      ids.push(...(await log(3, { prefix: end })));
      await vi.waitFor(
        async () => {
          const run = await forwarder.describe();
          expect(run.status.name).toBe('RUNNING');
          expect(run.runId).not.toBe(runId);
        },
        { timeout: 45_000, interval: 100 },
      );
      await inlet.arrived(ids.length);
    }
    expect(everyOnce(inlet.posts, ids)).toBe(true);
  });
});
