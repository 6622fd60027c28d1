/** Updates while a forwarder hands over to its next run. */
import { ApplicationFailure } from '@temporalio/activity';
import { WorkflowUpdateStage } from '@temporalio/client';
import { expect, it, vi } from 'vitest';
import type { DecideResult } from '../../src/domain/heldEvents.js';
import { FakeActivities, withForwarders } from './fakeForwarder.js';

const { temporal, withForwarder } = withForwarders();
const FEW_EVENTS = 40;

it('drains while a decision is being carried out, and hands over when it has ended', async () => {
  const fake = new FakeActivities();
  let decided: (result: DecideResult) => void = () => undefined;
  fake.decide = () => new Promise((resolve) => (decided = resolve));
  await withForwarder(
    fake,
    async ({ handle, reaches }) => {
      await reaches('idle');
      const { runId } = await handle.describe();
      const decision = { decision: 'resend', ids: [12], by: 'ana', why: 'not in the lake' };
      const update = await handle.startUpdate<DecideResult, [object]>('decide', {
        args: [decision],
        waitForStage: WorkflowUpdateStage.ACCEPTED,
      });
      for (let n = 0; (await handle.describe()).historyLength < FEW_EVENTS; n += 1) {
        const before = fake.drains.length;
        await handle.signal('wake', { partitions: [n % 2] });
        await vi.waitFor(() => expect(fake.drains.length).toBeGreaterThan(before), { timeout: 10_000 });
      }
      const before = fake.drains.length;
      await handle.signal('wake', { partitions: [0] });
      await vi.waitFor(() => expect(fake.drains.length).toBeGreaterThan(before), { timeout: 10_000 });
      expect((await handle.describe()).runId).toBe(runId);
      decided({ v: 1 } as unknown as DecideResult);
      expect(await update.result()).toEqual({ v: 1 });
      await vi.waitFor(async () => expect((await handle.describe()).runId).not.toBe(runId), { timeout: 10_000 });
    },
    { maxHistoryEvents: FEW_EVENTS },
  );
});

/** Was an update completed by the task by which this run was ended? */
async function endsWithUpdate(workflowId: string, runId: string): Promise<boolean> {
  const { events = [] } = await temporal().client.workflow.getHandle(workflowId, runId).fetchHistory();
  const lastTask = events?.findLastIndex(({ workflowTaskCompletedEventAttributes: task }) => task) ?? 0;
  const after = events?.slice(lastTask + 1) ?? [];
  return after.some(({ workflowExecutionUpdateCompletedEventAttributes: update }) => update);
}

/** A wake of a held forwarder is so many events: one of as many lengths brings the update into the last task. */
const LENGTHS = [50, 51, 52, 53];

it('answers an update whose task ends the run', async () => {
  const inLastTask: boolean[] = [];
  for (const maxHistoryEvents of LENGTHS) {
    const fake = new FakeActivities();
    fake.script = () => Promise.reject(ApplicationFailure.nonRetryable('the key is missing', 'CAEP_KEY_MISSING'));
    await withForwarder(
      fake,
      async ({ handle, reaches }) => {
        await reaches('held');
        const { runId } = await handle.describe();
        const length = async () => (await handle.describe()).historyLength;
        for (let now = await length(); now <= maxHistoryEvents - 2 - LENGTHS.length; ) {
          const before = now;
          await handle.signal('wake', {});
          await vi.waitFor(async () => expect((now = await length())).toBeGreaterThanOrEqual(before + LENGTHS.length), {
            timeout: 10_000,
            interval: 20,
          });
        }
        fake.script = () => ({ kind: 'idle' });
        expect(await handle.executeUpdate('resume', { args: [{}] })).toEqual(expect.any(String));
        await reaches('idle');
        inLastTask.push(await endsWithUpdate(handle.workflowId, runId));
      },
      // Nothing happens by itself meanwhile.
      { maxHistoryEvents, pace: { sliceMs: 1_000, lingerMs: 100, firstProbeMs: 60_000, surveyMs: 600_000 } },
    );
  }
  expect(inLastTask).toContain(true);
});
