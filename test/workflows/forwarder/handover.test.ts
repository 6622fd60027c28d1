/** Updates while a forwarder hands over to its next run. */
import { once } from 'node:events';
import { ApplicationFailure } from '@temporalio/activity';
import { WorkflowUpdateStage } from '@temporalio/client';
import { expect, it, vi } from 'vitest';
import type { DecideResult } from '../../../src/domain/exceptions/heldEvents.js';
import { FakeActivities, untilCancelled, withForwarders } from './fakeForwarder.js';

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

it('drains while a look at the lake that is to end takes its time, and hands over when it has ended', async () => {
  const fake = new FakeActivities();
  fake.lookUps = { dueInMs: 0, unplanned: false };
  const asked = new AbortController();
  const ended = new AbortController();
  const look = fake.look;
  fake.look = async () => {
    await untilCancelled();
    asked.abort();
    if (!ended.signal.aborted) await once(ended.signal, 'abort');
    return look();
  };
  await withForwarder(
    fake,
    async ({ handle, reaches }) => {
      await vi.waitFor(() => expect(fake.looks).toBe(1), { timeout: 15_000 });
      await reaches('idle');
      const { runId } = await handle.describe();
      const drainsAgain = async (partition: number) => {
        const before = fake.drains.length;
        await handle.signal('wake', { partitions: [partition] });
        await vi.waitFor(() => expect(fake.drains.length).toBeGreaterThan(before), { timeout: 10_000 });
      };
      for (let n = 0; (await handle.describe()).historyLength < FEW_EVENTS; n += 1) await drainsAgain(n % 2);
      if (!asked.signal.aborted) await once(asked.signal, 'abort');
      await drainsAgain(0);
      expect((await handle.describe()).runId).toBe(runId);
      ended.abort();
      await vi.waitFor(async () => expect((await handle.describe()).runId).not.toBe(runId), { timeout: 10_000 });
      await drainsAgain(1);
    },
    { maxHistoryEvents: FEW_EVENTS },
    // Otherwise most of half a minute goes by until the activity learns that it is to end.
    { maxHeartbeatThrottleInterval: '1 second' },
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
const LENGTHS = [60, 61, 62, 63];
/** On a busy machine the tasks of a run fall differently: then each length is tried again. */
const ROUNDS = 5;

it('answers an update whose task ends the run', { timeout: 120_000 }, async () => {
  let isInLastTask = false;
  const lengths = Array.from({ length: ROUNDS }, () => LENGTHS).flat();
  for (const maxHistoryEvents of lengths) {
    if (isInLastTask) break;
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
        isInLastTask = await endsWithUpdate(handle.workflowId, runId);
      },
      // Nothing happens by itself meanwhile.
      { maxHistoryEvents, pace: { sliceMs: 1_000, lingerMs: 100, firstProbeMs: 60_000, surveyMs: 600_000 } },
    );
  }
  expect(isInLastTask).toBe(true);
});
