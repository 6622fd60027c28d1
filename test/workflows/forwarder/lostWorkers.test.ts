import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, it, vi } from 'vitest';
import type { DrainEnd } from '../../../src/domain/delivery/forwarder.js';
import {
  FakeActivities,
  OTHER_DELIVERY,
  type RunningForwarder,
  untilCancelled,
  withForwarders,
} from './fakeForwarder.js';

const { withForwarder } = withForwarders();
const FEW_EVENTS = 40;

/** As an activity that meets with what may pass when it was asked to end, as a database that is just away. */
async function stumbles(): Promise<never> {
  await untilCancelled();
  throw new Error('the database is starting up');
}

const FAULT: DrainEnd = { kind: 'fault', fault: { stops: 'outage', detail: 'HTTP 503' } };

type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

/** Sends again by itself, and was held at no time. */
async function expectGoingOn(fake: FakeActivities, { handle, reaches }: RunningForwarder): Promise<void> {
  fake.script = ({ mode }) =>
    mode === 'probe' ? { kind: 'probed', accepted: true, detail: 'HTTP 200' } : { kind: 'idle' };
  expect((await reaches('idle')).hold).toBeUndefined();
  const upserts = (await eventsOfAllRuns(handle)).flatMap(({ upsertWorkflowSearchAttributesEventAttributes: upsert }) =>
    Object.entries(upsert?.searchAttributes?.indexedFields ?? {}),
  );
  expect(upserts.length).toBeGreaterThan(0);
  expect(upserts.map(([, { data }]) => Buffer.from(data ?? []).toString())).not.toContain('"held"');
}

/** The newest run may be one in which nothing has changed. */
async function eventsOfAllRuns({ client, workflowId }: WorkflowHandle) {
  const all: HistoryEvent[] = [];
  let runId: string | undefined;
  do {
    const { events } = await client.getHandle(workflowId, runId).fetchHistory();
    all.push(...(events ?? []));
    const before = events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
    runId = before === '' ? undefined : (before ?? undefined);
  } while (runId !== undefined);
  return all;
}

/** Until a new run has begun. */
async function continues({ handle }: RunningForwarder): Promise<void> {
  const { runId } = await handle.describe();
  await vi.waitFor(
    async () => {
      await handle.signal('wake', {});
      expect((await handle.describe()).runId).not.toBe(runId);
    },
    { timeout: 45_000, interval: 100 },
  );
}

describe('a drain that was asked to end', () => {
  it.each(['whose worker dies', 'that meets with what may pass'])(
    '%s: is run again, nobody has to resume',
    async (end) => {
      const fake = new FakeActivities();
      fake.script = end === 'whose worker dies' ? fake.dies : stumbles;
      await withForwarder(fake, async (running) => {
        await vi.waitFor(() => expect(fake.running).toBe(2), { timeout: 15_000 });
        await running.handle.executeUpdate('configure', { args: [OTHER_DELIVERY] });
        await expectGoingOn(fake, running);
      });
    },
  );

  it('because of the fault of another partition, and whose worker dies: is run again after the probe', async () => {
    const fake = new FakeActivities();
    fake.script = ({ partition }) => (partition === 0 ? fake.dies() : FAULT);
    await withForwarder(fake, async (running) => {
      expect((await running.reaches('outage')).hold).toBeUndefined();
      await expectGoingOn(fake, running);
    });
  });

  it('because the forwarder continues as new, and whose worker dies: is run again by the next run', async () => {
    const fake = new FakeActivities();
    fake.script = (_input, n) => (n <= 2 ? fake.dies() : { kind: 'idle' });
    await withForwarder(
      fake,
      async (running) => {
        await vi.waitFor(() => expect(fake.running).toBe(2), { timeout: 15_000 });
        await continues(running);
        await expectGoingOn(fake, running);
      },
      { maxHistoryEvents: FEW_EVENTS },
    );
  });
});

it('a look at the lake that was asked to end and whose worker dies says nothing of the lake', async () => {
  const fake = new FakeActivities();
  fake.lookUps = { dueInMs: 0, unplanned: false };
  fake.look = fake.dies;
  await withForwarder(
    fake,
    async (running) => {
      await vi.waitFor(() => expect(fake.looks).toBe(1), { timeout: 15_000 });
      await continues(running);
      expect((await running.state()).lake).toBeUndefined();
    },
    { maxHistoryEvents: FEW_EVENTS },
    // Otherwise most of half a minute goes by until the activity learns that it is to end.
    { maxHeartbeatThrottleInterval: '1 second' },
  );
});
