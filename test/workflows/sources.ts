/** Source workflows with fake steps, on a real Temporal server. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { beforeAll, expect, vi } from 'vitest';
import type { SourceInput, SourceState } from '../../src/domain/source/source.js';
import { manifestFixture } from '../support/manifest.js';
import { type TestTemporal, withTemporal } from '../support/temporal.js';
import { bundleWorkflows } from '../support/workflowBundle.js';
import { createFakeSteps, refusal, type FakeSteps } from './fakeSteps.js';

/** The server shares two cores with whatever else is tested. */
export const PATIENCE = { timeout: 15_000, interval: 50 };
export const REFUSED = { code: 'CAEP_ADOBE_REFUSED', fields: {} } as const;

export function failAt(step: string, ...behaviours: (() => unknown)[]): FakeSteps {
  const fake = createFakeSteps();
  fake.script.set(step, behaviours);
  return fake;
}

export const refuse = () => {
  throw refusal(REFUSED);
};

export interface Running {
  readonly handle: WorkflowHandle;
  readonly state: () => Promise<SourceState>;
  readonly reaches: (phase: SourceState['phase']) => Promise<SourceState>;
}

export interface Sources {
  readonly temporal: () => TestTemporal;
  /** Runs a worker with the fake steps and a source workflow on it for as long as `test` takes. */
  readonly withSource: (
    fake: Pick<FakeSteps, 'activities'>,
    test: (running: Running) => Promise<void>,
    input?: Partial<SourceInput>,
  ) => Promise<void>;
}

/** Call it at the top of a test file. */
export function withSources(): Sources {
  const temporal = withTemporal();
  let workflowBundle: WorkflowBundleWithSourceMap;

  beforeAll(async () => {
    workflowBundle = await bundleWorkflows();
  });

  async function withSource(
    fake: Pick<FakeSteps, 'activities'>,
    test: (running: Running) => Promise<void>,
    input: Partial<SourceInput> = {},
  ): Promise<void> {
    const taskQueue = randomUUID();
    const worker = await Worker.create({
      connection: temporal().nativeConnection,
      namespace: temporal().namespace,
      taskQueue,
      workflowBundle,
      activities: fake.activities,
    });
    await worker.runUntil(async () => {
      const handle = await temporal().client.workflow.start('source', {
        workflowId: `source:${randomUUID()}`,
        taskQueue,
        args: [{ v: 1, uid: randomUUID(), manifest: manifestFixture(), ...input } satisfies SourceInput],
      });
      const state = (): Promise<SourceState> => handle.query<SourceState>('state');
      const reaches = async (phase: SourceState['phase']): Promise<SourceState> => {
        await vi.waitFor(async () => expect((await state()).phase).toBe(phase), PATIENCE);
        return state();
      };
      try {
        await test({ handle, state, reaches });
      } finally {
        await handle.terminate().catch(() => undefined);
      }
    });
  }
  return { temporal, withSource };
}
