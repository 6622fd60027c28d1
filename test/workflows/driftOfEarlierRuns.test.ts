/** A run that a release has begun which looked at nothing by itself: it goes on under this one, and looks after its next operation. */
import { randomUUID } from 'node:crypto';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { expect, it, vi } from 'vitest';
import type { SourceInput, SourceState } from '../../src/domain/source/source.js';
import { manifestFixture } from '../support/manifest.js';
import { withTemporal } from '../support/temporal.js';
import { bundleWorkflows } from '../support/workflowBundle.js';
import { createFakeSteps } from './fakeSteps.js';
import { PATIENCE } from './sources.js';

vi.setConfig({ testTimeout: 120_000 });

const temporal = withTemporal();
/** The one place in which the workflow asks for it. */
const ASKS = /\(0,\s?[\w.]+\.patched\)\(WATCHED\)/g;

/** A question replays the whole history too: asked often, it keeps the worker from the history's next task. */
const QUERIED = { timeout: 60_000, interval: 1_000 };

it('looks by itself after its next operation, and replays in any worker', async () => {
  const workflowBundle = await bundleWorkflows();
  expect(workflowBundle.code.match(ASKS)).toHaveLength(1);
  const before = { ...workflowBundle, code: workflowBundle.code.replace(ASKS, 'false') };
  const fake = createFakeSteps();
  const taskQueue = randomUUID();
  const handle = temporal().client.workflow.getHandle(`source:${randomUUID()}`);
  const under = async (bundle: WorkflowBundleWithSourceMap, test: () => Promise<void>): Promise<void> => {
    const worker = await Worker.create({
      connection: temporal().nativeConnection,
      namespace: temporal().namespace,
      taskQueue,
      workflowBundle: bundle,
      activities: fake.activities,
      // Every task replays the whole history.
      maxCachedWorkflows: 0,
    });
    await worker.runUntil(test);
  };
  const state = (): Promise<SourceState> => handle.query<SourceState>('state');
  const looks = (): number => fake.calls.filter((call) => call === 'lookForDrift').length;

  await under(before, async () => {
    await temporal().client.workflow.start('source', {
      workflowId: handle.workflowId,
      taskQueue,
      args: [
        { v: 1, uid: randomUUID(), manifest: { ...manifestFixture(), drift: { everyMs: 300 } } } satisfies SourceInput,
      ],
    });
    await vi.waitFor(async () => expect((await state()).phase).toBe('live'), QUERIED);
    await handle.executeUpdate('pause', { args: [{}] });
  });
  expect(looks()).toBe(0);
  await under(workflowBundle, async () => {
    await handle.executeUpdate('unpause', { args: [{}] });
    await vi.waitFor(() => expect(looks()).toBeGreaterThan(2), PATIENCE);
    await handle.executeUpdate('drift', { args: [{}] });
    expect(await state()).toMatchObject({ phase: 'live', drift: { drifted: [] } });
  });
  const seen = looks();
  await under(workflowBundle, async () => {
    await vi.waitFor(() => expect(looks()).toBeGreaterThan(seen + 1), PATIENCE);
    await handle.terminate();
  });
});
