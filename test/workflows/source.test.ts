import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it, vi } from 'vitest';
import { stepsFor, type StepName } from '../../src/domain/source/steps.js';
import { manifestFixture } from '../support/manifest.js';
import { createFakeSteps, refusal } from './fakeSteps.js';
import { failAt, PATIENCE, refuse, REFUSED, withSources } from './sources.js';

const { temporal, withSource } = withSources();
const STEPS = stepsFor(manifestFixture());
/** temporal.api.enums.v1.PendingActivityState */
const CANCEL_REQUESTED = 3;

describe('provisioning', () => {
  it('makes every step in order, keeps the ids, starts the forwarder and lives on', async () => {
    const fake = createFakeSteps();
    await withSource(fake, async ({ reaches, handle }) => {
      const state = await reaches('live');
      expect(fake.calls).toEqual([...STEPS, 'startForwarder']);
      expect(state.steps.map(({ step, state: made, id }) => [step, made, id])).toEqual(
        STEPS.map((step) => [step, 'made', `${step}-id`]),
      );
      expect(state.opensAt).toBe('2026-01-01T00:05:00.000Z');
      expect((await handle.describe()).status.name).toBe('RUNNING');
    });
  });

  it('hands each step what the steps before it made', async () => {
    const fake = createFakeSteps();
    await withSource(fake, async ({ reaches }) => {
      await reaches('live');
      expect(Object.keys(fake.inputs.get('flow')?.[0]?.resources ?? {}).sort()).toEqual(
        ['dataset', 'field-group', 'mapping-set', 'schema', 'source-connection', 'target-connection'].sort(),
      );
    });
  });

  it('takes over whatever stands in its place where that was decided beforehand, also after a hold for another reason', async () => {
    const fake = failAt('schema', refuse);
    await withSource(
      fake,
      async ({ handle, reaches }) => {
        await reaches('held');
        await handle.executeUpdate('resume', { args: [{}] });
        await reaches('live');
        expect([...fake.inputs.values()].flat().map(({ adopt }) => adopt)).toEqual(
          Array.from({ length: STEPS.length + 1 }, () => true),
        );
      },
      { adopt: true },
    );
  });

  it('makes the identity descriptor only when the manifest asks for one', async () => {
    const manifest = manifestFixture({ identity: { field: 'visitorUUID', namespace: 'ChatlioVisitor' } });
    const fake = createFakeSteps();
    await withSource(
      fake,
      async ({ reaches }) => {
        await reaches('live');
        expect(fake.calls).toContain('identity-descriptor');
      },
      { manifest },
    );
  });
});

describe.each(STEPS)('held at %s', (step: StepName) => {
  it('goes on from there after resume, without repeating what is made', async () => {
    const fake = failAt(step, refuse);
    await withSource(fake, async ({ reaches, handle }) => {
      const held = await reaches('held');
      expect(held.hold).toMatchObject({ step, during: 'do', error: REFUSED });
      expect(held.steps.find((row) => row.step === step)?.state).toBe('held');
      await handle.executeUpdate('resume', { args: [{}] });
      await reaches('live');
      expect(fake.calls.filter((call) => call === step)).toHaveLength(2);
      expect(fake.calls).toHaveLength(STEPS.length + 2);
    });
  });

  it('undoes what was made, last first, the held step included, after abort', async () => {
    const fake = failAt(step, refuse);
    await withSource(fake, async ({ reaches, handle }) => {
      await reaches('held');
      await handle.executeUpdate('abort', { args: [{ reason: 'changed our mind' }] });
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      const begun = STEPS.slice(0, STEPS.indexOf(step) + 1);
      expect(fake.calls.filter((call) => call.startsWith('undo-'))).toEqual(
        begun.toReversed().map((name) => `undo-${name}`),
      );
      expect(fake.undoInputs.get(step)?.entry.resource).toBeUndefined();
    });
  });
});

describe('held at the start of the forwarder', () => {
  it('goes on after resume', async () => {
    const fake = failAt('startForwarder', refuse);
    await withSource(fake, async ({ reaches, handle }) => {
      expect((await reaches('held')).hold).toMatchObject({ step: 'inlet', during: 'do', error: REFUSED });
      await handle.executeUpdate('resume');
      await reaches('live');
      expect(fake.calls).toEqual([...STEPS, 'startForwarder', 'startForwarder']);
    });
  });

  it('undoes everything after abort', async () => {
    const fake = failAt('startForwarder', refuse);
    await withSource(fake, async ({ reaches, handle }) => {
      await reaches('held');
      await handle.executeUpdate('abort');
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect(fake.calls.slice(STEPS.length + 1)).toEqual([
        'stopForwarder',
        ...STEPS.toReversed().map((name) => `undo-${name}`),
        'holdUnsent',
      ]);
    });
  });
});

describe('hold', () => {
  it('is there for a filter: search attributes name the phase and the reason', async () => {
    const fake = failAt('schema', refuse);
    await withSource(fake, async ({ reaches, handle }) => {
      await reaches('held');
      const { searchAttributes } = await handle.describe();
      expect(searchAttributes.SourcePhase).toEqual(['held']);
      expect(searchAttributes.HeldReason).toEqual(['CAEP_ADOBE_REFUSED']);
    });
  });

  it('refuses resume and abort when nothing is held', async () => {
    await withSource(createFakeSteps(), async ({ reaches, handle }) => {
      await reaches('live');
      const refused = handle.executeUpdate('resume', { args: [{}] });
      await expect(refused).rejects.toThrow(WorkflowUpdateFailedError);
      await expect(refused).rejects.toMatchObject({ cause: { type: 'CAEP_NOT_HELD' } });
    });
  });

  it('takes a corrected manifest for steps that are not made yet, and refuses one that changes made steps', async () => {
    const fake = failAt('dataset', refuse);
    await withSource(fake, async ({ reaches, handle }) => {
      await reaches('held');
      const renamedSchema = manifestFixture({ xdm: { schema: { title: 'Another title' } } });
      await expect(handle.executeUpdate('resume', { args: [{ manifest: renamedSchema }] })).rejects.toMatchObject({
        cause: { type: 'CAEP_RESUME_CHANGES_MADE_STEP' },
      });
      const renamedDataset = manifestFixture({ dataset: { name: 'Another dataset' } });
      await handle.executeUpdate('resume', { args: [{ manifest: renamedDataset }] });
      await reaches('live');
      expect(fake.inputs.get('dataset')?.[1]?.manifest.dataset.name).toBe('Another dataset');
    });
  });

  it.each([
    ['another name', { manifest: manifestFixture({ name: 'other' }) }, 'CAEP_RESUME_OTHER_SOURCE'],
    ['another sandbox', { manifest: manifestFixture({ sandbox: 'other' }) }, 'CAEP_RESUME_OTHER_SOURCE'],
    ['a manifest as it is written', { manifest: { version: 1, name: 'support-chat', sandbox: 'prod' } }, 'CAEP_USAGE'],
    [
      'a malformed manifest',
      { manifest: { ...manifestFixture(), delivery: { ...manifestFixture().delivery, partitions: '4' } } },
      'CAEP_USAGE',
    ],
    ['no object', 'again', 'CAEP_USAGE'],
    ['a misspelt member', { adopted: true }, 'CAEP_USAGE'],
    ['a flag that is a text', { adopt: 'no' }, 'CAEP_USAGE'],
  ])('refuses to resume with %s', async (_what, input, type) => {
    await withSource(failAt('field-group', refuse), async ({ reaches, handle, state }) => {
      const { manifest } = await reaches('held');
      await expect(handle.executeUpdate('resume', { args: [input] })).rejects.toMatchObject({ cause: { type } });
      expect(await state()).toMatchObject({ phase: 'held', manifest });
    });
  });

  it('refuses an abort that it does not understand', async () => {
    await withSource(failAt('field-group', refuse), async ({ reaches, handle }) => {
      await reaches('held');
      const refused = handle.executeUpdate('abort', { args: [{ reason: 7 }] });
      await expect(refused).rejects.toMatchObject({ cause: { type: 'CAEP_USAGE' } });
    });
  });

  it('takes another sandbox where Adobe does not know the one that was named', async () => {
    const unknown = () => {
      throw refusal({ code: 'CAEP_SANDBOX_UNKNOWN', fields: {} });
    };
    const fake = failAt('field-group', unknown);
    await withSource(fake, async ({ reaches, handle }) => {
      await reaches('held');
      await handle.executeUpdate('resume', { args: [{ manifest: manifestFixture({ sandbox: 'other' }) }] });
      expect((await reaches('live')).manifest.sandbox).toBe('other');
    });
  });

  it('takes no manifest for an undo', async () => {
    const fake = failAt('schema', refuse);
    fake.script.set('undo-schema', [refuse]);
    await withSource(fake, async ({ reaches, handle }) => {
      await reaches('held');
      await handle.executeUpdate('abort');
      await vi.waitFor(() => expect(fake.calls).toContain('undo-field-group'), PATIENCE);
      await reaches('held');
      const resumed = handle.executeUpdate('resume', { args: [{ manifest: manifestFixture() }] });
      await expect(resumed).rejects.toMatchObject({ cause: { type: 'CAEP_USAGE' } });
    });
  });

  const identity = { field: 'visitorUUID', namespace: 'ChatlioVisitor' } as const;

  it('makes the identity that a corrected manifest asks for', async () => {
    const fake = failAt('schema', refuse);
    await withSource(fake, async ({ reaches, handle }) => {
      await reaches('held');
      await handle.executeUpdate('resume', { args: [{ manifest: manifestFixture({ identity }) }] });
      const { steps } = await reaches('live');
      expect(fake.calls).toContain('identity-descriptor');
      expect(steps.map(({ step, state }) => [step, state])).toEqual(
        stepsFor(manifestFixture({ identity })).map((step) => [step, 'made']),
      );
    });
  });

  it('goes on without the identity that a corrected manifest has taken out, and still undoes what its step may have made', async () => {
    const fake = failAt('identity-descriptor', refuse);
    fake.script.set('flow', [refuse]);
    await withSource(
      fake,
      async ({ reaches, handle }) => {
        await reaches('held');
        await handle.executeUpdate('resume', { args: [{ manifest: manifestFixture() }] });
        await vi.waitFor(() => expect(fake.calls).toContain('flow'), PATIENCE);
        expect(fake.calls.filter((call) => call === 'identity-descriptor')).toHaveLength(1);
        await reaches('held');
        await handle.executeUpdate('abort');
        await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
        expect(fake.calls).toContain('undo-identity-descriptor');
      },
      { manifest: manifestFixture({ identity }) },
    );
  });

  it('hands over that a create may have taken effect, to the resumed step and to the undo', async () => {
    const ambiguous = () => {
      throw refusal({ code: 'CAEP_ADOBE_AMBIGUOUS', fields: {} }, 1_700_000_000_000);
    };
    const fake = failAt('dataset', ambiguous, ambiguous);
    await withSource(fake, async ({ reaches, handle }) => {
      await reaches('held');
      await handle.executeUpdate('resume', { args: [{}] });
      await vi.waitFor(() => expect(fake.inputs.get('dataset')).toHaveLength(2), PATIENCE);
      expect(fake.inputs.get('dataset')?.[1]?.ambiguousSince).toBe(1_700_000_000_000);
      await reaches('held');
      await handle.executeUpdate('abort', { args: [{}] });
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect(fake.undoInputs.get('dataset')?.entry.ambiguousSince).toBe(1_700_000_000_000);
    });
  });

  it('can be ended by cancelling, which undoes', async () => {
    const fake = failAt('flow', refuse);
    await withSource(fake, async ({ reaches, handle }) => {
      await reaches('held');
      await handle.cancel();
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect((await handle.describe()).status.name).toBe('CANCELLED');
      expect(fake.calls.at(-1)).toBe('undo-field-group');
    });
  });
});

describe('cancel', () => {
  it('waits for the create that is under way, then undoes it by its id', async () => {
    let finish: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const fake = failAt('dataset', () => answered);
    await withSource(fake, async ({ handle }) => {
      await vi.waitFor(() => expect(fake.calls).toContain('dataset'), PATIENCE);
      await handle.cancel();
      finish();
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect(fake.undoInputs.get('dataset')?.entry.resource?.id).toBe('dataset-id');
      expect(fake.calls).not.toContain('source-connection');
    });
  });

  it.each([...STEPS, 'startForwarder'])('of %s whose attempt then fails undoes what was made', async (activity) => {
    let fail: (reason: Error) => void = () => undefined;
    const answered = new Promise<void>((_resolve, reject) => {
      fail = reject;
    });
    const fake = failAt(activity, () => answered);
    await withSource(fake, async ({ handle, state }) => {
      await vi.waitFor(() => expect(fake.calls).toContain(activity), PATIENCE);
      await handle.cancel();
      // One that fails before it was asked to end is cancelled while it waits for its next attempt.
      const pending = async () => (await handle.describe()).raw.pendingActivities?.map(({ state }) => state);
      await vi.waitFor(async () => expect(await pending()).toEqual([CANCEL_REQUESTED]), PATIENCE);
      fail(new Error('the connection is cut'));
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect((await handle.describe()).status.name).toBe('CANCELLED');
      const begun = activity === 'startForwarder' ? STEPS : STEPS.slice(0, STEPS.indexOf(activity as StepName) + 1);
      expect(fake.calls.slice(fake.calls.indexOf(activity) + 1)).toEqual([
        // It may run although its start was never answered.
        ...(activity === 'startForwarder' ? ['stopForwarder'] : []),
        ...begun.toReversed().map((name) => `undo-${name}`),
        ...(begun.includes('webhook-routes') ? ['holdUnsent'] : []),
      ]);
      expect((await state()).phase).toBe('aborted');
    });
  });

  it('of a live source holds where the forwarder cannot be stopped, and goes on after resume', async () => {
    const fake = failAt('stopForwarder', refuse);
    await withSource(fake, async ({ reaches, handle }) => {
      await reaches('live');
      await handle.cancel();
      const held = await reaches('held');
      expect(held.hold).toMatchObject({ step: 'inlet', during: 'undo', error: REFUSED });
      await handle.executeUpdate('resume');
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect(fake.calls.filter((call) => call === 'stopForwarder')).toHaveLength(2);
      expect(fake.calls.slice(-2)).toEqual(['undo-source-connection', 'holdUnsent']);
    });
  });

  it('of a live source stops sending, removes flow and connections, and keeps the data', async () => {
    const fake = createFakeSteps();
    await withSource(fake, async ({ reaches, handle }) => {
      await reaches('live');
      await handle.cancel();
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect(fake.calls.slice(STEPS.length + 1)).toEqual([
        'stopForwarder',
        'undo-webhook-routes',
        'undo-inlet',
        'undo-flow',
        'undo-mapping-set',
        'undo-target-connection',
        'undo-source-connection',
        'holdUnsent',
      ]);
    });
  });

  it('of a live source says how many events are held for a decision, once nobody sends them any more', async () => {
    const fake = failAt('holdUnsent', refuse, () => ({ v: 1, held: 3 }));
    await withSource(fake, async ({ reaches, handle, state }) => {
      await reaches('live');
      await handle.cancel();
      expect((await reaches('held')).hold).toMatchObject({ during: 'undo', error: REFUSED });
      await handle.executeUpdate('resume');
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect(await state()).toMatchObject({ phase: 'torn-down', heldEvents: 3 });
    });
  });
});

describe('undo', () => {
  it('goes on after a failed undo, holds with what is left, and tries only that again on resume', async () => {
    const fake = failAt('flow', refuse);
    fake.script.set('undo-dataset', [refuse]);
    await withSource(fake, async ({ reaches, handle }) => {
      await reaches('held');
      await handle.executeUpdate('abort', { args: [{}] });
      await vi.waitFor(() => expect(fake.calls).toContain('undo-field-group'), PATIENCE);
      const held = await reaches('held');
      expect(held.hold).toMatchObject({ step: 'dataset', during: 'undo', error: { code: 'CAEP_UNDO_INCOMPLETE' } });
      expect(held.hold?.error.fields.left).toBe('dataset dataset-id');
      await handle.executeUpdate('resume', { args: [{}] });
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect(fake.calls.filter((call) => call === 'undo-dataset')).toHaveLength(2);
      expect(fake.calls.filter((call) => call === 'undo-schema')).toHaveLength(1);
    });
  });

  it('names what cannot be deleted in its outcome', async () => {
    const fake = failAt('flow', refuse);
    fake.script.set('undo-mapping-set', [() => ({ outcome: 'left', id: 'mapping-set-id', reason: 'no way' })]);
    await withSource(fake, async ({ reaches, handle }) => {
      await reaches('held');
      await handle.executeUpdate('abort', { args: [{}] });
      const failed = await handle.result().catch((error: unknown) => error);
      const cause = (failed as WorkflowFailedError).cause as ApplicationFailure;
      expect(cause.type).toBe('CAEP_ABORTED');
      expect(cause.details?.[0]).toMatchObject({
        remainders: [{ step: 'mapping-set', id: 'mapping-set-id', reason: 'no way' }],
      });
    });
  });
});

it('continues as new with everything it knows, and is cancelled as before', async () => {
  const fake = createFakeSteps();
  await withSource(
    fake,
    async ({ reaches, handle, state }) => {
      await reaches('live');
      const before = await state();
      await vi.waitFor(async () => {
        const { runId } = await temporal().client.workflow.getHandle(handle.workflowId).describe();
        expect(runId).not.toBe((handle as unknown as { firstExecutionRunId: string }).firstExecutionRunId);
      }, PATIENCE);
      expect(await state()).toEqual(before);
      expect(fake.calls).toHaveLength(STEPS.length + 1);
    },
    // Provisioning takes more events than this: the run hands over as soon as the source is live.
    { maxHistoryEvents: 40 },
  );
});
