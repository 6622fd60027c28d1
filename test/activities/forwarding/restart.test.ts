/** A forwarder that somebody has ended, on a real Temporal server: the product itself starts it again. */
import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { expect, it, vi } from 'vitest';
import { createDrain } from '../../../src/activities/drain/drain.js';
import { createForwarders } from '../../../src/activities/forwarding/forwarders.js';
import { startWaker } from '../../../src/activities/forwarding/waker.js';
import { createInlet } from '../../../src/adobe/services/inlet.js';
import type { ForwarderActivities, ForwarderInput, ForwarderState } from '../../../src/domain/delivery/forwarder.js';
import { forwarderWorkflowId, TASK_QUEUES } from '../../../src/domain/source/source.js';
import { createProvisioningStore } from '../../../src/store/sources/provisioning.js';
import { createRoutes } from '../../../src/store/sources/routes.js';
import { findSourceId } from '../../../src/store/sources/sources.js';
import { surveySource } from '../../../src/store/views/survey.js';
import { manifestFixture } from '../../support/manifest.js';
import { withNamespace } from '../../support/namespace.js';
import { silentLog } from '../../support/store.js';
import { withTemporal } from '../../support/temporal.js';
import { bundleWorkflows } from '../../support/workflowBundle.js';
import { everyOnce, withBench } from '../drain/overHttp/bench.js';
import { DELIVERY } from '../../support/delivery.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const bench = withBench();
const temporal = withTemporal();
const client = withNamespace(temporal);
const NAME = 'restarted';

Runtime.install({ logger: new DefaultLogger('ERROR') });

/** A worker with what a forwarder needs, and a waker that looks several times a second. */
async function withWorker(test: () => Promise<void>, { attends = true } = {}): Promise<void> {
  const { database, keyRing, wakeListener, sourceId } = bench();
  const activities: Partial<ForwarderActivities> = {
    drain: createDrain({ database, keyRing, wakeListener, createInlet, holder: 'test', log: silentLog }),
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
      wakeListener,
      log: silentLog,
      pollMs: 50,
      attendEveryMs: 200,
      settingsOf: (ids) => store.forwarderSettings(ids.filter((id) => id === sourceId)),
      forwarders: attends
        ? forwarders
        : { ...forwarders, listRunning: () => Promise.reject(new Error('it does not look')) },
    });
    try {
      await test();
    } finally {
      await waker.close();
      await client()
        .workflow.getHandle(forwarderWorkflowId(NAME))
        .terminate()
        .catch(() => undefined);
    }
  });
}

/** The bench's source, as one that was provisioned. */
async function provisioned(): Promise<void> {
  const { database, keyRing, sourceId, open } = bench();
  await database.pool.query('update source set retired_at = now() where name = $1 and retired_at is null', [NAME]);
  await database.pool.query('update source set name = $2, sandbox = $3, delivery = $4 where id = $1', [
    sourceId,
    NAME,
    'prod',
    DELIVERY,
  ]);
  await createRoutes(database, keyRing, sourceId, [{ key: 'main-site', kinds: ['feedback'] }]);
  await open();
}

it('starts a forwarder again that was terminated or cancelled while every partition was busy', async () => {
  const { database, sourceId, log, inlet } = bench();
  await provisioned();
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

/** As 0.1.0 started it: nothing but its input says which source it belongs to. */
async function startOld(uid: string): Promise<string> {
  const { firstExecutionRunId } = await client().workflow.start('forwarder', {
    workflowId: forwarderWorkflowId(NAME),
    taskQueue: TASK_QUEUES.forwarder,
    args: [{ v: 1, uid, name: NAME, sandbox: 'prod', delivery: DELIVERY } satisfies ForwarderInput],
  });
  return firstExecutionRunId;
}

const statusOf = async (runId: string) =>
  (await client().workflow.getHandle(forwarderWorkflowId(NAME), runId).describe()).status.name;

it('sees the forwarders of sources although one runs that was started by hand, of no source', async () => {
  const { database, keyRing, uid } = bench();
  const forwarders = createForwarders(client(), createProvisioningStore(database, keyRing));
  const taskQueue = TASK_QUEUES.forwarder;
  const byHand = [[], [null], [{ name: NAME }]].map((args, n) =>
    client().workflow.start('forwarder', { workflowId: forwarderWorkflowId(`by-hand-${n}`), taskQueue, args }),
  );
  await Promise.all(byHand);
  const own = await startOld(uid);
  await expect.poll(async () => (await forwarders.listRunning()).get(NAME)?.runId, { timeout: 20_000 }).toBe(own);
  expect((await forwarders.listRunning()).get('by-hand-2')?.uid).toBe('');
  for (const one of await Promise.all(byHand)) await one.terminate();
  await client().workflow.getHandle(forwarderWorkflowId(NAME)).terminate();
});

it('ends the forwarder that an earlier source of the name has left, and sends the events of the one that has it now', async () => {
  const { log, inlet } = bench();
  const left = await startOld(randomUUID());
  await provisioned();
  const ids = await log(3, { prefix: 'of the new one' });
  await withWorker(async () => {
    await inlet.arrived(ids.length);
    expect(['CANCELLED', 'COMPLETED']).toContain(await statusOf(left));
  });
});

it('starts the forwarder of a source once that of another uid has ended, and ends only its own', async () => {
  const { database, keyRing, uid } = bench();
  const store = createProvisioningStore(database, keyRing);
  const { startForwarder, stopForwarder } = createForwarders(client(), store);
  const manifest = manifestFixture({ name: NAME });
  const asActivity = <T>(work: () => Promise<T>): Promise<T> => new MockActivityEnvironment().run(work);
  await provisioned();
  const reason = 'the source is being torn down';
  // Nobody but this test starts or wakes a forwarder.
  await database.pool.query('update partition_head set wake_seq = null');
  await withWorker(
    async () => {
      const left = await startOld(randomUUID());
      await asActivity(() => stopForwarder({ name: NAME, uid: randomUUID(), reason }));
      expect(await statusOf(left)).toBe('RUNNING');
      await asActivity(() => startForwarder({ name: NAME, uid, manifest }));
      expect(await statusOf(left)).toBe('CANCELLED');
      const own = await client().workflow.getHandle(forwarderWorkflowId(NAME)).describe();
      expect(own.memo).toEqual({ uid });
      await asActivity(() => stopForwarder({ name: NAME, uid, reason }));
      expect(await statusOf(own.runId)).toBe('CANCELLED');
      const routes = await database.pool.query(
        'select from route join source on source.id = source_id where uid = $1 and (expires_at is null or expires_at > now())',
        [uid],
      );
      expect(routes.rowCount).toBe(0);
    },
    { attends: false },
  );
});

it('gives other delivery settings to the forwarder that runs, and to the one that is started next', async () => {
  const { database, keyRing, uid } = bench();
  const store = createProvisioningStore(database, keyRing);
  const forwarders = createForwarders(client(), store);
  const manifest = manifestFixture({ name: NAME, delivery: { concurrency: 3 } });
  const { sandbox, delivery } = manifest;
  await provisioned();
  await withWorker(
    async () => {
      await new MockActivityEnvironment().run(() =>
        forwarders.startForwarder({ name: NAME, uid, manifest: manifestFixture() }),
      );
      const running = client().workflow.getHandle(forwarderWorkflowId(NAME));
      const { runId } = await running.describe();
      await store.configure({ marker: { name: NAME, uid }, manifest });
      await forwarders.configure({ name: NAME, uid, sandbox, delivery });
      const state = await running.query<ForwarderState>('state');
      expect(state.delivery.concurrency).toBe(3);
      expect((await running.describe()).runId).toBe(runId);
      const sourceId = (await findSourceId(database, uid)) ?? 0;
      expect((await store.forwarderSettings([sourceId])).get(sourceId)?.delivery.concurrency).toBe(3);
      // As the provisioning of a source does whose workflow was terminated, and whose forwarder was not.
      const again = manifestFixture({ name: NAME, delivery: { concurrency: 5 } });
      await new MockActivityEnvironment().run(() => forwarders.startForwarder({ name: NAME, uid, manifest: again }));
      expect((await running.query<ForwarderState>('state')).delivery.concurrency).toBe(5);
      expect((await running.describe()).runId).toBe(runId);
    },
    { attends: false },
  );
});
