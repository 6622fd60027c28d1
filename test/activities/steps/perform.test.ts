import { describe, expect, it } from 'vitest';
import { AdobeCallError, type AdobeCallFailure } from '../../../src/adobe/http/errors.js';
import type { AttemptMemory } from '../../../src/activities/steps/attempt.js';
import { performStep } from '../../../src/activities/steps/perform.js';
import type { Standing, Step, StepContext } from '../../../src/activities/steps/step.js';
import { undoStep } from '../../../src/activities/steps/undo.js';
import type { Resource } from '../../../src/domain/source/steps.js';
import { manifestFixture } from '../../support/manifest.js';

const WINDOW = { consistencyWindowMs: 120 };
const context = {
  marker: { name: 'support-chat', uid: '7c0f7f0e-6a0b-4d35-8a6e-0d4c9b1f2a11' },
  manifest: manifestFixture(),
  resources: {},
  signal: new AbortController().signal,
  // Of a source that was never live.
  store: { mayHaveDelivered: () => Promise.resolve(false) },
} as unknown as StepContext;

function object(id: string, origin: Resource['origin'] = 'created'): Resource {
  return { kind: 'dataset', id, origin };
}

function failure(effect: AdobeCallFailure['effect'], kind: AdobeCallFailure['kind']): AdobeCallError {
  return new AdobeCallError({ effect, kind, error: { service: 'Catalog' } });
}

/** A place where objects stand; `visibleAfter` lookups they show. */
function place(options: { objects?: Resource[]; foreign?: Standing['foreign']; visibleAfter?: number } = {}) {
  const objects = [...(options.objects ?? [])];
  const log: string[] = [];
  let lookups = 0;
  const step: Step = {
    name: 'dataset',
    label: () => 'a dataset',
    lookup() {
      lookups += 1;
      log.push('lookup');
      const ours = lookups > (options.visibleAfter ?? 0) ? [...objects] : [];
      return Promise.resolve({ ours, foreign: options.foreign });
    },
    create() {
      log.push('create');
      const made = object(`made-${objects.length + 1}`);
      objects.push(made);
      return Promise.resolve(made);
    },
    compare: () => Promise.resolve([]),
    remove(_context, { id }) {
      log.push(`remove ${id}`);
      objects.splice(
        objects.findIndex((row) => row.id === id),
        1,
      );
      return Promise.resolve('deleted');
    },
  };
  return { step, log, objects };
}

const noMemory = (): AttemptMemory => ({ ambiguousSince: undefined });
const perform = (step: Step, memory: AttemptMemory, adopt = false) =>
  performStep(step, context, { adopt }, memory, WINDOW);

describe('a step', () => {
  it('looks before it creates', async () => {
    const { step, log } = place();
    const result = await perform(step, noMemory());
    expect(log).toEqual(['lookup', 'create']);
    expect(result).toMatchObject({ found: false, resource: { id: 'made-1', origin: 'created' } });
  });

  it('creates nothing when its object is there', async () => {
    const { step, log } = place({ objects: [object('earlier')] });
    const result = await perform(step, noMemory());
    expect(log).toEqual(['lookup']);
    expect(result).toMatchObject({ found: true, resource: { id: 'earlier' } });
  });

  it('after a create of unknown effect looks again until the object shows, and does not create', async () => {
    const { step, log } = place({ objects: [object('late')], visibleAfter: 3 });
    const result = await perform(step, { ambiguousSince: Date.now() });
    expect(result.resource.id).toBe('late');
    expect(log).toEqual(['lookup', 'lookup', 'lookup', 'lookup']);
  });

  it('after a create of unknown effect creates again only when the consistency window has passed', async () => {
    const { step, log } = place();
    const since = Date.now();
    await perform(step, { ambiguousSince: since });
    expect(Date.now() - since).toBeGreaterThanOrEqual(WINDOW.consistencyWindowMs);
    expect(log.filter((call) => call === 'lookup').length).toBeGreaterThan(1);
    expect(log.at(-1)).toBe('create');
  });

  it.each([
    ['none', 'refused', false],
    ['none', 'throttled', false],
    ['none', 'not-sent', false],
    ['maybe', 'unavailable', true],
    ['maybe', 'ambiguous', true],
    ['maybe', 'unexpected', true],
  ] as const)(
    'remembers after a failed create (effect %s, %s) whether it may have taken effect: %s',
    async (effect, kind, doubtful) => {
      const { step } = place();
      const memory = noMemory();
      await expect(perform({ ...step, create: () => Promise.reject(failure(effect, kind)) }, memory)).rejects.toThrow(
        AdobeCallError,
      );
      expect(memory.ambiguousSince !== undefined).toBe(doubtful);
    },
  );

  it('keeps the doubt of an earlier create when the lookup itself fails', async () => {
    const { step } = place();
    const memory: AttemptMemory = { ambiguousSince: 1_000 };
    const broken: Step = { ...step, lookup: () => Promise.reject(failure('none', 'unavailable')) };
    await expect(perform(broken, memory)).rejects.toThrow(AdobeCallError);
    expect(memory.ambiguousSince).toBe(1_000);
  });

  it('takes its own object when the create is refused because that has the title already', async () => {
    const { step } = place();
    const refusal = failure('none', 'refused');
    const result = await perform(
      {
        ...step,
        create: () => Promise.reject(refusal),
        standingAfterRefusal: (_context, error) =>
          Promise.resolve(error === refusal ? { ours: [object('unlisted')] } : undefined),
      },
      noMemory(),
    );
    expect(result).toMatchObject({ found: true, resource: { id: 'unlisted' } });
  });

  it('of several objects of ours keeps the one that is referred to and deletes the rest', async () => {
    const { step, objects } = place({ objects: [object('a'), object('b'), object('c')] });
    const result = await perform({ ...step, referenced: () => Promise.resolve(['b']) }, noMemory());
    expect(result.resource.id).toBe('b');
    expect(objects.map(({ id }) => id)).toEqual(['b']);
  });

  it('of several objects of ours that nothing refers to keeps the oldest', async () => {
    const { step, objects } = place({ objects: [object('oldest'), object('newer')] });
    await perform(step, noMemory());
    expect(objects.map(({ id }) => id)).toEqual(['oldest']);
  });

  describe("with somebody else's object in its place", () => {
    const foreign = { resource: object('theirs', 'adopted'), label: 'theirs, not made by us', taken: 'name' } as const;

    it('never picks it silently', async () => {
      const { step, log } = place({ foreign });
      await expect(perform(step, noMemory())).rejects.toMatchObject({ error: { code: 'CAEP_FOREIGN_RESOURCE' } });
      expect(log).toEqual(['lookup']);
    });

    it('adopts it when a person says so', async () => {
      const { step, log } = place({ foreign });
      const result = await perform(step, noMemory(), true);
      expect(result.resource).toEqual(object('theirs', 'adopted'));
      expect(log).toEqual(['lookup']);
    });
  });
});

describe('an undo', () => {
  const undo = (step: Step, resource?: Resource, ambiguousSince?: number) =>
    undoStep(step, context, { entry: { step: 'dataset', resource } }, { ambiguousSince }, WINDOW);

  it('removes what the step made, and what a lost answer made beside it', async () => {
    const { step, objects } = place({ objects: [object('known'), object('from a lost answer')] });
    expect(await undo(step, object('known'))).toEqual({ outcome: 'undone' });
    expect(objects).toEqual([]);
  });

  it('finds by its marker what was made although no answer came', async () => {
    const { step, objects } = place({ objects: [object('unanswered')], visibleAfter: 2 });
    expect(await undo(step, undefined, Date.now())).toEqual({ outcome: 'undone' });
    expect(objects).toEqual([]);
  });

  it('says "there is none" at once after a clear refusal, and only after the window when in doubt', async () => {
    expect(await undo(place().step)).toEqual({ outcome: 'nothing' });
    const since = Date.now();
    expect(await undo(place().step, undefined, since)).toEqual({ outcome: 'nothing' });
    expect(Date.now() - since).toBeGreaterThanOrEqual(WINDOW.consistencyWindowMs);
  });

  it('never touches what was adopted', async () => {
    const { step, log } = place({ objects: [object('theirs')] });
    expect(await undo(step, object('theirs', 'adopted'))).toEqual({ outcome: 'kept' });
    expect(log).toEqual([]);
  });

  it('names what Adobe has no way to delete', async () => {
    const { step } = place({ objects: [object('set')] });
    const result = await undo({ ...step, remove: () => Promise.resolve('left') }, object('set'));
    expect(result).toMatchObject({ outcome: 'left', id: 'set' });
  });
});
