import { describe, expect, it, vi } from 'vitest';
import type { Drifted, DriftInput, DriftLook, SeenDrift } from '../../src/domain/drift/drift.js';
import { SOURCE_DRIFT } from '../../src/domain/source/searchAttributes.js';
import { stepsFor } from '../../src/domain/source/steps.js';
import { manifestFixture } from '../support/manifest.js';
import { createFakeSteps, refusal, type FakeSteps } from './fakeSteps.js';
import { PATIENCE, type Running, withSources } from './sources.js';

const { withSource } = withSources();
const CALLS_BEFORE = stepsFor(manifestFixture()).length + 1;
const callsSince = (fake: FakeSteps): string[] => fake.calls.slice(CALLS_BEFORE);

/** Looks at once, and then so soon that a test need not wait for it. */
const OFTEN = { ...manifestFixture(), drift: { everyMs: 300 } };
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

describe('a source looks by itself', () => {
  it('as often as its manifest says, and shows what has drifted until it is in order again', async () => {
    const fake = looking(found());
    await withSource(
      fake,
      async (running) => {
        await running.reaches('live');
        await vi.waitFor(async () => expect((await running.state()).drift?.drifted).toEqual([DISABLED]), PATIENCE);
        await vi.waitFor(async () => expect((await running.state()).drift?.drifted).toEqual([]), PATIENCE);
        await vi.waitFor(() => expect(fake.noted.slice(0, 2)).toEqual([1, 0]), PATIENCE);
        await vi.waitFor(
          () => expect(callsSince(fake).filter((call) => call === 'lookForDrift').length).toBeGreaterThan(3),
          PATIENCE,
        );
      },
      { manifest: OFTEN },
    );
  });

  it('not while an operation runs, and what it has seen of the world before one does not count', async () => {
    let release: (look: DriftLook) => void = () => undefined;
    const fake = looking(() => new Promise((resolve) => (release = resolve)));
    await withSource(
      fake,
      async (running) => {
        await running.reaches('live');
        await vi.waitFor(() => expect(callsSince(fake)).toEqual(['lookForDrift']), PATIENCE);
        await running.handle.executeUpdate('pause', { args: [{}] });
        release(found()());
        await vi.waitFor(
          () =>
            expect(callsSince(fake).slice(0, 4)).toEqual(['lookForDrift', 'closeGate', 'lookForDrift', 'noteDrift']),
          PATIENCE,
        );
        expect((await running.state()).drift?.drifted).toEqual([]);
      },
      { manifest: OFTEN },
    );
  });

  it('again where an operation began and ended while it looked', async () => {
    let release: (look: DriftLook) => void = () => undefined;
    const fake = looking(() => new Promise((resolve) => (release = resolve)));
    await withSource(
      fake,
      async (running) => {
        await running.reaches('live');
        await vi.waitFor(() => expect(callsSince(fake)).toEqual(['lookForDrift']), PATIENCE);
        await running.handle.executeUpdate('pause', { args: [{}] });
        await running.handle.executeUpdate('unpause', { args: [{}] });
        release(found()());
        await vi.waitFor(() => expect(fake.noted.length).toBeGreaterThan(0), PATIENCE);
        expect(fake.noted[0]).toBe(0);
      },
      { manifest: OFTEN },
    );
  });

  it('again after one that failed, with what was seen before and why', async () => {
    const fake = looking(found(), () => {
      throw refusal({ code: 'CAEP_ADOBE_UNAVAILABLE', fields: {} });
    });
    await withSource(
      fake,
      async (running) => {
        await running.reaches('live');
        await vi.waitFor(async () => {
          const { drift: seen } = await running.state();
          expect(seen?.failed?.code ?? fake.noted.length).toBeTruthy();
        }, PATIENCE);
        await vi.waitFor(async () => {
          const { drift: seen } = await running.state();
          expect(seen).toMatchObject({ drifted: [] });
          expect(seen?.failed).toBeUndefined();
        }, PATIENCE);
      },
      { manifest: OFTEN },
    );
  });

  it('goes on in the run that follows, which knows what was seen', async () => {
    const fake = looking(found(), found(), found());
    await withSource(
      fake,
      async (running) => {
        const { runId } = await running.handle.describe();
        await vi.waitFor(async () => expect((await running.handle.describe()).runId).not.toBe(runId), PATIENCE);
        expect((await running.state()).drift?.lookedAt).toBeGreaterThan(0);
      },
      { manifest: OFTEN, maxHistoryEvents: 130 },
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

  it('refuses an input that is none, and a source that is not live', async () => {
    const fake = createFakeSteps();
    await withSource(
      fake,
      async ({ handle, reaches }) => {
        await reaches('live');
        await expect(handle.executeUpdate('drift', { args: [{ who: 'ana' }] })).rejects.toMatchObject({
          cause: { type: 'CAEP_USAGE' },
        });
      },
      { manifest: NEVER },
    );
  });
});
