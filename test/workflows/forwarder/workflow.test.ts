import { ApplicationFailure } from '@temporalio/activity';
import { describe, expect, it, vi } from 'vitest';
import type { DestinationLook, DestinationWatchInput, DrainEnd } from '../../../src/domain/delivery/forwarder.js';
import { DELIVERY } from '../../support/delivery.js';
import { FakeActivities, OTHER_DELIVERY, untilCancelled, withForwarders } from './fakeForwarder.js';

const { withForwarder } = withForwarders();

describe('forwarder', () => {
  it('drains every partition, then waits without a timer until it is woken', async () => {
    const fake = new FakeActivities();
    await withForwarder(fake, async ({ handle, reaches, state }) => {
      await reaches('idle');
      expect(fake.drains.map(({ partition }) => partition).sort((a, b) => a - b)).toEqual([0, 1]);
      expect(fake.drains[0]).toMatchObject({ mode: 'slice', requestsPerSecond: DELIVERY.maxRequestsPerSecond / 2 });
      const counters = { taken: 5, exceptions: { unknown: 1 } };
      await vi.waitFor(async () => expect((await state()).counters).toMatchObject(counters), { timeout: 10_000 });
      const events = (await handle.fetchHistory()).events ?? [];
      expect(events.filter(({ timerStartedEventAttributes }) => timerStartedEventAttributes)).toEqual([]);

      await handle.signal('wake', { partitions: [1] });
      await vi.waitFor(() => expect(fake.drains).toHaveLength(3), { timeout: 10_000 });
      expect(fake.drains[2]?.partition).toBe(1);
      await reaches('idle');
    });
  });

  it.each([
    ['null', null],
    ['a text', 'now'],
    ['a number of one partition', { partitions: 1 }],
    ['names of partitions', { partitions: ['one'] }],
    ['a misspelt member', { partition: [1] }],
    ['a uid that is none', { uid: 7 }],
  ])('takes a wake that is %s for one of every partition', async (_what, wake) => {
    const fake = new FakeActivities();
    await withForwarder(fake, async ({ handle, reaches }) => {
      await reaches('idle');
      await handle.signal('wake', wake);
      await vi.waitFor(() => expect(fake.drains).toHaveLength(4), { timeout: 10_000 });
      expect(new Set(fake.drains.map(({ partition }) => partition))).toEqual(new Set([0, 1]));
      await reaches('idle');
    });
  });

  it('looks for events in the lake beside the drains, when it is time to', async () => {
    const fake = new FakeActivities();
    fake.lookUps = { dueInMs: 0, unplanned: false };
    fake.script = untilCancelled;
    await withForwarder(fake, async ({ state }) => {
      await vi.waitFor(() => expect(fake.looks).toBeGreaterThan(0), { timeout: 10_000 });
      await vi.waitFor(async () => expect((await state()).lake).toEqual({ state: 'readable' }), { timeout: 10_000 });
      expect(fake.running).toBe(2);
    });
  });

  it('looks at flow and dataset after something was delivered, and stops where they are not there any more', async () => {
    const fake = new FakeActivities();
    const looking = (look: DestinationLook) => () => Promise.resolve(look);
    await withForwarder(
      fake,
      async ({ handle, reaches, state }) => {
        await reaches('idle');
        expect(fake.watches).toBe(0);
        fake.watch = looking({ v: 1, looked: false });
        fake.accepted = 5;
        await handle.signal('wake');
        // An Adobe that does not answer is asked again, and so is an activity that has failed.
        await vi.waitFor(() => expect(fake.watches).toBeGreaterThan(1), { timeout: 10_000 });
        fake.watch = () => Promise.reject(ApplicationFailure.nonRetryable('the source is not in the store'));
        const { watches } = fake;
        await vi.waitFor(() => expect(fake.watches).toBeGreaterThan(watches + 1), { timeout: 10_000 });
        fake.watch = looking({ v: 1, looked: true, closedFor: 'the dataset d-1 was deleted at Adobe' });
        expect((await reaches('paused')).gate).toEqual({ reason: 'the dataset d-1 was deleted at Adobe' });
        const looks = fake.watches;
        fake.watch = looking({ v: 1, looked: true });
        await handle.signal('wake');
        await reaches('idle');
        expect((await state()).gate).toBeUndefined();
        expect(fake.watches).toBe(looks);
      },
      { sandbox: 'prod' },
    );
  });

  it.each<[string, (fake: FakeActivities, gate: { reason: string; opensByItself: true }) => void]>([
    [
      'a look',
      (fake, { reason, opensByItself }) => {
        fake.accepted = 5;
        fake.watch = () => Promise.resolve({ v: 1, looked: true, closedFor: reason, opensByItself });
      },
    ],
    [
      'a run before it',
      (fake, gate) => {
        fake.script = () => ({ kind: 'gate', gate: { open: false, ...gate } });
        fake.watch = () => Promise.resolve({ v: 1, looked: true, closedFor: gate.reason, opensByItself: true });
      },
    ],
  ])('goes on looking at what %s has closed, and not at what a person has', async (_who, close) => {
    const fake = new FakeActivities();
    const gate = { reason: 'the flow f-1 was disabled at Adobe', opensByItself: true } as const;
    await withForwarder(
      fake,
      async ({ handle, reaches, state }) => {
        await reaches('idle');
        close(fake, gate);
        await handle.signal('wake');
        expect((await reaches('paused')).gate).toEqual(gate);
        const looks = fake.watches;
        await vi.waitFor(() => expect(fake.watches).toBeGreaterThan(looks + 1), { timeout: 10_000 });
        const asked: DestinationWatchInput[] = [];
        fake.watch = (input) => {
          asked.push(input);
          return Promise.resolve({ v: 1, looked: true, closedFor: 'paused by ana' });
        };
        await vi.waitFor(async () => expect((await state()).gate).toEqual({ reason: 'paused by ana' }), {
          timeout: 10_000,
        });
        expect(asked).toMatchObject([{ settleWindowMs: DELIVERY.settleWindowMs }]);
      },
      { sandbox: 'prod' },
    );
  });

  it('loses nothing of what happens while it counts after a look into the lake', async () => {
    const fake = new FakeActivities();
    let counted: (() => void) | undefined;
    let endLook: (() => void) | undefined;
    fake.look = () => {
      const seen = { v: 1, lake: { state: 'readable' }, lookUps: { unplanned: false } } as const;
      return new Promise((resolve) => (endLook = () => resolve(seen)));
    };
    await withForwarder(fake, async ({ handle, reaches, state }) => {
      await reaches('idle');
      const survey = fake.survey;
      fake.lookUps = { dueInMs: 0, unplanned: false };
      await handle.signal('wake', { partitions: [0] });
      await vi.waitFor(() => expect(endLook).toBeDefined(), { timeout: 10_000 });
      await vi.waitFor(async () => {
        expect((await state()).phase).toBe('idle');
        const { raw } = await handle.describe();
        // Nobody else counts, or will: the next one does after the look.
        expect(raw.pendingActivities?.map(({ activityType }) => activityType?.name)).toEqual(['reconcile']);
      }, 20_000);
      fake.survey = async () => {
        if (counted === undefined) await new Promise<void>((resolve) => (counted = resolve));
        return survey();
      };
      endLook?.();
      await vi.waitFor(() => expect(counted).toBeDefined(), { timeout: 10_000 });
      fake.lookUps = undefined;
      const { wakes } = await state();
      await handle.signal('wake', { partitions: [1] });
      await vi.waitFor(async () => expect((await state()).wakes).toBe(wakes + 1), { timeout: 10_000 });
      await vi.waitFor(() => expect(fake.drains.at(-1)?.partition).toBe(1), { timeout: 10_000 });
      fake.survey = survey;
      counted?.();
      await reaches('idle');
      expect(await state()).toMatchObject({ wakes: wakes + 1, draining: [] });
    });
  });

  it('drains a partition again that is woken while it is being drained', async () => {
    const fake = new FakeActivities();
    let finish: (end: DrainEnd) => void = () => undefined;
    fake.script = (_input, n) =>
      n === 1 ? new Promise((resolve) => (finish = resolve)) : Promise.resolve({ kind: 'idle' });
    await withForwarder(fake, async ({ handle, reaches, state }) => {
      await vi.waitFor(() => expect(fake.drains).toHaveLength(2), { timeout: 10_000 });
      const [first] = fake.drains;
      await handle.signal('wake', { partitions: [first?.partition] });
      await vi.waitFor(async () => expect((await state()).wanted).toEqual([first?.partition]), { timeout: 10_000 });
      finish({ kind: 'idle' });
      await vi.waitFor(() => expect(fake.drains).toHaveLength(3), { timeout: 10_000 });
      await reaches('idle');
    });
  });

  it('stops its drains and awaits their return before it continues as new', async () => {
    const fake = new FakeActivities();
    let mostAtOnce = 0;
    fake.script = (_input, n) => {
      mostAtOnce = Math.max(mostAtOnce, fake.running);
      return n <= 4 ? untilCancelled() : { kind: 'idle' };
    };
    await withForwarder(
      fake,
      async ({ handle, reaches, wakesUntil }) => {
        const firstRun = (await handle.describe()).runId;
        await wakesUntil(() => fake.drains.length >= 5);
        await reaches('idle');
        expect((await handle.describe()).runId).not.toBe(firstRun);
        expect(mostAtOnce).toBe(2);
      },
      { maxHistoryEvents: 40 },
    );
  });

  it('waits while the gate is closed, and goes on by itself when the settle window has passed', async () => {
    const fake = new FakeActivities();
    fake.script = (_input, n) =>
      n <= 2 ? { kind: 'gate', gate: { open: true, opensInMs: 700, reason: '' } } : { kind: 'idle' };
    await withForwarder(fake, async ({ reaches }) => {
      await reaches('settling');
      const drainsBefore = fake.drains.length;
      expect(drainsBefore).toBeLessThanOrEqual(2);
      await reaches('idle');
      expect(fake.drains.length).toBeGreaterThan(drainsBefore);
    });
  });

  it('counts again while it is paused, as events go on coming', async () => {
    const fake = new FakeActivities();
    fake.script = () => ({ kind: 'gate', gate: { open: false, reason: 'paused by ana' } });
    const pace = { sliceMs: 1_000, lingerMs: 100, firstProbeMs: 50, surveyMs: 200 };
    await withForwarder(
      fake,
      async ({ reaches, state }) => {
        await reaches('paused');
        fake.taken = 25;
        await vi.waitFor(async () => expect((await state()).counters.taken).toBe(25), { timeout: 10_000 });
        expect(await reaches('paused')).toMatchObject({ gate: { reason: 'paused by ana' } });
      },
      { pace },
    );
  });

  it('ends when it is woken for another source of its name, once its drains have ended', async () => {
    const fake = new FakeActivities();
    fake.script = untilCancelled;
    await withForwarder(
      fake,
      async ({ handle }) => {
        await vi.waitFor(() => expect(fake.running).toBe(2), { timeout: 15_000 });
        await handle.signal('wake', { uid: 'of-this-one' });
        await handle.signal('wake', { uid: 'of-the-next-one' });
        await handle.result();
        expect(fake.running).toBe(0);
      },
      { uid: 'of-this-one' },
    );
  });

  it('stays paused until it is woken', async () => {
    const fake = new FakeActivities();
    fake.script = () => ({ kind: 'gate', gate: { open: false, reason: 'paused by ana' } });
    await withForwarder(fake, async ({ handle, reaches }) => {
      expect((await reaches('paused')).gate).toEqual({ reason: 'paused by ana' });
      fake.script = () => ({ kind: 'idle' });
      await handle.signal('wake');
      await reaches('idle');
    });
  });

  it('probes a destination that is away until an event is accepted, then drains all', async () => {
    const fake = new FakeActivities();
    let away = true;
    fake.script = ({ mode }) => {
      if (mode === 'probe') return { kind: 'probed', accepted: !away, detail: 'HTTP 503' };
      return away ? { kind: 'fault', fault: { stops: 'outage', detail: 'HTTP 503' } } : { kind: 'idle' };
    };
    await withForwarder(fake, async ({ reaches, state }) => {
      await reaches('outage');
      await vi.waitFor(async () => expect((await state()).outage?.probes).toBeGreaterThan(2), { timeout: 10_000 });
      expect(fake.checks).toBeGreaterThan(2);
      away = false;
      const slices = fake.drains.filter(({ mode }) => mode === 'slice').length;
      await reaches('idle');
      expect(fake.drains.filter(({ mode }) => mode === 'slice').length).toBeGreaterThanOrEqual(slices + 2);
    });
  });

  it('sends no probe while the destination takes no connection', async () => {
    const fake = new FakeActivities();
    fake.script = () => ({ kind: 'fault', fault: { stops: 'outage', detail: 'no answer' } });
    fake.check = { well: false, stops: 'outage', detail: 'no connection: ECONNREFUSED' };
    await withForwarder(fake, async ({ state }) => {
      await vi.waitFor(async () => expect((await state()).outage?.probes).toBe(2), { timeout: 10_000 });
      expect(fake.drains.filter(({ mode }) => mode === 'probe')).toEqual([]);
    });
  });

  it('is held by an inlet that turns everything down, and resumed by a person', async () => {
    const fake = new FakeActivities();
    fake.script = ({ mode }) =>
      mode === 'probe'
        ? { kind: 'probed', accepted: false, detail: 'HTTP 404' }
        : { kind: 'fault', fault: { stops: 'held', detail: 'HTTP 404' } };
    await withForwarder(fake, async ({ handle, reaches }) => {
      const { hold } = await reaches('held');
      expect(hold?.reason).toContain('HTTP 404');
      const { searchAttributes } = await handle.describe();
      expect(searchAttributes['HeldReason']?.[0]).toContain('HTTP 404');
      fake.script = () => ({ kind: 'idle' });
      await expect(handle.executeUpdate('resume', { args: [{ after: '10m' }] })).rejects.toMatchObject({
        cause: { type: 'CAEP_USAGE' },
      });
      await handle.executeUpdate('resume', { args: [{}] });
      await reaches('idle');
      await expect(handle.executeUpdate('resume', { args: [{}] })).rejects.toMatchObject({
        cause: { type: 'CAEP_NOT_HELD' },
      });
    });
  });

  it('probes slowly what it holds, and goes on by itself when a probe is accepted', async () => {
    const fake = new FakeActivities();
    fake.script = ({ mode }) =>
      mode === 'probe'
        ? { kind: 'probed', accepted: false, detail: 'HTTP 401' }
        : { kind: 'fault', fault: { stops: 'held', detail: 'HTTP 401' } };
    const pace = { sliceMs: 1_000, lingerMs: 100, firstProbeMs: 10 };
    await withForwarder(
      fake,
      async ({ reaches, state }) => {
        const { hold } = await reaches('held');
        expect(hold?.nextProbeAt).toBeGreaterThan(hold?.since ?? 0);
        await vi.waitFor(async () => expect((await state()).hold?.probes).toBe(1), { timeout: 10_000 });
        expect((await state()).hold?.since).toBe(hold?.since);
        fake.script = ({ mode }) =>
          mode === 'probe' ? { kind: 'probed', accepted: true, detail: '' } : { kind: 'idle' };
        await reaches('idle');
      },
      { pace },
    );
  });

  it.each([
    ['before it', { well: true, closedFor: 'set back' } as const, { kind: 'idle' } as const],
    ['in it', { well: true } as const, { kind: 'gate', gate: { open: false, reason: 'set back' } } as const],
  ])('stays held, with its reason, by a probe that meets a closed gate %s', async (_where, check, end) => {
    const fake = new FakeActivities();
    const words = 'The database behind support-chat was set back';
    fake.script = () => {
      throw ApplicationFailure.nonRetryable(words, 'CAEP_DATABASE_SET_BACK');
    };
    await withForwarder(
      fake,
      async ({ handle, reaches, state }) => {
        await reaches('held');
        Object.assign(fake, { check, script: () => end });
        await vi.waitFor(async () => expect((await state()).hold?.probes).toBeGreaterThan(1), { timeout: 20_000 });
        expect(await state()).toMatchObject({ phase: 'held', hold: { reason: words } });
        fake.script = () => ({ kind: 'idle' });
        await handle.executeUpdate('resume', { args: [{}] });
        await handle.signal('wake');
        await reaches('idle');
      },
      { pace: { sliceMs: 1_000, lingerMs: 100, firstProbeMs: 2 } },
    );
  });

  it('is held with the words of a drain that only a person can mend, and resumed after the fix', async () => {
    const fake = new FakeActivities();
    const words = 'CAEP_KEY_MISSING: The key 0badcafe is not in the key file. Restore it from your backup';
    fake.script = () => Promise.reject(ApplicationFailure.nonRetryable(words, 'CAEP_KEY_MISSING'));
    await withForwarder(fake, async ({ handle, reaches, state }) => {
      expect((await reaches('held')).hold?.reason).toBe(words);
      expect((await handle.describe()).searchAttributes['HeldReason']).toEqual([words]);
      await vi.waitFor(async () => expect((await state()).draining).toEqual([]), { timeout: 10_000 });
      fake.script = () => ({ kind: 'idle' });
      await handle.executeUpdate('resume', { args: [{}] });
      await reaches('idle');
    });
  });

  it('takes over other delivery settings', async () => {
    const fake = new FakeActivities();
    await withForwarder(fake, async ({ handle, reaches }) => {
      await reaches('idle');
      await handle.executeUpdate('configure', { args: [{ ...OTHER_DELIVERY, concurrency: 3 }] });
      await vi.waitFor(() => expect(fake.drains.at(-1)?.delivery.concurrency).toBe(3), { timeout: 10_000 });
    });
  });

  it('gives its drains the time that other settings ask for', async () => {
    const fake = new FakeActivities();
    await withForwarder(fake, async ({ handle, reaches }) => {
      await reaches('idle');
      const delivery = { ...OTHER_DELIVERY, leaseMs: 7_000, requestTimeoutMs: 300_000 };
      await handle.executeUpdate('configure', { args: [delivery] });
      await vi.waitFor(() => expect(fake.drains.at(-1)?.delivery.leaseMs).toBe(7_000), { timeout: 10_000 });
      const { events } = await handle.fetchHistory();
      const drain = events
        ?.map(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled)
        .findLast((scheduled) => scheduled?.activityType?.name === 'drain');
      expect(Number(drain?.heartbeatTimeout?.seconds)).toBe(7);
      expect(Number(drain?.startToCloseTimeout?.seconds)).toBeGreaterThan(300);
    });
  });

  it('refuses settings that are none', async () => {
    const fake = new FakeActivities();
    await withForwarder(fake, async ({ handle, reaches }) => {
      await reaches('idle');
      for (const delivery of [{}, undefined, { ...OTHER_DELIVERY, partitions: 0 }, { ...OTHER_DELIVERY, leaseMs: 0 }]) {
        await expect(handle.executeUpdate('configure', { args: [delivery] })).rejects.toMatchObject({
          cause: { type: 'CAEP_USAGE' },
        });
      }
    });
  });

  it('lets its drains finish when it is cancelled', async () => {
    const fake = new FakeActivities();
    fake.script = () => untilCancelled();
    await withForwarder(fake, async ({ handle }) => {
      await vi.waitFor(() => expect(fake.running).toBe(2), { timeout: 10_000 });
      await handle.cancel();
      await expect(handle.result()).rejects.toThrow('cancelled');
      expect(fake.running).toBe(0);
    });
  });
});
