/** What counts a source's events runs beside what sends them. */
import { ApplicationFailure } from '@temporalio/activity';
import { describe, expect, it, vi } from 'vitest';
import { FakeActivities, untilCancelled, withForwarders } from './fakeForwarder.js';

const { withForwarder } = withForwarders();

describe('a count that never ends', () => {
  it('delays neither the first drains nor those that come after', async () => {
    const fake = new FakeActivities();
    fake.survey = fake.hangs;
    await withForwarder(fake, async ({ handle, reaches }) => {
      await reaches('idle');
      expect(fake.drains.map(({ partition }) => partition).sort((a, b) => a - b)).toEqual([0, 1]);
      await handle.signal('wake', { partitions: [1] });
      await vi.waitFor(() => expect(fake.drains).toHaveLength(3), { timeout: 10_000 });
      await handle.signal('wake');
      await vi.waitFor(() => expect(fake.drains).toHaveLength(5), { timeout: 10_000 });
      await reaches('idle');
    });
  });

  it('delays no probe', async () => {
    const fake = new FakeActivities();
    fake.survey = fake.hangs;
    let away = true;
    fake.script = ({ mode }) => {
      if (mode === 'probe') return { kind: 'probed', accepted: !away, detail: 'HTTP 503' };
      return away ? { kind: 'fault', fault: { stops: 'outage', detail: 'HTTP 503' } } : { kind: 'idle' };
    };
    await withForwarder(fake, async ({ reaches, state }) => {
      await vi.waitFor(async () => expect((await state()).outage?.probes).toBeGreaterThan(2), { timeout: 10_000 });
      away = false;
      await reaches('idle');
    });
  });

  it('delays no handing over to the next run, which counts as well', async () => {
    const fake = new FakeActivities();
    let counts = 0;
    fake.survey = () => {
      counts += 1;
      return fake.hangs();
    };
    fake.script = (_input, n) => (n <= 2 ? untilCancelled() : { kind: 'idle' });
    await withForwarder(
      fake,
      async ({ handle, reaches, wakesUntil }) => {
        const firstRun = (await handle.describe()).runId;
        await wakesUntil(() => fake.drains.length >= 3);
        await reaches('idle');
        expect((await handle.describe()).runId).not.toBe(firstRun);
        await vi.waitFor(() => expect(counts).toBeGreaterThanOrEqual(2), { timeout: 10_000 });
      },
      { maxHistoryEvents: 40 },
    );
  });
});

it('a count that fails for good holds nothing', async () => {
  const fake = new FakeActivities();
  fake.survey = () => Promise.reject(ApplicationFailure.nonRetryable('what was counted makes no sense'));
  await withForwarder(fake, async ({ handle, reaches }) => {
    await reaches('idle');
    await handle.signal('wake', { partitions: [0] });
    await vi.waitFor(() => expect(fake.drains).toHaveLength(3), { timeout: 10_000 });
    await reaches('idle');
  });
});

it('partitions that only a count finds are drained as well', async () => {
  const fake = new FakeActivities();
  const { survey } = fake;
  fake.survey = async () => ({ ...(await survey()), partitions: [0, 1, 2] });
  await withForwarder(fake, async ({ reaches }) => {
    await vi.waitFor(
      () => expect(fake.drains.map(({ partition }) => partition).sort((a, b) => a - b)).toEqual([0, 1, 2]),
      {
        timeout: 10_000,
      },
    );
    await reaches('idle');
  });
});
