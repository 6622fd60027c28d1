/** Lives of a source whose histories are recorded at each release. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { SourceInput, SourceState } from '../../src/domain/source.js';
import { manifestFixture } from '../support/manifest.js';
import { createFakeSteps, refusal, type FakeSteps } from './fakeSteps.js';

export interface Scenario {
  readonly name: string;
  readonly activities: object;
  run(client: Client, taskQueue: string): Promise<WorkflowHandle>;
}

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
  live: (handle: WorkflowHandle, reaches: (phase: SourceState['phase']) => Promise<void>) => Promise<void>,
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
        while ((await handle.query<SourceState>('state')).phase !== phase) await delay(50);
      };
      await live(handle, reaches);
      return handle;
    },
  };
}

const ended = (handle: WorkflowHandle): Promise<unknown> => handle.result().catch(() => undefined);

function stuck(): FakeSteps {
  const fake = createFakeSteps();
  fake.script.set('dataset', [() => new Promise(() => undefined)]);
  return fake;
}

const running = stuck();

export const SCENARIOS: readonly Scenario[] = [
  sourceScenario('running', running, async () => {
    while (!running.calls.includes('dataset')) await delay(50);
  }),
  sourceScenario('held', failingAt('schema'), (_handle, reaches) => reaches('held')),
  sourceScenario('resumed', failingAt('flow'), async (handle, reaches) => {
    await reaches('held');
    await handle.executeUpdate('resume', { args: [{}] });
    await reaches('live');
  }),
  sourceScenario('aborted', failingAt('flow', 'undo-dataset'), async (handle, reaches) => {
    await reaches('held');
    await handle.executeUpdate('abort', { args: [{ reason: 'recorded' }] });
    while ((await handle.query<SourceState>('state')).hold?.during !== 'undo') await delay(50);
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
  sourceScenario(
    'continued-as-new',
    createFakeSteps(),
    async (handle, reaches) => {
      await reaches('live');
      await delay(500);
    },
    { maxHistoryEvents: 40 },
  ),
];
