/** Source and forwarder workflows, their activities and the waker: real ones, on a database, a Temporal server and the simulator. */
import { tmpdir } from 'node:os';
import type { Client } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, vi } from 'vitest';
import { createForwarderActivities } from '../../../src/activities/forwarding/forwarder.js';
import { createForwarders } from '../../../src/activities/forwarding/forwarders.js';
import { startWaker } from '../../../src/activities/forwarding/waker.js';
import { createInquiryActivities } from '../../../src/activities/inquiry/inquiry.js';
import { clockSkewMs, databaseVersion } from '../../../src/store/connection/database.js';
import { readDurability } from '../../../src/store/connection/durability.js';
import { readProcessKeys } from '../../../src/store/keys/processKeys.js';
import { TASK_QUEUES } from '../../../src/domain/source/source.js';
import { createWakeListener } from '../../../src/store/delivery/wakeListener.js';
import type { Sources } from '../../../src/temporal/sources/port.js';
import { createTemporalSources } from '../../../src/temporal/sources/temporalSources.js';
import { type Installation, type LeftBehind, withInstallation } from '../../activities/installation.js';
import { withNamespace } from '../../support/namespace.js';
import { silentLog } from '../../support/store.js';
import { withTemporal } from '../../support/temporal.js';
import { bundleWorkflows } from '../../support/workflowBundle.js';

/** What is sent to a flow that was changed less than this ago is answered with 200 and lost. */
export const SETTLE_WINDOW_MS = 2_000;
export const PATIENCE = { timeout: 60_000, interval: 100 };

export interface WorkingInstallation {
  readonly installation: () => Installation;
  readonly client: () => Client;
  readonly sources: () => Sources;
  /** Both task queues and the waker, for as long as `test` takes. */
  readonly withWorkers: (test: () => Promise<void>) => Promise<void>;
}

/** Call it at the top of a test file. */
export function withWorkingInstallation(left?: LeftBehind): WorkingInstallation {
  const temporal = withTemporal();
  const namespace = withNamespace(temporal);
  const installation = withInstallation({ settleWindowMs: SETTLE_WINDOW_MS, lakeDelayMs: 0 }, left);
  let workflowBundle: Awaited<ReturnType<typeof bundleWorkflows>>;

  // Counting and looking for events goes on while the test tears everything down.
  Runtime.install({ logger: new DefaultLogger('ERROR') });

  beforeAll(async () => {
    workflowBundle = await bundleWorkflows();
  });

  const sourcesOf = (client: Client): Sources =>
    createTemporalSources({ client, namespace: client.options.namespace, address: temporal().address });

  async function withWorkers(test: () => Promise<void>): Promise<void> {
    const { database, keyRing, store, adobe, configuration, activitiesWith } = installation();
    const client = namespace();
    const wakeListener = createWakeListener(database, silentLog);
    const forwarders = createForwarders(client, store);
    const common = { connection: temporal().nativeConnection, namespace: client.options.namespace, workflowBundle };
    const delivering = createForwarderActivities({
      database,
      keyRing,
      wakeListener,
      adobe,
      configuration,
      minimumLakeLatencyMs: 0,
      holder: 'test',
      log: silentLog,
    });
    const inquiries = createInquiryActivities({
      adobe,
      database,
      keyRing,
      store,
      minimumSettleWindowMs: 0,
      receiverUrl: () => Promise.resolve('https://chat.example.com'),
      databaseVersion: () => databaseVersion(database),
      processKeys: () => readProcessKeys(database),
      durability: () => readDurability(database),
      clockSkewMs: () => clockSkewMs(database),
      disks: { home: tmpdir(), dataFolder: () => Promise.resolve(undefined) },
    });
    const [provisioner, deliverer] = await Promise.all([
      Worker.create({
        ...common,
        taskQueue: TASK_QUEUES.source,
        activities: { ...activitiesWith({}, { forwarders }), ...inquiries },
      }),
      Worker.create({ ...common, taskQueue: TASK_QUEUES.forwarder, activities: delivering }),
    ]);
    const waker = startWaker({
      database,
      wakeListener,
      log: silentLog,
      forwarders,
      settingsOf: (sourceIds) => store.forwarderSettings(sourceIds),
    });
    try {
      await provisioner.runUntil(
        deliverer.runUntil(async () => {
          await vi.waitUntil(async () => (await sourcesOf(client).polledTaskQueues()).length === 2, PATIENCE);
          await test();
        }),
      );
    } finally {
      await waker.close();
      await wakeListener.close();
    }
  }

  return { installation, client: namespace, sources: () => sourcesOf(namespace()), withWorkers };
}
