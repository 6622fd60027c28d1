/** Pause and unpause by the command line: real workflows and activities, a database, a Temporal server and the simulator. */
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createForwarderActivities } from '../../src/activities/forwarder.js';
import { createForwarders } from '../../src/activities/forwarders.js';
import { startWaker } from '../../src/activities/waker.js';
import { pause } from '../../src/cli/commands/pause.js';
import { unpause } from '../../src/cli/commands/unpause.js';
import type { Command, Sources } from '../../src/cli/ports.js';
import { createTemporalSources } from '../../src/cli/temporalSources.js';
import type { SourceInput } from '../../src/domain/source.js';
import { sourceWorkflowId, TASK_QUEUES } from '../../src/domain/source.js';
import { createBell } from '../../src/store/bell.js';
import { createEventLog } from '../../src/store/eventLog.js';
import { settleRestored } from '../../src/store/restored.js';
import { findSourceId } from '../../src/store/survey.js';
import { bodyContext } from '../../src/store/takenEvent.js';
import { newSource, withInstallation } from '../activities/installation.js';
import { fakeWorld } from '../cli/fakes.js';
import { canonicalEvent, newEventId } from '../simulator/dataplane/harness.js';
import { withNamespace } from '../support/namespace.js';
import { silentLog, takenEvent } from '../support/store.js';
import { withTemporal } from '../support/temporal.js';
import { bundleWorkflows } from '../support/workflowBundle.js';

vi.setConfig({ testTimeout: 180_000 });

/** What is sent to a flow that was changed less than this ago is answered with 200 and lost. */
const SETTLE_WINDOW_MS = 2_000;
const PATIENCE = { timeout: 60_000, interval: 100 };

const temporal = withTemporal();
const namespace = withNamespace(temporal);
const installation = withInstallation({ settleWindowMs: SETTLE_WINDOW_MS, lakeDelayMs: 0 });
let workflowBundle: Awaited<ReturnType<typeof bundleWorkflows>>;

// Counting and looking for events goes on while the test tears everything down.
Runtime.install({ logger: new DefaultLogger('ERROR') });

beforeAll(async () => {
  workflowBundle = await bundleWorkflows();
});

const sourcesOf = (client: Client): Sources =>
  createTemporalSources({ client, namespace: client.options.namespace, address: temporal().address });

/** Both task queues and the waker, for as long as `test` takes. */
async function withWorkers(test: () => Promise<void>): Promise<void> {
  const { database, keyRing, store, adobe, configuration, activitiesWith } = installation();
  const client = namespace();
  const bell = createBell(database, silentLog);
  const forwarders = createForwarders(client, store);
  const common = { connection: temporal().nativeConnection, namespace: client.options.namespace, workflowBundle };
  const delivering = createForwarderActivities({
    database,
    keyRing,
    bell,
    adobe,
    configuration,
    minimumLakeLatencyMs: 0,
    holder: 'test',
    log: silentLog,
  });
  const [provisioner, deliverer] = await Promise.all([
    Worker.create({ ...common, taskQueue: TASK_QUEUES.source, activities: activitiesWith({}, { forwarders }) }),
    Worker.create({ ...common, taskQueue: TASK_QUEUES.forwarder, activities: delivering }),
  ]);
  const waker = startWaker({
    database,
    bell,
    log: silentLog,
    forwarders,
    settingsOf: (sourceId) => store.forwarderSettings(sourceId),
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
    await bell.close();
  }
}

async function run<Arguments>(command: Command<Arguments>, args: Arguments) {
  const world = fakeWorld(sourcesOf(namespace()), { format: 'json' });
  expect(await command(world.context, args)).toBe(0);
  return JSON.parse(world.stdout()) as { readonly changed: boolean; readonly opensAt: string };
}

interface Accepted {
  readonly receivedMs: number;
  /** `land`, or how it was lost. */
  readonly fate: string;
}

describe('a paused source', () => {
  it('sends nothing; unpaused it sends what has waited, not before the flow has settled, and all of it lands', async () => {
    const { simulator, database, keyRing, adobe } = installation();
    const { marker, manifest } = newSource({ delivery: { settleWindow: `${SETTLE_WINDOW_MS}ms`, partitions: 1 } });
    const { name, uid } = marker;
    const sources = sourcesOf(namespace());

    const take = async (): Promise<string> => {
      const sourceId = (await findSourceId(database, uid)) ?? 0;
      const id = newEventId();
      const eventId = Buffer.from(id, 'hex');
      const body = Buffer.from(JSON.stringify(canonicalEvent(id, { occurredAt: new Date().toISOString() })));
      const event = takenEvent(id, { eventId, sealed: keyRing.seal(body, bodyContext(sourceId, eventId)) });
      await createEventLog(database).append(sourceId, 0, [event]);
      return id;
    };
    const acceptances = async (id: string): Promise<readonly Accepted[]> => {
      const truth = (await simulator.admin.truth(new URLSearchParams({ eventId: id }))) as {
        readonly events: readonly { readonly acceptances: readonly Accepted[] }[];
      };
      return truth.events[0]?.acceptances ?? [];
    };
    const landed = async (id: string): Promise<Accepted> => {
      await vi.waitFor(async () => expect(await acceptances(id)).toMatchObject([{ fate: 'land' }]), PATIENCE);
      return (await acceptances(id))[0] as Accepted;
    };
    const forwarderIs = (phase: string) =>
      vi.waitFor(async () => expect((await sources.forwarderState(name))?.phase).toBe(phase), PATIENCE);
    const flowState = async () => {
      const flowId = (await sources.state(name)).resources.flow?.id ?? '';
      return (await adobe.forSandbox(manifest.sandbox).flowService.getFlow(flowId))?.state;
    };

    await withWorkers(async () => {
      const input: SourceInput = { v: 1, uid, manifest };
      await sources.start(input);
      await vi.waitFor(async () => expect((await sources.state(name)).phase).toBe('live'), PATIENCE);
      await landed(await take());
      await forwarderIs('idle');

      expect(await run(pause, { name, reason: 'maintenance', disableFlow: true })).toMatchObject({ changed: true });
      expect(await flowState()).toBe('disabled');
      const waiting = await take();
      await forwarderIs('paused');
      expect(await acceptances(waiting)).toEqual([]);
      expect((await sources.forwarderState(name))?.gate?.reason).toBe('paused: maintenance');
      expect(await run(pause, { name, disableFlow: true })).toMatchObject({ changed: false });

      const { opensAt } = await run(unpause, { name });
      expect(await flowState()).toBe('enabled');
      expect((await landed(waiting)).receivedMs).toBeGreaterThanOrEqual(Date.parse(opensAt));
      expect(await run(unpause, { name })).toMatchObject({ changed: false, opensAt });
      await forwarderIs('idle');

      // What `doctor --restored` does, behind the workflow's back.
      await settleRestored(database, new Date(0), 'the database was set back');
      const after = await take();
      await forwarderIs('paused');
      expect(await acceptances(after)).toEqual([]);
      expect(await run(unpause, { name })).toMatchObject({ changed: true });
      await landed(after);

      await run(pause, { name });
      const handle = namespace().workflow.getHandle(sourceWorkflowId(name));
      await handle.cancel();
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect((await sources.state(name)).phase).toBe('torn-down');
      expect(await flowState()).toBeUndefined();
    });
  });
});
