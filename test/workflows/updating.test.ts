import { WorkflowFailedError, WorkflowUpdateStage } from '@temporalio/client';
import { describe, expect, it, vi } from 'vitest';
import { stepsFor } from '../../src/domain/source/steps.js';
import type { UpdateInput, UpdateResult } from '../../src/domain/source/update.js';
import { manifestFixture } from '../support/manifest.js';
import { createFakeSteps, type FakeSteps, OPENED_AT, refusal } from './fakeSteps.js';
import { failAt, PATIENCE, refuse, type Running, withSources } from './sources.js';

const { withSource } = withSources();
const CALLS_BEFORE = stepsFor(manifestFixture()).length + 1;
const callsSince = (fake: FakeSteps): string[] => fake.calls.slice(CALLS_BEFORE);

const WHOLE = manifestFixture({ contents: 'full', delivery: { concurrency: 3 } });
const begin = ({ handle }: Running, manifest = WHOLE) =>
  handle.startUpdate<UpdateResult, [UpdateInput]>('update', {
    args: [{ manifest, by: 'ana' }],
    waitForStage: WorkflowUpdateStage.ACCEPTED,
  });
const update = async (running: Running, manifest = WHOLE): Promise<UpdateResult> =>
  (await begin(running, manifest)).result();
const refused = (type: string, fields: object = {}) => ({
  cause: { type, details: [{ error: { code: type, fields: expect.objectContaining(fields) as object } }] },
});
const unavailable = () => {
  throw refusal({ code: 'CAEP_ADOBE_UNAVAILABLE', fields: { attempts: '8' } });
};
const decide = ({ handle }: Running, decision: 'resume' | 'abort') =>
  handle.executeUpdate(decision, { args: [decision === 'abort' ? { reason: 'not today' } : {}] });

describe('update', () => {
  it('closes the gate only once all is prepared, and the state has manifest and ids from then on', async () => {
    const fake = createFakeSteps();
    await withSource(fake, async (running) => {
      await running.reaches('live');
      expect(await update(running)).toEqual({
        v: 1,
        changed: true,
        fields: ['messages'],
        mappingVersion: 1,
        opensAt: OPENED_AT,
      });
      expect(callsSince(fake)).toEqual(['prepareUpdate', 'closeGate', 'applyUpdate', 'configureForwarder']);
      const state = await running.state();
      expect(state).toMatchObject({ phase: 'live', manifest: WHOLE, opensAt: OPENED_AT });
      expect(state.resources['mapping-set']?.version).toBe(1);
      expect(state.operation).toBeUndefined();
      expect(fake.configured).toEqual([WHOLE.delivery]);
    });
  });

  it('that goes by a plan looks first whether the world is as it was, and changes nothing where it is not', async () => {
    const outdated = () => {
      throw refusal({ code: 'CAEP_PLAN_OUTDATED', fields: { moved: 'flow name: a, now b' } });
    };
    const fake = failAt('checkPlan', outdated);
    await withSource(fake, async (running) => {
      const { uid, manifest } = await running.reaches('live');
      const by = (plan: Partial<UpdateInput['plan']>) =>
        running.handle.executeUpdate<UpdateResult, [UpdateInput]>('update', {
          args: [{ manifest: WHOLE, plan: { v: 1, uid, running: manifest, seen: [], ...plan } }],
        });
      await expect(by({ uid: 'another' })).rejects.toMatchObject(refused('CAEP_PLAN_OUTDATED'));
      await expect(by({ running: WHOLE })).rejects.toMatchObject(refused('CAEP_PLAN_OUTDATED'));
      expect(callsSince(fake)).toEqual([]);
      await expect(by({})).rejects.toMatchObject(refused('CAEP_PLAN_OUTDATED', { moved: 'flow name: a, now b' }));
      expect(callsSince(fake)).toEqual(['checkPlan']);
      await by({});
      expect(callsSince(fake).slice(1, 3)).toEqual(['checkPlan', 'prepareUpdate']);
    });
  });

  it('that concerns delivery alone does not interrupt sending, and one that changes nothing says so', async () => {
    const fake = createFakeSteps();
    await withSource(fake, async (running) => {
      await running.reaches('live');
      const slower = manifestFixture({ delivery: { concurrency: 3 } });
      expect(await update(running, slower)).toEqual({ v: 1, changed: true, fields: [] });
      expect(callsSince(fake)).toEqual(['configureForwarder']);
      expect(await update(running, slower)).toEqual({ v: 1, changed: false, fields: [] });
    });
  });

  it('that cannot be prepared is refused, and the source goes on as it was', async () => {
    const fake = failAt('prepareUpdate', refuse);
    await withSource(fake, async (running) => {
      const before = await running.reaches('live');
      await expect(update(running)).rejects.toMatchObject(refused('CAEP_ADOBE_REFUSED', { command: 'update FILE' }));
      expect(callsSince(fake)).toEqual(['prepareUpdate']);
      expect(await running.state()).toEqual(before);
    });
  });

  it('that fails with the gate closed holds; resumed it comes to its end', async () => {
    const fake = failAt('applyUpdate', unavailable);
    await withSource(fake, async (running) => {
      await running.reaches('live');
      const updating = await begin(running);
      const { hold, operation } = await running.reaches('held');
      expect(hold).toMatchObject({ step: 'flow', error: { code: 'CAEP_ADOBE_UNAVAILABLE' } });
      expect(operation?.kind).toBe('update');
      await decide(running, 'resume');
      expect(await updating.result()).toMatchObject({ changed: true });
      expect(await running.state()).toMatchObject({ phase: 'live', manifest: { contents: 'full' } });
      expect((await running.state()).hold).toBeUndefined();
    });
  });

  it('that is aborted puts back what was before, and opens the gate again', async () => {
    const fake = failAt('applyUpdate', unavailable);
    await withSource(fake, async (running) => {
      const before = await running.reaches('live');
      const updating = await begin(running);
      await running.reaches('held');
      await decide(running, 'abort');
      await expect(updating.result()).rejects.toMatchObject(refused('CAEP_ABORTED', { reason: 'not today' }));
      expect(fake.applied.map(({ manifest }) => manifest.contents)).toEqual(['full', undefined]);
      expect(fake.applied.at(-1)).toMatchObject({ manifest: before.manifest, resources: before.resources });
      const after = await running.state();
      expect(after).toEqual({ ...before, opensAt: OPENED_AT });
    });
  });

  it.each(['CAEP_RESOURCE_GONE', 'CAEP_FLOW_GONE', 'CAEP_FLOW_NOT_ENABLED', 'CAEP_MAPPING_SET_GONE'] as const)(
    'that is aborted after somebody has deleted or disabled something (%s) ends: nothing can be put back',
    async (code) => {
      const gone = () => {
        throw refusal({ code, fields: { resources: 'flow 7' } });
      };
      const fake = failAt('applyUpdate', gone, gone);
      await withSource(fake, async (running) => {
        const { manifest } = await running.reaches('live');
        const updating = await begin(running);
        await running.reaches('held');
        await decide(running, 'abort');
        await expect(updating.result()).rejects.toMatchObject(refused('CAEP_ABORTED', { reason: 'not today' }));
        expect(await running.state()).toMatchObject({ phase: 'live', manifest });
      });
    },
  );

  it('that is aborted after whole chats were taken leaves a compact source, and the state says so', async () => {
    const fake = failAt('applyUpdate', unavailable);
    fake.script.get('applyUpdate')?.push(() => ({ opensAt: OPENED_AT, contents: 'compact' }));
    await withSource(fake, async (running) => {
      const { manifest } = await running.reaches('live');
      const updating = await begin(running);
      await running.reaches('held');
      await decide(running, 'abort');
      await expect(updating.result()).rejects.toMatchObject(refused('CAEP_ABORTED'));
      expect((await running.state()).manifest).toEqual({ ...manifest, contents: 'compact' });
    });
  });

  it('refuses what only another source can be, and a manifest that is none', async () => {
    const fake = createFakeSteps();
    await withSource(fake, async (running) => {
      await running.reaches('live');
      const elsewhere = manifestFixture({ sandbox: 'dev' });
      await expect(update(running, elsewhere)).rejects.toMatchObject(
        refused('CAEP_UPDATE_UNSUPPORTED', { fields: 'sandbox' }),
      );
      await expect(running.handle.executeUpdate('update', { args: [{ manifest: {} }] })).rejects.toMatchObject(
        refused('CAEP_USAGE'),
      );
      await update(running);
      await expect(update(running, manifestFixture())).rejects.toMatchObject(refused('CAEP_UPDATE_NEEDS_CONTENTS'));
    });
  });

  it('that is held does not keep the source from being taken down', async () => {
    const fake = failAt('applyUpdate', unavailable);
    await withSource(fake, async (running) => {
      await running.reaches('live');
      const updating = await begin(running);
      await running.reaches('held');
      await running.handle.cancel();
      await expect(updating.result()).rejects.toMatchObject(refused('CAEP_NOT_LIVE', { phase: 'undoing' }));
      await expect(running.handle.result()).rejects.toThrow(WorkflowFailedError);
      expect((await running.state()).phase).toBe('torn-down');
      expect(callsSince(fake).filter((call) => call === 'applyUpdate')).toHaveLength(1);
    });
  });

  it('renames objects with the gate closed, the dataset too, and puts the names back where it is aborted', async () => {
    const fake = failAt('applyUpdate', unavailable);
    const renamed = manifestFixture({
      xdm: { schema: { title: 'Chats' } },
      dataset: { name: 'Chats of ours', tags: { team: ['web'] } },
    });
    await withSource(fake, async (running) => {
      const before = await running.reaches('live');
      const updating = await begin(running, renamed);
      await running.reaches('held');
      await decide(running, 'abort');
      await expect(updating.result()).rejects.toMatchObject(refused('CAEP_ABORTED', { stays: expect.any(String) }));
      const round = ['closeGate', 'change-schema', 'change-dataset', 'applyUpdate'];
      expect(callsSince(fake)).toEqual(['prepareUpdate', ...round, ...round]);
      expect(fake.changes.map(({ manifest, before: said }) => [manifest.dataset.name, said?.dataset.name])).toEqual([
        ...[1, 2].map(() => [renamed.dataset.name, before.manifest.dataset.name]),
        ...[1, 2].map(() => [before.manifest.dataset.name, renamed.dataset.name]),
      ]);
      expect((await running.state()).manifest).toEqual(before.manifest);
      expect(await update(running, renamed)).toMatchObject({ changed: true });
      expect((await running.state()).manifest).toEqual(renamed);
    });
  });

  it('of name and tags of the dataset alone leaves the gate open; what fails is held there', async () => {
    const fake = failAt('change-dataset', unavailable);
    await withSource(fake, async (running) => {
      await running.reaches('live');
      const updating = await begin(running, manifestFixture({ dataset: { name: 'Chats' } }));
      expect((await running.reaches('held')).hold).toMatchObject({ step: 'dataset' });
      await decide(running, 'resume');
      expect(await updating.result()).toEqual({ v: 1, changed: true, fields: [] });
      expect(callsSince(fake)).toEqual(['change-dataset', 'change-dataset', 'configureForwarder']);
    });
  });

  it('of widgets is no call to Adobe, and the gate stays open', async () => {
    const fake = createFakeSteps();
    await withSource(fake, async (running) => {
      await running.reaches('live');
      const wanted = manifestFixture({ chatlio: { widgets: [{ key: 'shop', kinds: ['offline-message'] }] } });
      fake.script.set('change-webhook-routes', [
        () => ({ resource: { kind: 'webhook-routes', id: '1 routes', origin: 'created' } }),
      ]);
      expect(await update(running, wanted)).toEqual({ v: 1, changed: true, fields: [] });
      expect(callsSince(fake)).toEqual(['change-webhook-routes', 'configureForwarder']);
      const { manifest, resources, steps } = await running.state();
      expect([manifest, resources['webhook-routes']?.id]).toEqual([wanted, '1 routes']);
      expect(steps.find(({ step }) => step === 'webhook-routes')).toMatchObject({ id: '1 routes' });
    });
  });

  it('adds an identity as a step of its own, which an abort takes away', async () => {
    const fake = failAt('applyUpdate', unavailable);
    const wanted = manifestFixture({ identity: { field: 'visitorEmail', namespace: 'Email', primary: false } });
    await withSource(fake, async (running) => {
      const before = await running.reaches('live');
      const updating = await begin(running, wanted);
      await running.reaches('held');
      await decide(running, 'abort');
      await expect(updating.result()).rejects.toMatchObject(refused('CAEP_ABORTED'));
      expect(callsSince(fake)).toContain('undo-identity-descriptor');
      expect((await running.state()).steps).toEqual(before.steps);
      await update(running, wanted);
      const { steps, resources } = await running.state();
      expect(steps.map(({ step, state }) => [step, state])).toEqual(stepsFor(wanted).map((step) => [step, 'made']));
      expect(resources['identity-descriptor']?.id).toBe('identity-descriptor-id');
    });
  });

  it('lets no other operation begin meanwhile', async () => {
    let release: () => void = () => undefined;
    const fake = failAt('prepareUpdate', () => new Promise<void>((resolve) => (release = resolve)));
    await withSource(fake, async (running) => {
      await running.reaches('live');
      const updating = await begin(running);
      await vi.waitFor(() => expect(callsSince(fake)).toEqual(['prepareUpdate']), PATIENCE);
      await expect(running.handle.executeUpdate('pause')).rejects.toMatchObject(
        refused('CAEP_OPERATION_RUNNING', {
          operation: 'update',
          by: 'ana',
          since: expect.stringMatching(/^20/) as string,
        }),
      );
      release();
      expect(await updating.result()).toMatchObject({ changed: true });
    });
  });
});
