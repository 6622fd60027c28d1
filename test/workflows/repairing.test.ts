import { WorkflowUpdateStage } from '@temporalio/client';
import { describe, expect, it, vi } from 'vitest';
import type { Drifted, DriftLook } from '../../src/domain/drift/drift.js';
import type { RepairInput, RepairResult } from '../../src/domain/drift/repair.js';
import { stepsFor, type StepName } from '../../src/domain/source/steps.js';
import { manifestFixture } from '../support/manifest.js';
import { createFakeSteps, type FakeSteps, refusal } from './fakeSteps.js';
import { PATIENCE, type Running, withSources } from './sources.js';

const { withSource } = withSources();
const CALLS_BEFORE = stepsFor(manifestFixture()).length + 1;
const callsSince = (fake: FakeSteps): string[] => fake.calls.slice(CALLS_BEFORE);
/** Looks only when it is told to. */
const SOURCE = { manifest: { ...manifestFixture(), drift: { everyMs: 0 } } };

const row = (step: StepName, changes: Partial<Drifted> = {}): Drifted => ({
  step,
  id: `${step}-id`,
  origin: 'created',
  kind: 'changed',
  field: 'name',
  manifest: 'ours',
  found: 'theirs',
  remedy: 'change',
  ...changes,
});
const gone = (step: StepName): Drifted => row(step, { kind: 'gone', field: 'object', remedy: 'replace' });

/** The first look finds these, and those after the repair nothing. */
function drifted(...rows: Drifted[]): FakeSteps {
  const fake = createFakeSteps();
  fake.script.set('lookForDrift', [(): DriftLook => ({ v: 1, drifted: rows, more: 0, searchable: true })]);
  return fake;
}
/** Answers of the step in the order of its calls; the first is that of the provision. */
function answers(fake: FakeSteps, step: StepName, ...behaviours: (() => unknown)[]): void {
  fake.script.set(step, [() => undefined, ...behaviours]);
}
const made =
  (step: StepName, id = `${step}-2`) =>
  () => ({ resource: { kind: step, id, origin: 'created' }, found: false });
const unavailable = () => {
  throw refusal({ code: 'CAEP_ADOBE_UNAVAILABLE', fields: { attempts: '8' } });
};

const begin = ({ handle }: Running, input: RepairInput = {}) =>
  handle.startUpdate<RepairResult, [RepairInput]>('repair', {
    args: [{ by: 'ana', ...input }],
    waitForStage: WorkflowUpdateStage.ACCEPTED,
  });
const repair = async (running: Running, recreate?: readonly StepName[]): Promise<RepairResult> =>
  (await begin(running, recreate === undefined ? {} : { recreate })).result();
const refused = (type: string, fields: object = {}) => ({
  cause: { type, details: [{ error: { code: type, fields: expect.objectContaining(fields) as object } }] },
});

describe('repair', () => {
  it('changes in place what has no part in where events go, without a word to the gate', async () => {
    const fake = drifted(row('dataset'), row('source-connection'));
    await withSource(
      fake,
      async (running) => {
        await running.reaches('live');
        expect(await repair(running)).toMatchObject({
          changed: true,
          left: [],
          actions: [
            { step: 'dataset', how: 'change', fields: ['name'] },
            { step: 'source-connection', how: 'change' },
          ],
        });
        expect(callsSince(fake).filter((call) => call !== 'noteDrift')).toEqual([
          'lookForDrift',
          'change-dataset',
          'change-source-connection',
          'lookForDrift',
        ]);
        expect(await running.state()).toMatchObject({ phase: 'live', drift: { drifted: [] } });
        await vi.waitFor(
          () => expect(fake.recorded.at(-1)).toMatchObject({ kind: 'repair', by: 'ana', result: 'done' }),
          PATIENCE,
        );
      },
      SOURCE,
    );
  });

  it('makes anew what was deleted and what refers to it, with the gate closed; ids, inlet and gate move in one step', async () => {
    const fake = drifted(gone('dataset'));
    for (const step of ['dataset', 'target-connection', 'flow'] as const) answers(fake, step, made(step));
    answers(fake, 'inlet', () => ({
      resource: { kind: 'inlet', id: 'flow-2', origin: 'created' },
      found: true,
      opensAt: '2026-03-03T00:05:00.000Z',
    }));
    await withSource(
      fake,
      async (running) => {
        const before = await running.reaches('live');
        const recreate: readonly string[] = ['dataset', 'target-connection', 'flow'] satisfies StepName[];
        expect(await repair(running, recreate as StepName[])).toMatchObject({
          changed: true,
          opensAt: '2026-03-03T00:05:00.000Z',
        });
        const made = callsSince(fake).filter(
          (call) => call === 'closeGate' || recreate.includes(call) || call === 'inlet',
        );
        expect(made).toEqual(['closeGate', 'dataset', 'target-connection', 'flow', 'inlet']);
        const flowInput = fake.inputs.get('flow')?.[1];
        expect(flowInput).toMatchObject({ besides: ['flow-id'] });
        expect(flowInput?.resources['target-connection']?.id).toBe('target-connection-2');
        const state = await running.state();
        expect(state).toMatchObject({ phase: 'live', opensAt: '2026-03-03T00:05:00.000Z' });
        expect(state.resources).toMatchObject({
          ...before.resources,
          dataset: { id: 'dataset-2' },
          'target-connection': { id: 'target-connection-2' },
          flow: { id: 'flow-2' },
          inlet: { id: 'flow-2' },
        });
        expect(state.steps.find(({ step }) => step === 'flow')?.id).toBe('flow-2');
        expect(state.operation).toBeUndefined();
        // What the deleted dataset was led to by goes in its time; the dataset itself is gone.
        await vi.waitFor(async () => expect((await running.state()).replaced).toBeUndefined(), PATIENCE);
        expect(fake.undoInputs.get('flow')?.entry.resource?.id).toBe('flow-id');
        expect(fake.undoInputs.get('target-connection')?.entry.resource?.id).toBe('target-connection-id');
        expect(fake.undoInputs.get('dataset')).toBeUndefined();
      },
      SOURCE,
    );
  });

  it('enables a flow that somebody has disabled', async () => {
    const fake = drifted(row('flow', { kind: 'disabled', field: 'state' }));
    await withSource(
      fake,
      async (running) => {
        await running.reaches('live');
        await repair(running);
        expect(callsSince(fake).filter((call) => call !== 'noteDrift')).toEqual([
          'lookForDrift',
          'closeGate',
          'enableFlow',
          'inlet',
          'lookForDrift',
        ]);
      },
      SOURCE,
    );
  });

  it('makes nothing anew of which nobody was told that something is lost', async () => {
    const fake = drifted(gone('dataset'), row('flow'));
    await withSource(
      fake,
      async (running) => {
        const before = await running.reaches('live');
        await expect(repair(running, ['flow'])).rejects.toMatchObject(
          refused('CAEP_REPAIR_LOSES', { resources: 'dataset, target connection' }),
        );
        expect(callsSince(fake).filter((call) => call !== 'noteDrift')).toEqual(['lookForDrift']);
        expect((await running.state()).resources).toEqual(before.resources);
      },
      SOURCE,
    );
  });

  it('says so where nothing has drifted', async () => {
    const fake = createFakeSteps();
    await withSource(
      fake,
      async (running) => {
        await running.reaches('live');
        expect(await repair(running)).toEqual({ v: 1, changed: false, actions: [], left: [] });
      },
      SOURCE,
    );
  });

  it('that fails holds where it is, with the gate closed; resumed it goes on from there', async () => {
    const fake = drifted(gone('flow'));
    answers(fake, 'flow', unavailable, made('flow'));
    await withSource(
      fake,
      async (running) => {
        const before = await running.reaches('live');
        const repairing = await begin(running, { recreate: ['flow'] });
        const { hold, operation, resources } = await running.reaches('held');
        expect(hold).toMatchObject({ step: 'flow', during: 'do', error: { code: 'CAEP_ADOBE_UNAVAILABLE' } });
        expect(operation).toMatchObject({ kind: 'repair', undo: [{ step: 'flow' }] });
        expect(resources).toEqual(before.resources);
        await running.handle.executeUpdate('resume', { args: [{}] });
        expect(await repairing.result()).toMatchObject({ changed: true });
        expect(callsSince(fake).filter((call) => call === 'closeGate')).toHaveLength(1);
        expect((await running.state()).resources.flow?.id).toBe('flow-2');
      },
      SOURCE,
    );
  });

  it('that is aborted removes what it has made, last first, and leaves the ids from before', async () => {
    const fake = drifted(gone('target-connection'));
    answers(fake, 'target-connection', made('target-connection'));
    answers(fake, 'flow', unavailable);
    await withSource(
      fake,
      async (running) => {
        const before = await running.reaches('live');
        const repairing = await begin(running, { recreate: ['target-connection', 'flow'] });
        await running.reaches('held');
        await running.handle.executeUpdate('abort', { args: [{ reason: 'not today' }] });
        await expect(repairing.result()).rejects.toMatchObject(refused('CAEP_ABORTED', { reason: 'not today' }));
        expect(callsSince(fake).filter((call) => call.startsWith('undo-'))).toEqual([
          'undo-flow',
          'undo-target-connection',
        ]);
        expect(fake.undoInputs.get('target-connection')).toMatchObject({
          entry: { resource: { id: 'target-connection-2' } },
          besides: ['target-connection-id'],
        });
        // The flow writes to a connection that is gone.
        expect(fake.reasons.at(-1)).toMatch(/^a repair was aborted/);
        const after = await running.state();
        expect(after.phase).toBe('live');
        expect(after.resources).toEqual(before.resources);
      },
      SOURCE,
    );
  });

  it('that is under way is not disturbed by the removal of what an update has replaced', async () => {
    const fake = drifted(gone('flow'));
    fake.script.set(
      'countOfFlow',
      Array.from({ length: 100 }, () => () => ({ count: 1, held: 0, used: true })),
    );
    fake.script.set('flow', [() => undefined, () => undefined, unavailable, made('flow', 'flow-3')]);
    await withSource(
      fake,
      async (running) => {
        await running.reaches('live');
        const updating = await running.handle.startUpdate('update', {
          args: [{ manifest: SOURCE.manifest, replace: 'flow' }],
          waitForStage: WorkflowUpdateStage.ACCEPTED,
        });
        await updating.result();
        const repairing = await begin(running, { recreate: ['flow'] });
        await running.reaches('held');
        // Nothing of the first flow is unknown any more.
        fake.script.set('countOfFlow', []);
        await running.handle.executeUpdate('resume', { args: [{}] });
        await repairing.result();
        await vi.waitFor(async () => expect((await running.state()).replaced).toBeUndefined(), PATIENCE);
        const done = callsSince(fake);
        expect(done.indexOf('undo-flow')).toBeGreaterThan(done.lastIndexOf('inlet'));
      },
      SOURCE,
    );
  });

  it('that is taken down while it does not know whether a flow was made looks for that one, too', async () => {
    const fake = drifted(gone('flow'));
    fake.script.set('flow', [
      () => undefined,
      () => {
        throw refusal({ code: 'CAEP_ADOBE_UNAVAILABLE', fields: { attempts: '8' } }, 1_000);
      },
    ]);
    await withSource(
      fake,
      async (running) => {
        await running.reaches('live');
        await begin(running, { recreate: ['flow'] });
        await running.reaches('held');
        await running.handle.cancel();
        await vi.waitFor(async () => expect((await running.state()).phase).toBe('torn-down'), PATIENCE);
        expect(fake.removed).toContain('flow');
      },
      SOURCE,
    );
  });

  it('that is held does not keep the source from being taken down, with what it has made', async () => {
    const fake = drifted(gone('target-connection'));
    answers(fake, 'target-connection', made('target-connection'));
    answers(fake, 'flow', unavailable);
    await withSource(
      fake,
      async (running) => {
        await running.reaches('live');
        const repairing = await begin(running, { recreate: ['target-connection', 'flow'] });
        await running.reaches('held');
        await running.handle.cancel();
        await expect(repairing.result()).rejects.toMatchObject(refused('CAEP_NOT_LIVE', { phase: 'undoing' }));
        await vi.waitFor(async () => expect((await running.state()).phase).toBe('torn-down'), PATIENCE);
        expect(fake.undoInputs.get('target-connection')?.entry.resource?.id).toBe('target-connection-2');
      },
      SOURCE,
    );
  });

  it('lets no other operation begin meanwhile; flow and connection from before stay as long as something of them is not known', async () => {
    const fake = drifted(row('target-connection', { field: 'dataset', remedy: 'replace' }));
    answers(fake, 'target-connection', made('target-connection'));
    let release: () => void = () => undefined;
    answers(fake, 'flow', () => new Promise((resolve) => (release = () => resolve(made('flow')()))));
    fake.script.set('countOfFlow', [() => ({ count: 2, held: 0, used: true })]);
    await withSource(
      fake,
      async (running) => {
        await running.reaches('live');
        const repairing = await begin(running, { recreate: ['target-connection', 'flow'] });
        await vi.waitFor(() => expect(callsSince(fake).at(-1)).toBe('flow'), PATIENCE);
        await expect(running.handle.executeUpdate('pause')).rejects.toMatchObject(
          refused('CAEP_OPERATION_RUNNING', { operation: 'repair' }),
        );
        await expect(running.handle.executeUpdate('drift')).rejects.toMatchObject(refused('CAEP_OPERATION_RUNNING'));
        release();
        await repairing.result();
        await vi.waitFor(
          async () => expect((await running.state()).replaced?.[0]?.awaiting).toMatchObject({ count: 2 }),
          PATIENCE,
        );
        expect((await running.state()).replaced).toMatchObject([
          { resources: { flow: { id: 'flow-id' }, 'target-connection': { id: 'target-connection-id' } } },
        ]);
        expect(fake.undoInputs.size).toBe(0);
        // A flow that is made after that is none of those that wait to be removed.
        const lost = { ...gone('flow'), id: 'flow-2' };
        fake.script.get('lookForDrift')?.push(() => ({ v: 1, drifted: [lost], more: 0, searchable: true }));
        await repair(running, ['flow']);
        expect(fake.inputs.get('flow')?.at(-1)).toMatchObject({ besides: ['flow-2', 'flow-id'] });
      },
      SOURCE,
    );
  });
});
