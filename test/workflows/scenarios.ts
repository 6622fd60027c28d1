/** Lives of a source and of a forwarder whose histories are recorded at each release. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import {
  type Client,
  type WorkflowHandle,
  type WorkflowHandleWithFirstExecutionRunId,
  WorkflowUpdateStage,
} from '@temporalio/client';
import type {
  DrainEnd,
  DrainInput,
  ForwarderInput,
  ForwarderPhase,
  ForwarderState,
} from '../../src/domain/delivery/forwarder.js';
import type { DriftLook } from '../../src/domain/drift/drift.js';
import type { SourceInput, SourceState } from '../../src/domain/source/source.js';
import { manifestFixture } from '../support/manifest.js';
import { createFakeSteps, refusal, type FakeSteps } from './fakeSteps.js';

export interface Scenario {
  readonly name: string;
  readonly activities: object;
  run(client: Client, taskQueue: string): Promise<WorkflowHandle>;
}

type Life<Phase> = (
  handle: WorkflowHandleWithFirstExecutionRunId,
  reaches: (phase: Phase) => Promise<void>,
  client: Client,
) => Promise<void>;

const REFUSED = { code: 'CAEP_ADOBE_REFUSED', fields: {} } as const;

function failingAt(...steps: string[]): FakeSteps {
  const fake = createFakeSteps();
  for (const step of steps) {
    fake.script.set(step, [
      () => {
        throw refusal(REFUSED);
      },
    ]);
  }
  return fake;
}

function sourceScenario(
  name: string,
  fake: FakeSteps,
  live: Life<SourceState['phase']>,
  input: Partial<SourceInput> = {},
): Scenario {
  return {
    name: `source-${name}`,
    activities: fake.activities,
    async run(client, taskQueue) {
      const handle = await client.workflow.start('source', {
        workflowId: `source:${name}-${randomUUID()}`,
        taskQueue,
        args: [{ v: 1, uid: randomUUID(), manifest: manifestFixture(), ...input } satisfies SourceInput],
      });
      const reaches = async (phase: SourceState['phase']): Promise<void> => {
        await until(async () => (await handle.query<SourceState>('state')).phase === phase);
      };
      await live(handle, reaches, client);
      return handle;
    },
  };
}

/** Looks again and again. Recording has nothing else to wait with: what a life comes to is seen by asking. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(50);
}

/** The run that goes on as new begins by itself, a while after the one before it has ended. */
async function untilNextRunWorks(
  client: Client,
  { workflowId, firstExecutionRunId }: WorkflowHandleWithFirstExecutionRunId,
): Promise<void> {
  await until(async () => {
    const { runId, historyLength } = await client.workflow.getHandle(workflowId).describe();
    return runId !== firstExecutionRunId && historyLength > EVENTS_OF_A_FIRST_TASK;
  });
}

/** Started, scheduled, begun, completed. */
const EVENTS_OF_A_FIRST_TASK = 4;

const ended = (handle: WorkflowHandle): Promise<unknown> => handle.result().catch(() => undefined);

function stuck(): FakeSteps {
  const fake = createFakeSteps();
  fake.script.set('dataset', [() => new Promise(() => undefined)]);
  return fake;
}

const WHOLE = manifestFixture({ contents: 'full' });

const RENAMED = manifestFixture({ dataset: { name: 'Chats' } });

/** Somebody has led the target connection to another dataset, and renamed the schema. */
function drifting(...failing: string[]): FakeSteps {
  const fake = failingAt(...failing);
  const drifted = [
    { step: 'schema', id: 'schema-id', origin: 'created', kind: 'changed', field: 'title', remedy: 'change' },
    {
      step: 'target-connection',
      id: 'target-connection-id',
      origin: 'created',
      kind: 'changed',
      field: 'dataset',
      remedy: 'replace',
    },
  ] as const;
  for (const step of ['target-connection', 'flow']) {
    const again = () => ({ resource: { kind: step, id: `${step}-2`, origin: 'created' }, found: false });
    fake.script.set(step, [() => undefined, again]);
  }
  fake.script.set('lookForDrift', [(): DriftLook => ({ v: 1, drifted, more: 0, searchable: true })]);
  return fake;
}

const startUpdate = (handle: WorkflowHandle) =>
  handle.startUpdate('update', {
    args: [{ manifest: WHOLE, by: 'ana' }],
    waitForStage: WorkflowUpdateStage.ACCEPTED,
  });

const { delivery } = manifestFixture({ delivery: { partitions: 2, lease: '5s' } });

function forwarderScenario(
  name: string,
  drains: (input: DrainInput, n: number) => DrainEnd | Promise<DrainEnd>,
  life: Life<ForwarderPhase>,
  input: Partial<ForwarderInput> = {},
): Scenario {
  let calls = 0;
  const counters = { taken: 5, accepted: 4, waiting: 1, exceptions: {} };
  return {
    name: `forwarder-${name}`,
    activities: {
      async drain(drainInput: DrainInput) {
        calls += 1;
        const end = await drains(drainInput, calls);
        return { v: 1, partition: drainInput.partition, accepted: 1, notAccepted: 0, end };
      },
      surveyPartitions: () => Promise.resolve({ partitions: [0, 1], counters }),
      checkDestination: () => Promise.resolve({ well: true }),
      reconcile: () => Promise.resolve({ v: 1, lake: { state: 'readable' }, lookUps: { unplanned: false } }),
    },
    async run(client, taskQueue) {
      const handle = await client.workflow.start('forwarder', {
        workflowId: `forwarder:${name}-${randomUUID()}`,
        taskQueue,
        args: [
          {
            v: 1,
            uid: randomUUID(),
            name: 'support-chat',
            sandbox: 'prod',
            delivery,
            pace: { sliceMs: 1_000, lingerMs: 100, firstProbeMs: 50 },
            ...input,
          } satisfies ForwarderInput,
        ],
      });
      const reaches = async (phase: ForwarderPhase): Promise<void> => {
        await until(async () => (await handle.query<ForwarderState>('state')).phase === phase);
      };
      await life(handle, reaches, client);
      return handle;
    },
  };
}

const idle: DrainEnd = { kind: 'idle' };
const fault: DrainEnd = { kind: 'fault', fault: { stops: 'outage', detail: 'HTTP 503' } };

const running = stuck();

export const SCENARIOS: readonly Scenario[] = [
  sourceScenario('running', running, () => until(() => running.calls.includes('dataset'))),
  sourceScenario('held', failingAt('schema'), (_handle, reaches) => reaches('held')),
  sourceScenario('resumed', failingAt('flow'), async (handle, reaches) => {
    await reaches('held');
    await handle.executeUpdate('resume', { args: [{}] });
    await reaches('live');
  }),
  sourceScenario('aborted', failingAt('flow', 'undo-dataset'), async (handle, reaches) => {
    await reaches('held');
    await handle.executeUpdate('abort', { args: [{ reason: 'recorded' }] });
    await until(async () => (await handle.query<SourceState>('state')).hold?.during === 'undo');
    await handle.executeUpdate('resume', { args: [{}] });
    await ended(handle);
  }),
  sourceScenario('live', createFakeSteps(), (_handle, reaches) => reaches('live')),
  sourceScenario('cancelled', failingAt('inlet'), async (handle, reaches) => {
    await reaches('held');
    await handle.cancel();
    await ended(handle);
  }),
  sourceScenario('torn-down', createFakeSteps(), async (handle, reaches) => {
    await reaches('live');
    await handle.cancel();
    await ended(handle);
  }),
  sourceScenario('updated', createFakeSteps(), async (handle, reaches) => {
    await reaches('live');
    await handle.executeUpdate('update', { args: [{ manifest: WHOLE, by: 'ana' }] });
  }),
  sourceScenario('update-held', failingAt('applyUpdate'), async (handle, reaches) => {
    await reaches('live');
    await startUpdate(handle);
    await reaches('held');
    await handle.executeUpdate('resume', { args: [{}] });
    await reaches('live');
  }),
  sourceScenario('update-aborted', failingAt('applyUpdate'), async (handle, reaches) => {
    await reaches('live');
    const updating = await startUpdate(handle);
    await reaches('held');
    await handle.executeUpdate('abort', { args: [{ reason: 'recorded' }] });
    await updating.result().catch(() => undefined);
  }),
  sourceScenario('renamed', createFakeSteps(), async (handle, reaches) => {
    await reaches('live');
    await handle.executeUpdate('update', { args: [{ manifest: RENAMED, by: 'ana' }] });
  }),
  sourceScenario('replaced', createFakeSteps(), async (handle, reaches) => {
    await reaches('live');
    await handle.executeUpdate('update', { args: [{ manifest: manifestFixture(), by: 'ana', replace: 'flow' }] });
    await until(async () => (await handle.query<SourceState>('state')).replaced === undefined);
  }),
  sourceScenario('replacement-aborted', failingAt('applyUpdate'), async (handle, reaches) => {
    await reaches('live');
    const replacing = await handle.startUpdate('update', {
      args: [{ manifest: manifestFixture(), by: 'ana', replace: 'dataset' }],
      waitForStage: WorkflowUpdateStage.ACCEPTED,
    });
    await reaches('held');
    await handle.executeUpdate('abort', { args: [{ reason: 'recorded' }] });
    await replacing.result().catch(() => undefined);
    await until(async () => (await handle.query<SourceState>('state')).replaced === undefined);
  }),
  sourceScenario('drift-looked-for', drifting(), async (handle, reaches) => {
    await reaches('live');
    await handle.executeUpdate('drift', { args: [{}] });
  }),
  sourceScenario('repaired', drifting(), async (handle, reaches) => {
    await reaches('live');
    await handle.executeUpdate('repair', { args: [{ by: 'ana', recreate: ['target-connection', 'flow'] }] });
    await until(async () => (await handle.query<SourceState>('state')).replaced === undefined);
  }),
  sourceScenario('repair-aborted', drifting('closeGate'), async (handle, reaches) => {
    await reaches('live');
    const repairing = await handle.startUpdate('repair', {
      args: [{ by: 'ana', recreate: ['target-connection', 'flow'] }],
      waitForStage: WorkflowUpdateStage.ACCEPTED,
    });
    await reaches('held');
    await handle.executeUpdate('abort', { args: [{ reason: 'recorded' }] });
    await repairing.result().catch(() => undefined);
  }),
  sourceScenario(
    'adopted',
    createFakeSteps(),
    async (handle, reaches) => {
      await reaches('live');
      await handle.executeUpdate('teardown', { args: [{ by: 'ana', includeAdopted: true }] });
      await ended(handle);
    },
    { adopt: true, adoption: { flowId: 'flow-id' } },
  ),
  sourceScenario('paused', createFakeSteps(), async (handle, reaches) => {
    await reaches('live');
    await handle.executeUpdate('pause', { args: [{ reason: 'recorded', by: 'ana' }] });
    await handle.executeUpdate('unpause', { args: [{ by: 'ana' }] });
  }),
  sourceScenario('torn-down-by-update', createFakeSteps(), async (handle, reaches) => {
    await reaches('live');
    await handle.executeUpdate('teardown', { args: [{ by: 'ana', reason: 'recorded' }] });
    await ended(handle);
  }),
  sourceScenario(
    'continued-as-new',
    createFakeSteps(),
    async (handle, reaches, client) => {
      await reaches('live');
      await untilNextRunWorks(client, handle);
    },
    { maxHistoryEvents: 40 },
  ),
  forwarderScenario(
    'draining',
    () => new Promise(() => undefined),
    (_handle, reaches) => reaches('forwarding'),
  ),
  forwarderScenario(
    'idle',
    () => idle,
    async (handle, reaches) => {
      await reaches('idle');
      await handle.signal('wake', { partitions: [1] });
      await reaches('idle');
    },
  ),
  forwarderScenario(
    'settling',
    () => ({
      kind: 'gate',
      gate: { open: true, opensAt: '2100-01-01T00:00:00.000Z', opensInMs: 3_600_000, reason: '' },
    }),
    (_handle, reaches) => reaches('settling'),
  ),
  forwarderScenario(
    'outage',
    (drain, n) => (drain.mode === 'probe' ? { kind: 'probed', accepted: true, detail: '' } : n < 3 ? fault : idle),
    async (_handle, reaches) => {
      await reaches('outage');
      await reaches('idle');
    },
  ),
  forwarderScenario(
    'held',
    (_drain, n) => {
      if (n > 2) return idle;
      throw ApplicationFailure.nonRetryable('the key is missing', 'CAEP_KEY_MISSING');
    },
    async (handle, reaches) => {
      await reaches('held');
      await handle.executeUpdate('resume', { args: [{}] });
      await reaches('idle');
    },
  ),
  forwarderScenario(
    'continued-as-new',
    () => idle,
    async (handle, reaches, client) => {
      await reaches('idle');
      await handle.signal('wake', {});
      await untilNextRunWorks(client, handle);
    },
    { maxHistoryEvents: 20 },
  ),
  forwarderScenario(
    'cancelled',
    () => idle,
    async (handle, reaches) => {
      await reaches('idle');
      await handle.cancel();
      await ended(handle);
    },
  ),
];
