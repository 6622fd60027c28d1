import { describe, expect, it, vi } from 'vitest';
import type { Drifted, DriftInput, DriftLook, SeenDrift } from '../../src/domain/drift/drift.js';
import { SOURCE_DRIFT } from '../../src/domain/source/searchAttributes.js';
import type { SourceInput } from '../../src/domain/source/source.js';
import { stepsFor } from '../../src/domain/source/steps.js';
import { manifestFixture } from '../support/manifest.js';
import { createFakeSteps, refusal, type FakeSteps } from './fakeSteps.js';
import { failAt, PATIENCE, refuse, type Running, withSources } from './sources.js';

const { withSource } = withSources();
const CALLS_BEFORE = stepsFor(manifestFixture()).length + 1;
const callsSince = (fake: FakeSteps): string[] => fake.calls.slice(CALLS_BEFORE);

const EVERY_MS = 300;
/** Looks at once, and then so soon that a test need not wait for it. */
const OFTEN = { ...manifestFixture(), drift: { everyMs: EVERY_MS } };
const NEVER = { ...manifestFixture(), drift: { everyMs: 0 } };

const DISABLED: Drifted = {
  step: 'flow',
  id: 'flow-id',
  origin: 'created',
  kind: 'disabled',
  field: 'state',
  recorded: 'enabled',
  found: 'disabled',
  remedy: 'change',
};
const found =
  (changes: Partial<DriftLook> = {}) =>
  (): DriftLook => ({
    v: 1,
    drifted: [DISABLED],
    more: 0,
    searchable: true,
    ...changes,
  });
const looking = (...answers: (() => unknown)[]): FakeSteps => {
  const fake = createFakeSteps();
  fake.script.set('lookForDrift', answers);
  return fake;
};
const drift = ({ handle }: Running) =>
  handle.executeUpdate<SeenDrift, [DriftInput]>('drift', { args: [{ by: 'ana' }] });
const attribute = async ({ handle }: Running) => (await handle.describe()).typedSearchAttributes.get(SOURCE_DRIFT);
const unavailable = (): never => {
  throw refusal({ code: 'CAEP_ADOBE_UNAVAILABLE', fields: {} });
};

interface WaitingLook {
  readonly begunAt: number;
  readonly answer: (find: () => unknown) => void;
}

/** An activity that waits for the test to let it end. */
function held(): { readonly waits: Promise<void>; readonly release: () => void } {
  let release: () => void = () => undefined;
  const waits = new Promise<void>((resolve) => (release = resolve));
  return { waits, release };
}

/** Each look waits for the test to say what it finds, so that what a look has found stands until then. */
async function withWaitingLooks(
  test: (running: Running, fake: FakeSteps, nextLook: () => Promise<WaitingLook>) => Promise<void>,
  input: Partial<SourceInput> = {},
): Promise<void> {
  const looks: WaitingLook[] = [];
  let taken = 0;
  const look = () =>
    new Promise((resolve) =>
      looks.push({ begunAt: Date.now(), answer: (find) => resolve(Promise.resolve().then(find)) }),
    );
  const fake = looking(...Array.from({ length: 50 }, () => look));
  const nextLook = async (): Promise<WaitingLook> => {
    await vi.waitFor(() => expect(looks.length).toBeGreaterThan(taken), PATIENCE);
    taken += 1;
    return looks[taken - 1] as WaitingLook;
  };
  await withSource(
    fake,
    async (running) => {
      try {
        await test(running, fake, nextLook);
      } finally {
        fake.script.delete('lookForDrift');
        for (const { answer } of looks) answer(found({ drifted: [] }));
      }
    },
    { manifest: OFTEN, ...input },
  );
}

const seen = async ({ state }: Running): Promise<SeenDrift | undefined> => (await state()).drift;
const sees = (running: Running, expected: object) =>
  vi.waitFor(async () => expect(await seen(running)).toMatchObject(expected), PATIENCE);

/** How many looks the workflow has begun, and of how many it knows that they have ended. */
async function looksOf({ handle }: Running): Promise<{ readonly begun: number; readonly ended: number }> {
  const events = (await handle.fetchHistory()).events ?? [];
  const begun = events.flatMap(({ eventId, activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled?.activityType?.name === 'lookForDrift' ? [String(eventId)] : [],
  );
  // What a task has begun is written down with its end.
  const known = events.slice(
    0,
    events.findLastIndex((event) => Boolean(event.workflowTaskCompletedEventAttributes)),
  );
  const ended = known.filter(({ activityTaskCompletedEventAttributes: completed }) =>
    begun.includes(String(completed?.scheduledEventId)),
  );
  return { begun: begun.length, ended: ended.length };
}

describe('a source looks by itself', () => {
  it('as often as its manifest says, and shows what has drifted until it is in order again', async () => {
    await withWaitingLooks(async (running, fake, nextLook) => {
      (await nextLook()).answer(found());
      await sees(running, { drifted: [DISABLED] });
      const second = await nextLook();
      const { lookedAt = 0 } = (await seen(running)) ?? {};
      expect(second.begunAt - lookedAt).toBeGreaterThanOrEqual(EVERY_MS);
      expect(await seen(running)).toMatchObject({ drifted: [DISABLED] });
      second.answer(found({ drifted: [] }));
      await sees(running, { drifted: [] });
      (await nextLook()).answer(found());
      await vi.waitFor(() => expect(fake.noted).toEqual([1, 0, 1]), PATIENCE);
    });
  });

  it('not while an operation runs, and what it has seen of the world before one does not count', async () => {
    const closing = held();
    await withWaitingLooks(async (running, fake, nextLook) => {
      fake.script.set('closeGate', [() => closing.waits]);
      const first = await nextLook();
      const paused = running.handle.executeUpdate('pause', { args: [{}] });
      paused.catch(() => undefined);
      try {
        await vi.waitFor(() => expect(callsSince(fake)).toEqual(['lookForDrift', 'closeGate']), PATIENCE);
        first.answer(found());
        await vi.waitFor(async () => expect(await looksOf(running)).toEqual({ begun: 1, ended: 1 }), PATIENCE);
      } finally {
        closing.release();
      }
      await paused;
      (await nextLook()).answer(found({ drifted: [] }));
      await vi.waitFor(() => expect(fake.noted).toEqual([0]), PATIENCE);
      expect(callsSince(fake).slice(0, 4)).toEqual(['lookForDrift', 'closeGate', 'lookForDrift', 'noteDrift']);
      expect(await seen(running)).toMatchObject({ drifted: [] });
    });
  });

  it('again where an operation began and ended while it looked', async () => {
    await withWaitingLooks(async (running, fake, nextLook) => {
      const first = await nextLook();
      await running.handle.executeUpdate('pause', { args: [{}] });
      await running.handle.executeUpdate('unpause', { args: [{}] });
      first.answer(found());
      const second = await nextLook();
      expect(await seen(running)).toBeUndefined();
      second.answer(found({ drifted: [] }));
      await vi.waitFor(() => expect(fake.noted).toEqual([0]), PATIENCE);
    });
  });

  it('again after one that failed, with what was seen before and why', async () => {
    await withWaitingLooks(async (running, _, nextLook) => {
      (await nextLook()).answer(found());
      (await nextLook()).answer(unavailable);
      const third = await nextLook();
      expect(await seen(running)).toMatchObject({
        drifted: [DISABLED],
        failed: { code: 'CAEP_ADOBE_UNAVAILABLE', since: expect.any(Number) },
      });
      third.answer(found({ drifted: [] }));
      await sees(running, { drifted: [] });
      expect((await seen(running))?.failed).toBeUndefined();
    });
  });

  it('goes on in the run that follows, which knows what was seen', async () => {
    const runOf = async ({ handle }: Running) => (await handle.describe()).runId;
    await withWaitingLooks(
      async (running, _, nextLook) => {
        let look = await nextLook();
        const firstRun = await runOf(running);
        // No run hands over while it looks: a look that waits is of the run that there is.
        while ((await runOf(running)) === firstRun) {
          look.answer(found());
          look = await nextLook();
        }
        expect(await seen(running)).toMatchObject({ drifted: [DISABLED], lookedAt: expect.any(Number) });
        look.answer(found({ drifted: [] }));
        await sees(running, { drifted: [] });
      },
      { maxHistoryEvents: 130 },
    );
  });
});

describe('drift', () => {
  it('looks when a person asks, also where it never looks by itself', async () => {
    const fake = looking(found());
    await withSource(
      fake,
      async (running) => {
        await running.reaches('live');
        expect(await drift(running)).toMatchObject({ v: 1, drifted: [DISABLED], more: 0 });
        expect(callsSince(fake)).toEqual(['lookForDrift', 'noteDrift']);
        expect(await running.state()).toMatchObject({ phase: 'live', drift: { drifted: [DISABLED] } });
        expect((await running.state()).operation).toBeUndefined();
      },
      { manifest: NEVER },
    );
  });

  it('is found in Temporal by the worst of it, where the namespace can be searched for it', async () => {
    const fake = looking(found(), found({ drifted: [] }), found({ searchable: false }));
    await withSource(
      fake,
      async (running) => {
        await running.reaches('live');
        await drift(running);
        await vi.waitFor(async () => expect(await attribute(running)).toBe('disabled'), PATIENCE);
        await drift(running);
        await vi.waitFor(async () => expect(await attribute(running)).toBeUndefined(), PATIENCE);
        await drift(running);
        expect((await running.state()).drift?.drifted).toHaveLength(1);
        expect(await attribute(running)).toBeUndefined();
      },
      { manifest: NEVER },
    );
  });

  it('that cannot look says why, and leaves the source as it is', async () => {
    const fake = looking(() => {
      throw refusal({ code: 'CAEP_ADOBE_REFUSED', fields: {} });
    });
    await withSource(
      fake,
      async (running) => {
        await running.reaches('live');
        await expect(drift(running)).rejects.toMatchObject({ cause: { type: 'CAEP_ADOBE_REFUSED' } });
        expect(await running.state()).toMatchObject({
          phase: 'live',
          drift: { failed: { code: 'CAEP_ADOBE_REFUSED' } },
        });
      },
      { manifest: NEVER },
    );
  });

  it('is over when the source is taken down meanwhile', async () => {
    let release: () => void = () => undefined;
    const fake = looking(() => new Promise<void>((resolve) => (release = resolve)));
    await withSource(
      fake,
      async (running) => {
        await running.reaches('live');
        const asked = drift(running);
        asked.catch(() => undefined);
        await vi.waitFor(() => expect(callsSince(fake)).toEqual(['lookForDrift']), PATIENCE);
        await running.handle.cancel();
        await expect(asked).rejects.toMatchObject({ cause: { type: 'CAEP_NOT_LIVE' } });
        await vi.waitFor(async () => expect((await running.state()).phase).toBe('torn-down'), PATIENCE);
        release();
      },
      { manifest: NEVER },
    );
  });

  it('refuses an input that is none', async () => {
    const fake = createFakeSteps();
    await withSource(
      fake,
      async ({ handle, reaches }) => {
        await reaches('live');
        await expect(handle.executeUpdate('drift', { args: [{ who: 'ana' }] })).rejects.toMatchObject({
          cause: { type: 'CAEP_USAGE' },
        });
        expect(callsSince(fake)).toEqual([]);
      },
      { manifest: NEVER },
    );
  });

  it('refuses a source that is not live', async () => {
    const fake = failAt('schema', refuse);
    await withSource(
      fake,
      async (running) => {
        await running.reaches('held');
        await expect(drift(running)).rejects.toMatchObject({ cause: { type: 'CAEP_NOT_LIVE' } });
        expect(fake.calls).not.toContain('lookForDrift');
      },
      { manifest: NEVER },
    );
  });
});
