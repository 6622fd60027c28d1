/** More sources that send than a worker has slots, on a real Temporal server: each has its turn, again and again. */
import { randomUUID } from 'node:crypto';
import { Worker } from '@temporalio/worker';
import { expect, it, vi } from 'vitest';
import { createDrain } from '../../../../src/activities/drain/drain.js';
import { createInlet } from '../../../../src/adobe/services/inlet.js';
import type { ForwarderActivities } from '../../../../src/domain/delivery/forwarder.js';
import { findSourceId } from '../../../../src/store/sources/sources.js';
import { surveySource } from '../../../../src/store/views/survey.js';
import { silentLog } from '../../../support/store.js';
import { withTemporal } from '../../../support/temporal.js';
import { bundleWorkflows } from '../../../support/workflowBundle.js';
import { type Bench, makeBench, withBench } from './bench.js';
import { DELIVERY } from '../../../support/delivery.js';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

const bench = withBench();
const temporal = withTemporal();

const SLOTS = 4;
const SOURCES = 12;
/** So often that no drain finds its log empty for as long as it watches it. */
const EACH_SENDS_EVERY_MS = 500;
/** Half of the time for which a drain would keep its slot if nobody waited. */
const SERVED_WITHIN_MS = 30_000;

it('serves every source in turn while all of them go on sending', async () => {
  const { database, keyRing, wakeListener, inlet } = bench();
  const sources = await Promise.all(
    Array.from({ length: SOURCES }, () => makeBench(database, keyRing, wakeListener, inlet)),
  );
  const activities: Partial<ForwarderActivities> = {
    drain: createDrain({ database, keyRing, wakeListener, createInlet, holder: 'test', log: silentLog, slots: SLOTS }),
    surveyPartitions: async ({ uid }) => surveySource(database, (await findSourceId(database, uid)) ?? 0),
    reconcile: () => Promise.resolve({ v: 1, lake: { state: 'refused' }, lookUps: { unplanned: false } }),
  };
  const taskQueue = randomUUID();
  const worker = await Worker.create({
    connection: temporal().nativeConnection,
    namespace: temporal().namespace,
    taskQueue,
    workflowBundle: await bundleWorkflows(),
    maxConcurrentActivityTaskExecutions: SLOTS,
    activities,
  });
  await worker.runUntil(async () => {
    await Promise.all(sources.map(({ open }) => open()));
    const sending = sendOnAndOn(sources);
    const forwarders = await Promise.all(
      sources.map(({ uid }) =>
        temporal().client.workflow.start('forwarder', {
          workflowId: `forwarder:${uid}`,
          taskQueue,
          args: [{ v: 1, uid, name: uid, delivery: { ...DELIVERY, leaseMs: 10_000, lakeLatencyMs: 3_600_000 } }],
        }),
      ),
    );
    // As the waker does it.
    const ends = sources.map(({ sourceId }, index) =>
      wakeListener.onWake(
        { sourceId, partition: 0 },
        () => void forwarders[index]?.signal('wake', { partitions: [0] }),
      ),
    );
    try {
      for (const turn of ['first', 'second']) {
        const ids = (await Promise.all(sources.map(({ uid, log }) => log(1, { prefix: `${turn} of ${uid}` })))).flat();
        await vi.waitFor(() => expect(ids.filter((id) => !inlet.taken.has(id))).toEqual([]), {
          timeout: SERVED_WITHIN_MS,
          interval: 100,
        });
      }
    } finally {
      await sending.stop();
      for (const end of ends) end();
      await Promise.all(forwarders.map((forwarder) => forwarder.terminate()));
    }
  });
});

function sendOnAndOn(sources: readonly Bench[]): { stop(): Promise<unknown> } {
  let count = 0;
  let logged: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    count += 1;
    logged = Promise.all([logged, ...sources.map(({ uid, log }) => log(1, { prefix: `${count} of ${uid}` }))]);
  }, EACH_SENDS_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return logged;
    },
  };
}
