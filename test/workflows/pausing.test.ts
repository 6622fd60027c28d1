import { WorkflowFailedError, WorkflowUpdateStage } from '@temporalio/client';
import { describe, expect, it, vi } from 'vitest';
import type { PauseResult, UnpauseResult } from '../../src/domain/delivery/pause.js';
import type { ConfigureResult } from '../../src/domain/source/source.js';
import { stepsFor } from '../../src/domain/source/steps.js';
import { manifestFixture } from '../support/manifest.js';
import { createFakeSteps, type FakeSteps, OPENED_AT, refusal } from './fakeSteps.js';
import { failAt, PATIENCE, refuse, type Running, withSources } from './sources.js';

const { temporal, withSource } = withSources();
/** Until it is live: every step, and the forwarder's start. */
const CALLS_BEFORE = stepsFor(manifestFixture()).length + 1;

const callsSince = (fake: FakeSteps): string[] => fake.calls.slice(CALLS_BEFORE);
const pause = ({ handle }: Running, input: object = {}) =>
  handle.executeUpdate<PauseResult, [object]>('pause', { args: [input] });
const unpause = ({ handle }: Running, input: object = {}) =>
  handle.executeUpdate<UnpauseResult, [object]>('unpause', { args: [input] });
/** The error of the catalogue with which an update is refused or has failed. */
const refused = (type: string, fields: object = {}) => ({
  cause: { type, details: [{ error: { code: type, fields: expect.objectContaining(fields) as object } }] },
});

/** An activity that the test lets go on. */
function blocked(): { readonly behaviour: () => Promise<void>; readonly release: () => void } {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { behaviour: () => released, release: () => release() };
}

/** Sends the update and returns once the workflow has accepted it. */
const begin = ({ handle }: Running, update: 'pause' | 'unpause', input: object = {}) =>
  handle.startUpdate<PauseResult & UnpauseResult, [object]>(update, {
    args: [input],
    waitForStage: WorkflowUpdateStage.ACCEPTED,
  });

describe('pause', () => {
  it('closes the gate for the reason given, and is kept in the state', async () => {
    const fake = createFakeSteps();
    await withSource(fake, async (running) => {
      await running.reaches('live');
      const { changed, paused } = await pause(running, { reason: 'maintenance', by: 'ana' });
      expect({ changed, paused }).toEqual({
        changed: true,
        paused: { since: expect.any(Number) as number, reason: 'maintenance', by: 'ana' },
      });
      expect(callsSince(fake)).toEqual(['closeGate']);
      expect(fake.reasons).toEqual(['paused by ana: maintenance']);
      expect(await running.state()).toMatchObject({ phase: 'live', paused });
      expect((await running.state()).operation).toBeUndefined();
    });
  });

  it('disables the flow only after the gate is closed and nothing is under way', async () => {
    const closing = blocked();
    const fake = failAt('closeGate', closing.behaviour);
    await withSource(fake, async (running) => {
      await running.reaches('live');
      const pausing = await begin(running, 'pause', { disableFlow: true });
      await vi.waitFor(() => expect(callsSince(fake)).toEqual(['closeGate']), PATIENCE);
      expect((await running.state()).operation).toMatchObject({ kind: 'pause' });
      closing.release();
      expect((await pausing.result()).paused.flowDisabled).toBe(true);
      expect(callsSince(fake)).toEqual(['closeGate', 'disableFlow']);
    });
  });

  it('of a paused source changes nothing and says so, but may disable the flow as well', async () => {
    const fake = createFakeSteps();
    await withSource(fake, async (running) => {
      await running.reaches('live');
      const { paused } = await pause(running, { reason: 'maintenance', by: 'ana' });
      expect(await pause(running, { reason: 'another', by: 'ben' })).toEqual({ v: 1, changed: false, paused });
      const withFlow = { v: 1, paused: { ...paused, flowDisabled: true } };
      expect(await pause(running, { disableFlow: true })).toEqual({ ...withFlow, changed: true });
      expect(await pause(running, { disableFlow: true })).toEqual({ ...withFlow, changed: false });
      expect(new Set(fake.reasons)).toEqual(new Set(['paused by ana: maintenance']));
    });
  });

  it('that fails says why and what to type; what it has done stands', async () => {
    const unavailable = refusal({ code: 'CAEP_ADOBE_UNAVAILABLE', fields: { attempts: '8' } });
    const fake = failAt('disableFlow', () => {
      throw unavailable;
    });
    await withSource(fake, async (running) => {
      await running.reaches('live');
      await expect(pause(running, { disableFlow: true })).rejects.toMatchObject(
        refused('CAEP_ADOBE_UNAVAILABLE', { command: 'pause --disable-flow', name: 'support-chat' }),
      );
      const { phase, paused, operation, hold } = await running.state();
      expect({ phase, operation, hold }).toEqual({ phase: 'live' });
      expect(paused).toBeDefined();
      expect(paused).not.toHaveProperty('flowDisabled');
      expect((await pause(running, { disableFlow: true })).changed).toBe(true);
    });
  });
});

describe('unpause', () => {
  it('opens the gate, and the state has no pause any more', async () => {
    const fake = createFakeSteps();
    await withSource(fake, async (running) => {
      await running.reaches('live');
      await pause(running);
      expect(await unpause(running)).toEqual({ v: 1, changed: true, opensAt: OPENED_AT });
      expect(callsSince(fake)).toEqual(['closeGate', 'openGate']);
      const state = await running.state();
      expect(state).toMatchObject({ phase: 'live', opensAt: OPENED_AT });
      expect(state.paused).toBeUndefined();
    });
  });

  it('is possible although the source was not paused: something else may have closed the gate', async () => {
    await withSource(createFakeSteps(), async (running) => {
      await running.reaches('live');
      expect(await unpause(running, { by: 'ana' })).toMatchObject({ changed: true, opensAt: OPENED_AT });
    });
  });

  it('says that nothing was changed when the gate was open', async () => {
    const opensAt = '2026-01-01T00:05:00.000Z';
    await withSource(
      failAt('openGate', () => ({ opened: false, opensAt })),
      async (running) => {
        await running.reaches('live');
        expect(await unpause(running)).toEqual({ v: 1, changed: false, opensAt });
      },
    );
  });

  it('that fails leaves the source paused', async () => {
    await withSource(failAt('openGate', refuse), async (running) => {
      await running.reaches('live');
      await pause(running, { by: 'ana' });
      await expect(unpause(running)).rejects.toMatchObject(refused('CAEP_ADOBE_REFUSED', { command: 'unpause' }));
      expect((await running.state()).paused).toMatchObject({ by: 'ana' });
      expect((await unpause(running)).changed).toBe(true);
    });
  });
});

describe('configure', () => {
  const { delivery } = manifestFixture({ delivery: { concurrency: 3 } });
  const configure = ({ handle }: Running, input: object) =>
    handle.executeUpdate<ConfigureResult, [object]>('configure', { args: [input] });

  it('gives the forwarder other settings, and the manifest has them from then on', async () => {
    const fake = createFakeSteps();
    await withSource(fake, async (running) => {
      await running.reaches('live');
      expect(await configure(running, { delivery, by: 'ana' })).toEqual({ v: 1, changed: true });
      expect(fake.configured).toEqual([delivery]);
      expect((await running.state()).manifest.delivery.concurrency).toBe(3);
      expect(await configure(running, { delivery })).toEqual({ v: 1, changed: false });
    });
  });

  it('refuses what is no delivery, and keeps the settings that the forwarder was not given', async () => {
    const fake = failAt('configureForwarder', () => {
      throw refusal({ code: 'CAEP_SETTLE_WINDOW_TOO_SHORT', fields: { window: '1s' } });
    });
    await withSource(fake, async (running) => {
      await running.reaches('live');
      for (const input of [{}, { delivery: { ...delivery, leaseMs: 0 } }, { delivery: { concurrency: 3 } }]) {
        await expect(configure(running, input)).rejects.toMatchObject(refused('CAEP_USAGE'));
      }
      await expect(configure(running, { delivery })).rejects.toMatchObject(refused('CAEP_SETTLE_WINDOW_TOO_SHORT'));
      expect((await running.state()).manifest.delivery.concurrency).not.toBe(3);
    });
  });
});

describe('both', () => {
  it('are refused while the source is not live, with what is under way, and who asked for it', async () => {
    await withSource(
      failAt('schema', refuse),
      async (running) => {
        await running.reaches('held');
        const since = expect.stringMatching(/^\d{4}-/) as string;
        const fields = { phase: 'held', operation: 'provision', by: 'ana', since };
        for (const update of [pause, unpause]) {
          await expect(update(running)).rejects.toMatchObject(refused('CAEP_NOT_LIVE', fields));
        }
      },
      { by: 'ana' },
    );
  });

  it('are refused while another operation runs', async () => {
    const closing = blocked();
    await withSource(failAt('closeGate', closing.behaviour), async (running) => {
      await running.reaches('live');
      const pausing = await begin(running, 'pause');
      for (const update of [pause, unpause]) {
        await expect(update(running)).rejects.toMatchObject(refused('CAEP_OPERATION_RUNNING', { operation: 'pause' }));
      }
      closing.release();
      await pausing.result();
      expect((await unpause(running)).changed).toBe(true);
    });
  });

  it('refuse an input that they do not understand, instead of guessing', async () => {
    const fake = createFakeSteps();
    await withSource(fake, async (running) => {
      await running.reaches('live');
      await expect(pause(running, { disableFlow: 'no' })).rejects.toMatchObject(refused('CAEP_USAGE'));
      await expect(running.handle.executeUpdate('unpause', { args: ['now'] })).rejects.toMatchObject(
        refused('CAEP_USAGE'),
      );
      // It would pause and leave the flow enabled.
      await expect(pause(running, { disableflow: true })).rejects.toMatchObject(refused('CAEP_USAGE'));
      await expect(unpause(running, { reason: 'enough' })).rejects.toMatchObject(refused('CAEP_USAGE'));
      expect(callsSince(fake)).toEqual([]);
    });
  });

  it('need no input at all', async () => {
    await withSource(createFakeSteps(), async (running) => {
      await running.reaches('live');
      expect(await running.handle.executeUpdate('pause')).toMatchObject({ changed: true });
      expect(await running.handle.executeUpdate('unpause')).toMatchObject({ changed: true });
    });
  });
});

describe('cancel', () => {
  const TEARDOWN = [
    'stopForwarder',
    'undo-webhook-routes',
    'undo-inlet',
    'undo-flow',
    'undo-mapping-set',
    'undo-target-connection',
    'undo-source-connection',
    'holdUnsent',
  ];

  it('of a paused source takes it down', async () => {
    const fake = createFakeSteps();
    await withSource(fake, async (running) => {
      await running.reaches('live');
      await pause(running, { disableFlow: true });
      await running.handle.cancel();
      await expect(running.handle.result()).rejects.toThrow(WorkflowFailedError);
      expect((await running.state()).phase).toBe('torn-down');
      expect(callsSince(fake)).toEqual(['closeGate', 'disableFlow', ...TEARDOWN]);
    });
  });

  it('waits for the operation that runs, so that it opens no gate behind the teardown, and lets no other begin', async () => {
    const opening = blocked();
    const stopping = blocked();
    const fake = failAt('openGate', opening.behaviour);
    fake.script.set('stopForwarder', [stopping.behaviour]);
    await withSource(fake, async (running) => {
      await running.reaches('live');
      const unpausing = await begin(running, 'unpause');
      await vi.waitFor(() => expect(callsSince(fake)).toEqual(['openGate']), PATIENCE);
      await running.handle.cancel();
      // Refused whichever of the two is seen first; when it is, the cancel has been seen, too.
      await expect(pause(running)).rejects.toMatchObject({
        cause: { type: expect.stringMatching(/^CAEP_/) as string },
      });
      const { pendingActivities } = (await running.handle.describe()).raw;
      expect(pendingActivities?.map(({ activityType }) => activityType?.name)).toEqual(['openGate']);
      opening.release();
      expect(await unpausing.result()).toMatchObject({ opensAt: OPENED_AT });
      await vi.waitFor(() => expect(callsSince(fake)).toEqual(['openGate', 'stopForwarder']), PATIENCE);
      await expect(unpause(running)).rejects.toMatchObject(refused('CAEP_NOT_LIVE', { phase: 'undoing' }));
      stopping.release();
      await expect(running.handle.result()).rejects.toThrow(WorkflowFailedError);
      expect(callsSince(fake)).toEqual(['openGate', ...TEARDOWN]);
    });
  });
});

it('is carried on: the run hands over only when the operation has ended, with the pause', async () => {
  const disabling = blocked();
  const fake = failAt('disableFlow', disabling.behaviour);
  const maxHistoryEvents = 150;
  await withSource(
    fake,
    async (running) => {
      await running.reaches('live');
      const { handle } = running;
      const newest = () => temporal().client.workflow.getHandle(handle.workflowId).describe();
      const { runId } = await newest();
      const pausing = await begin(running, 'pause', { disableFlow: true });
      await vi.waitFor(() => expect(callsSince(fake)).toContain('disableFlow'), PATIENCE);
      // Each makes the history longer; nothing listens to them.
      while ((await newest()).historyLength < maxHistoryEvents + 10) await handle.signal('makes-history');
      expect((await newest()).runId).toBe(runId);
      disabling.release();
      const { paused } = await pausing.result();
      await vi.waitFor(async () => expect((await newest()).runId).not.toBe(runId), PATIENCE);
      expect(await running.state()).toMatchObject({ phase: 'live', paused: { ...paused, flowDisabled: true } });
      expect((await unpause(running)).changed).toBe(true);
    },
    { maxHistoryEvents },
  );
});
