import { WorkflowFailedError, WorkflowUpdateStage } from '@temporalio/client';
import { describe, expect, it, vi } from 'vitest';
import { stepsFor } from '../../src/domain/source/steps.js';
import type { UpdateInput, UpdateResult } from '../../src/domain/source/update.js';
import { manifestFixture } from '../support/manifest.js';
import { createFakeSteps, type FakeSteps, refusal } from './fakeSteps.js';
import { failAt, PATIENCE, type Running, withSources } from './sources.js';

const { withSource } = withSources();
const MANIFEST = manifestFixture();
const callsSince = ({ calls }: FakeSteps): string[] => calls.slice(stepsFor(MANIFEST).length + 1);
const PAIR_AND_FLOW = ['source-connection', 'target-connection', 'flow'];
const outstanding = () => ({ count: 2, held: 1, used: true });

const begin = ({ handle }: Running, input: Omit<UpdateInput, 'manifest'>, manifest = MANIFEST) =>
  handle.startUpdate<UpdateResult, [UpdateInput]>('update', {
    args: [{ manifest, ...input }],
    waitForStage: WorkflowUpdateStage.ACCEPTED,
  });
const update = async (running: Running, input: Omit<UpdateInput, 'manifest'>, manifest = MANIFEST) =>
  (await begin(running, input, manifest)).result();
const decide = ({ handle }: Running, decision: 'resume' | 'abort') =>
  handle.executeUpdate(decision, { args: [decision === 'abort' ? { reason: 'not today' } : {}] });
const unavailable = () => {
  throw refusal({ code: 'CAEP_ADOBE_UNAVAILABLE', fields: { attempts: '8' } }, 1_000);
};
const settled = (running: Running) =>
  vi.waitFor(async () => expect((await running.state()).replaced).toBeUndefined(), PATIENCE);

describe('an update that replaces the flow', () => {
  it('makes the new objects first, moves ids and inlet with the gate closed, and removes the old ones', async () => {
    const fake = createFakeSteps();
    await withSource(fake, async (running) => {
      await running.reaches('live');
      expect(await update(running, { replace: 'flow' })).toMatchObject({
        changed: true,
        replaced: { flow: 'flow-id', by: 'flow-id-g2' },
      });
      await settled(running);
      expect(callsSince(fake)).toEqual([
        'prepareUpdate',
        ...PAIR_AND_FLOW,
        'closeGate',
        'applyUpdate',
        'configureForwarder',
        'countOfFlow',
        ...PAIR_AND_FLOW.toReversed().map((step) => `undo-${step}`),
      ]);
      for (const step of PAIR_AND_FLOW) {
        expect(fake.inputs.get(step as 'flow')?.at(-1)?.marker.generation, step).toBe(2);
      }
      expect(fake.inputs.get('flow')?.at(-1)?.resources).toMatchObject({
        dataset: { id: 'dataset-id' },
        'source-connection': { id: 'source-connection-id-g2' },
        'target-connection': { id: 'target-connection-id-g2' },
        'mapping-set': { version: 1 },
      });
      expect(fake.applied[0]?.resources.flow?.id).toBe('flow-id-g2');
      const { resources, steps } = await running.state();
      expect(resources.flow).toMatchObject({ id: 'flow-id-g2', generation: 2 });
      expect(steps.find(({ step }) => step === 'flow')).toMatchObject({ state: 'made', id: 'flow-id-g2' });
      expect(fake.removed).toEqual(['flow-id', 'target-connection-id', 'source-connection-id']);
      await vi.waitFor(
        () => expect(fake.recorded.map(({ kind }) => kind)).toEqual(['provision', 'update', 'remove-replaced']),
        PATIENCE,
      );
      await update(running, { replace: 'dataset' });
      await settled(running);
      expect((await running.state()).resources.dataset?.id).toBe('dataset-id-g3');
      expect((await running.state()).remainders).toMatchObject([{ step: 'dataset', id: 'dataset-id' }]);
      expect(fake.removed.slice(3)).toEqual(['flow-id-g2', 'target-connection-id-g2', 'source-connection-id-g2']);
    });
  });

  it('is marked later than what a provisioning has found of an earlier one', async () => {
    const fake = createFakeSteps();
    for (const step of [...PAIR_AND_FLOW, 'dataset']) {
      const resource = { kind: step, id: `${step}-g2`, generation: 2, origin: 'created' };
      fake.script.set(step, [() => ({ resource, found: true })]);
    }
    await withSource(fake, async (running) => {
      await running.reaches('live');
      await update(running, { replace: 'dataset' });
      expect(fake.inputs.get('dataset')?.at(-1)?.marker.generation).toBe(3);
      await settled(running);
      expect(fake.removed).toEqual(['flow-g2', 'target-connection-g2', 'source-connection-g2']);
      expect((await running.state()).resources.flow?.id).toBe('flow-id-g3');
    });
  });

  it('keeps the old ones for as long as something of them is not known, in the way of nothing, and removes them at once when told to', async () => {
    const fake = createFakeSteps();
    fake.script.set(
      'countOfFlow',
      Array.from({ length: 50 }, () => outstanding),
    );
    await withSource(fake, async (running) => {
      await running.reaches('live');
      await update(running, { replace: 'dataset' });
      await vi.waitFor(
        async () =>
          expect((await running.state()).replaced).toMatchObject([
            {
              why: 'replaced',
              dataset: 'kept',
              resources: { flow: { id: 'flow-id' }, dataset: { id: 'dataset-id' } },
              awaiting: { count: 2, held: 1 },
            },
          ]),
        PATIENCE,
      );
      const { operation } = await running.state();
      expect(operation).toBeUndefined();
      expect(fake.removed).toEqual([]);
      expect(await update(running, { now: true })).toMatchObject({ changed: true, removed: ['flow-id'] });
      expect(fake.removed).toEqual(['flow-id', 'target-connection-id', 'source-connection-id']);
      expect((await running.state()).replaced).toBeUndefined();
    });
  });

  it('that cannot make one holds with the gate as it is; aborted it leaves the source as it was and nothing behind', async () => {
    const fake = failAt('flow', () => undefined);
    fake.script.set('flow', [() => undefined, unavailable]);
    fake.script.set('countOfFlow', [() => ({ count: 0, held: 0, used: false })]);
    await withSource(fake, async (running) => {
      const before = await running.reaches('live');
      const updating = await begin(running, { replace: 'dataset' });
      expect((await running.reaches('held')).hold).toMatchObject({ step: 'flow' });
      expect(callsSince(fake)).not.toContain('closeGate');
      await decide(running, 'abort');
      await expect(updating.result()).rejects.toMatchObject({ cause: { type: 'CAEP_ABORTED' } });
      await settled(running);
      const { generation, ...after } = await running.state();
      expect(after).toEqual({ ...before, replaced: undefined });
      expect(generation).toBe(2);
      expect(fake.removed).toEqual(['flow', 'target-connection-id-g2', 'source-connection-id-g2', 'dataset-id-g2']);
      expect(fake.undoInputs.get('flow')).toMatchObject({
        marker: { generation: 2 },
        entry: { ambiguousSince: 1_000 },
      });
    });
  });

  it('that is aborted after the move goes back to the old flow, and a dataset that was sent to stays', async () => {
    const fake = failAt('applyUpdate', unavailable);
    await withSource(fake, async (running) => {
      const before = await running.reaches('live');
      const updating = await begin(running, { replace: 'dataset' });
      await running.reaches('held');
      await decide(running, 'abort');
      await expect(updating.result()).rejects.toMatchObject({ cause: { type: 'CAEP_ABORTED' } });
      await settled(running);
      expect(fake.applied.map(({ resources }) => resources.flow?.id)).toEqual(['flow-id-g2', 'flow-id']);
      expect((await running.state()).resources).toEqual(before.resources);
      expect(fake.removed).toEqual(['flow-id-g2', 'target-connection-id-g2', 'source-connection-id-g2']);
    });
  });

  it('what was replaced is taken away with the source', async () => {
    const fake = createFakeSteps();
    fake.script.set(
      'countOfFlow',
      Array.from({ length: 50 }, () => outstanding),
    );
    await withSource(fake, async (running) => {
      await running.reaches('live');
      await update(running, { replace: 'flow' });
      await running.handle.cancel();
      await expect(running.handle.result()).rejects.toThrow(WorkflowFailedError);
      expect(fake.removed).toEqual(['flow-id', 'target-connection-id', 'source-connection-id']);
      expect(fake.undoInputs.get('flow')?.entry.resource?.id).toBe('flow-id-g2');
      expect((await running.state()).phase).toBe('torn-down');
    });
  });

  it('what cannot be removed is tried again, and the reason is in the state meanwhile', async () => {
    const fake = createFakeSteps();
    fake.script.set('undo-target-connection', [unavailable]);
    await withSource(fake, async (running) => {
      await running.reaches('live');
      await update(running, { replace: 'flow' });
      await vi.waitFor(
        async () =>
          expect((await running.state()).replaced).toMatchObject([{ error: { code: 'CAEP_ADOBE_UNAVAILABLE' } }]),
        PATIENCE,
      );
      await settled(running);
      expect((await running.state()).phase).toBe('live');
    });
  });
});
