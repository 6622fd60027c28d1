import { WorkflowFailedError } from '@temporalio/client';
import { describe, expect, it, vi } from 'vitest';
import { stepsFor } from '../../src/domain/source/steps.js';
import type { SpoolReport, TeardownResult, TornDown } from '../../src/domain/source/teardown.js';
import { manifestFixture } from '../support/manifest.js';
import { createFakeSteps, type FakeSteps, refusal } from './fakeSteps.js';
import { failAt, PATIENCE, refuse, type Running, withSources } from './sources.js';

const { temporal, withSource } = withSources();
const CALLS_BEFORE = stepsFor(manifestFixture()).length + 1;
const LOOKS = ['readSpools', 'countUnsent', 'countUnconfirmed'];
const TAKEN_DOWN = [
  'stopForwarder',
  'undo-webhook-routes',
  'undo-inlet',
  'undo-flow',
  'undo-mapping-set',
  'undo-target-connection',
  'undo-source-connection',
];

const callsSince = (fake: FakeSteps): string[] => fake.calls.slice(CALLS_BEFORE);
const teardown = ({ handle }: Running, input: object = {}) =>
  handle.executeUpdate<TeardownResult, [object]>('teardown', { args: [input] });
const ends = async ({ handle }: Running) => (await handle.result()) as TornDown;
const refused = (type: string, fields: object = {}) => ({
  cause: { type, details: [{ error: { code: type, fields: expect.objectContaining(fields) as object } }] },
});
const waitsFor = (running: Running, wait: string) =>
  vi.waitFor(async () => expect((await running.state()).teardown?.awaiting?.wait).toBe(wait), PATIENCE);
/** The same answer for as long as the test asks. */
const always = (fake: FakeSteps, name: string, answer: unknown): FakeSteps => {
  fake.script.set(
    name,
    Array<() => unknown>(50).fill(() => answer),
  );
  return fake;
};
const SILENT: SpoolReport = { id: 'receiver-1', spooled: 2, silentForMs: 61_000, isLater: false };

describe('teardown', () => {
  it('revokes the URLs, waits for spools, delivery and confirmation in this order, then takes the source down and returns', async () => {
    const fake = failAt('countUnsent', () => ({ count: 3 }));
    fake.script.set('readSpools', [() => [{ ...SILENT, silentForMs: 0 }]]);
    fake.script.set('countUnconfirmed', [() => ({ count: 3, held: 0 })]);
    await withSource(fake, async (running) => {
      await running.reaches('live');
      expect(await teardown(running, { by: 'ana' })).toEqual({ v: 1, begun: true, revoked: 5 });
      expect(await ends(running)).toMatchObject({
        phase: 'torn-down',
        left: ['field-group', 'schema', 'dataset'],
        heldEvents: 0,
        missing: [],
      });
      expect(callsSince(fake)).toEqual([
        'revokeRoutes',
        ...LOOKS.flatMap((look) => [look, look]),
        ...TAKEN_DOWN,
        'holdUnsent',
      ]);
      const { phase, operation, remainders } = await running.state();
      expect({ phase, operation }).toEqual({ phase: 'torn-down' });
      expect(remainders.map(({ id }) => id)).toEqual(['field-group-id', 'schema-id', 'dataset-id']);
    });
  });

  it('shows what it waits for, and goes on at once when it is told not to wait', async () => {
    const fake = always(createFakeSteps(), 'countUnsent', { count: 3, closed: 'paused' });
    always(fake, 'countUnconfirmed', { count: 2, held: 1 });
    await withSource(fake, async (running) => {
      await running.reaches('live');
      await teardown(running);
      await waitsFor(running, 'delivery');
      expect((await running.state()).teardown?.awaiting).toMatchObject({ count: 3, closed: 'paused' });
      expect(await teardown(running, { discard: true })).toEqual({ v: 1, begun: false, revoked: 5 });
      await waitsFor(running, 'confirmation');
      expect((await running.state()).teardown?.awaiting).toMatchObject({ count: 2, held: 1 });
      // What waits is not sent meanwhile.
      expect(fake.reasons).toEqual(['the source is being torn down without sending what waits']);
      await teardown(running, { noWait: true });
      await ends(running);
    });
  });

  it('holds for a receiver that is silent, by name, and goes on without it when that is said', async () => {
    const fake = always(createFakeSteps(), 'readSpools', [SILENT]);
    await withSource(fake, async (running) => {
      await running.reaches('live');
      await teardown(running);
      const { hold } = await running.reaches('held');
      expect(hold).toMatchObject({
        waitsFor: 'spools',
        error: { code: 'CAEP_RECEIVER_SILENT', fields: { receivers: 'receiver-1', spooled: '2' } },
      });
      await running.handle.executeUpdate('resume', { args: [{ withoutReceivers: ['receiver-1'] }] });
      expect((await ends(running)).missing).toEqual([{ receiver: 'receiver-1', spooled: 2, known: 1, events: ['ab'] }]);
    });
  });

  it('goes on by itself when the silent receiver reports again', async () => {
    await withSource(
      failAt('readSpools', () => [SILENT]),
      async (running) => {
        await running.reaches('live');
        await teardown(running);
        await ends(running);
        expect((await running.state()).hold).toBeUndefined();
      },
    );
  });

  it('lists what was adopted as left, and has it deleted only when that was said', async () => {
    const adopted = (id: string) => ({ resource: { kind: 'flow', id, origin: 'adopted' }, found: true });
    for (const includeAdopted of [false, true]) {
      const fake = createFakeSteps();
      fake.script.set('flow', [() => adopted('their-flow')]);
      fake.script.set('dataset', [() => adopted('their-dataset')]);
      if (!includeAdopted) fake.script.set('undo-flow', [() => ({ outcome: 'kept' })]);
      await withSource(
        fake,
        async (running) => {
          await running.reaches('live');
          expect(fake.inputs.get('flow')?.[0]?.adoption).toEqual({ flowId: 'their-flow' });
          await teardown(running, includeAdopted ? { includeAdopted } : {});
          const { left } = await ends(running);
          expect(left).toEqual(['field-group', 'schema', 'dataset', ...(includeAdopted ? [] : ['flow'])]);
          expect(fake.undoInputs.get('flow')?.entry.deletesAdopted).toBe(includeAdopted ? true : undefined);
          expect(fake.undoInputs.get('dataset')).toBeUndefined();
          const { remainders } = await running.state();
          expect(remainders.find(({ id }) => id === 'their-dataset')?.reason).toContain(
            '--include-adopted --delete-data',
          );
        },
        { adoption: { flowId: 'their-flow' } },
      );
    }
  });

  it('says to what undoes the flow that a pause has disabled it', async () => {
    for (const disableFlow of [false, true]) {
      const fake = createFakeSteps();
      await withSource(fake, async (running) => {
        await running.reaches('live');
        await running.handle.executeUpdate('pause', { args: [{ disableFlow }] });
        await teardown(running, { discard: true });
        await ends(running);
        expect(fake.undoInputs.get('flow')?.entry.isFlowPaused).toBe(disableFlow ? true : undefined);
      });
    }
  });

  it('gives back the flow that was being taken over, also where nothing has answered', async () => {
    const fake = createFakeSteps();
    fake.script.set('flow', [
      () => {
        throw refusal({ code: 'CAEP_ADOBE_UNAVAILABLE', fields: { attempts: '8' } }, 1_000);
      },
    ]);
    await withSource(
      fake,
      async (running) => {
        await running.reaches('held');
        await running.handle.cancel();
        await vi.waitFor(async () => expect((await running.state()).phase).toBe('aborted'), PATIENCE);
        const { resource } = fake.undoInputs.get('flow')?.entry ?? {};
        expect(resource).toEqual({ kind: 'flow', id: 'their-flow', origin: 'adopted' });
      },
      { adoption: { flowId: 'their-flow' } },
    );
  });

  it('deletes what holds the events only when that was said', async () => {
    const fake = createFakeSteps();
    await withSource(fake, async (running) => {
      await running.reaches('live');
      await teardown(running, { deleteData: true });
      expect((await ends(running)).left).toEqual([]);
      expect(callsSince(fake)).toEqual([
        'revokeRoutes',
        ...LOOKS,
        ...TAKEN_DOWN,
        'undo-dataset',
        'undo-schema',
        'undo-field-group',
        'holdUnsent',
      ]);
      expect(fake.undoInputs.get('dataset')?.entry.deletesData).toBe(true);
    });
  });

  it('is taken back by abort while it waits: the URLs are taken again, the gate opens, and nothing was touched at Adobe', async () => {
    const fake = always(createFakeSteps(), 'countUnconfirmed', { count: 2, held: 0 });
    await withSource(fake, async (running) => {
      await running.reaches('live');
      await teardown(running, { discard: true });
      await waitsFor(running, 'confirmation');
      await running.handle.executeUpdate('abort', { args: [{ reason: 'not yet' }] });
      await vi.waitFor(async () => expect((await running.state()).teardown).toBeUndefined(), PATIENCE);
      expect((await running.state()).operation).toBeUndefined();
      expect(callsSince(fake).filter((call) => !LOOKS.includes(call))).toEqual([
        'revokeRoutes',
        'closeGate',
        'restoreRoutes',
        'inlet',
      ]);
      // And it can be torn down all the same.
      await teardown(running, { noWait: true });
      await ends(running);
    });
  });

  it('is one operation: no other runs beside it, and it begins beside no other', async () => {
    const fake = always(createFakeSteps(), 'countUnsent', { count: 3 });
    await withSource(fake, async (running) => {
      await running.reaches('live');
      await teardown(running);
      await waitsFor(running, 'delivery');
      await expect(running.handle.executeUpdate('pause')).rejects.toMatchObject(
        refused('CAEP_OPERATION_RUNNING', { operation: 'teardown' }),
      );
      await expect(teardown(running, { discard: 'yes' })).rejects.toMatchObject(refused('CAEP_USAGE'));
    });
  });

  it('of a paused source is refused unless what waits is discarded', async () => {
    await withSource(createFakeSteps(), async (running) => {
      await running.reaches('live');
      await running.handle.executeUpdate('pause');
      await expect(teardown(running)).rejects.toMatchObject(refused('CAEP_TEARDOWN_PAUSED'));
      expect((await teardown(running, { discard: true })).begun).toBe(true);
    });
  });

  it('that cannot revoke the URLs is refused, and the source goes on', async () => {
    await withSource(failAt('revokeRoutes', refuse), async (running) => {
      await running.reaches('live');
      await expect(teardown(running)).rejects.toMatchObject(refused('CAEP_ADOBE_REFUSED', { command: 'teardown' }));
      expect(await running.state()).not.toHaveProperty('teardown.since');
      expect(await running.handle.executeUpdate('pause')).toMatchObject({ changed: true });
    });
  });

  it('holds where a look fails for good, and resume looks again', async () => {
    const unreachable = refusal({ code: 'CAEP_DATABASE_UNREACHABLE', fields: {} });
    const fake = failAt('countUnconfirmed', () => {
      throw unreachable;
    });
    await withSource(fake, async (running) => {
      await running.reaches('live');
      await teardown(running);
      expect((await running.reaches('held')).hold?.error.code).toBe('CAEP_DATABASE_UNREACHABLE');
      await running.handle.executeUpdate('resume');
      await ends(running);
    });
  });

  it('is overtaken by a cancel, which never deletes data', async () => {
    const fake = always(createFakeSteps(), 'countUnsent', { count: 3 });
    await withSource(fake, async (running) => {
      await running.reaches('live');
      await teardown(running, { deleteData: true });
      await waitsFor(running, 'delivery');
      await running.handle.cancel();
      await expect(running.handle.result()).rejects.toThrow(WorkflowFailedError);
      expect(callsSince(fake).filter((call) => call.startsWith('undo-'))).toEqual(TAKEN_DOWN.slice(1));
      expect((await running.state()).phase).toBe('torn-down');
    });
  });

  it('waits on in the run that this one hands over to', async () => {
    const fake = always(createFakeSteps(), 'countUnsent', { count: 3 });
    const maxHistoryEvents = 150;
    await withSource(
      fake,
      async (running) => {
        await running.reaches('live');
        await teardown(running, { by: 'ana' });
        await waitsFor(running, 'delivery');
        const newest = temporal().client.workflow.getHandle(running.handle.workflowId);
        const { runId } = await newest.describe();
        // Each makes the history longer; nothing listens to them.
        while ((await newest.describe()).runId === runId)
          await Promise.all(Array.from({ length: 10 }, () => newest.signal('makes-history')));
        expect((await newest.query<{ teardown: object }>('state')).teardown).toMatchObject({ by: 'ana', revoked: 5 });
        await newest.executeUpdate('teardown', { args: [{ discard: true }] });
        expect(await newest.result()).toMatchObject({ phase: 'torn-down' });
      },
      { maxHistoryEvents },
    );
  });
});
