/** Whatever a manifest changes of a live source: once the update is done, the next plan is empty. */
import * as fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { planReport } from '../../src/activities/planning/plan.js';
import { askForPlan, isEmpty, obstaclesTo, type Plan } from '../../src/cli/manifest/planning.js';
import { KINDS } from '../../src/domain/events/kinds.js';
import type { Ask } from '../../src/domain/inquiries.js';
import type { Manifest } from '../../src/domain/source/manifest.js';
import type { SourceState } from '../../src/domain/source/source.js';
import type { UpdateInput, UpdateResult } from '../../src/domain/source/update.js';
import { newSource, withInstallation } from '../activities/installation.js';
import { manifestFixture } from '../support/manifest.js';
import { type Running, withSources } from './sources.js';

vi.setConfig({ testTimeout: 180_000 });

const installation = withInstallation();
const { withSource } = withSources();

type Written = Readonly<Record<string, unknown>>;

interface Change {
  readonly written: Written;
  readonly replace?: UpdateInput['replace'];
}

const words = fc.constantFrom('chats', 'é', 'a b', 'x<y');
const FIELDS = [
  { path: 'vip', type: 'boolean' },
  { path: 'loyalty.tier', type: 'string' },
  { path: 'tags[*]', type: 'string' },
] as const;

/** As a person writes it; what a live source cannot be given is not among it. Fields are only added. */
const change: fc.Arbitrary<Change> = fc.record(
  {
    written: fc.record(
      {
        contents: fc.constantFrom('compact', 'full'),
        xdm: fc.record(
          {
            fieldGroup: fc.record({ title: words.map((word) => `group ${word}`) }),
            schema: fc.record({ title: words.map((word) => `schema ${word}`) }),
            fields: fc.nat({ max: FIELDS.length }).map((count) => FIELDS.slice(0, count)),
          },
          { requiredKeys: ['fields'] },
        ),
        dataset: fc.record({
          name: words,
          tags: fc.dictionary(fc.constantFrom('team', 'cost'), fc.uniqueArray(words, { minLength: 1 })),
        }),
        chatlio: fc.record({
          widgets: fc.uniqueArray(
            fc.record({ key: fc.constantFrom('main-site', 'shop'), kinds: fc.subarray([...KINDS], { minLength: 1 }) }),
            { minLength: 1, selector: ({ key }) => key },
          ),
        }),
        privacy: fc.record({ drop: fc.subarray(['visitor.location', 'visitor.email']) }),
        identity: fc.constant({ field: 'visitorEmail', namespace: 'Email' }),
        concurrency: fc.integer({ min: 1, max: 9 }),
        message: fc.constantFrom('lower(message)', 'upper(message)'),
      },
      { requiredKeys: ['xdm', 'dataset', 'chatlio', 'concurrency'] },
    ),
    replace: fc.constantFrom('flow', 'dataset'),
  },
  { requiredKeys: ['written'] },
);

interface Titled {
  readonly title: string;
}

interface WrittenXdm {
  readonly fieldGroup?: Titled;
  readonly schema?: Titled;
  readonly fields: readonly (typeof FIELDS)[number][];
}

/** What was said once of contents, fields and identity stays: a live source keeps it. */
function following(before: Manifest, { concurrency, message, ...written }: Written): Manifest {
  const { name, sandbox } = before;
  const { fieldGroup, schema, fields } = written['xdm'] as WrittenXdm;
  // Titles are taken by one source only.
  const own = (titled: Titled | undefined) => titled && { title: `${titled.title} of ${name}` };
  const count = Math.max(fields.length, before.xdm.fields?.length ?? 0);
  return manifestFixture({
    name,
    sandbox,
    ...(before.contents === undefined ? {} : { contents: before.contents }),
    ...(before.identity === undefined ? {} : { identity: before.identity }),
    ...written,
    xdm: { fieldGroup: own(fieldGroup), schema: own(schema), fields: FIELDS.slice(0, count) },
    delivery: { settleWindow: '1s', schemaSettleWindow: '1s', concurrency },
    ...(message === undefined ? {} : { mapping: [{ destination: 'message', expression: message }] }),
  });
}

const ask = (question: Ask<'plan'>) =>
  planReport({ ...installation(), minimumSettleWindowMs: 0 }, question.manifest, question);

function plan(running: SourceState, manifest = running.manifest): Promise<Plan> {
  return askForPlan({ ask: ask as never }, manifest, { run: { uid: running.uid }, running });
}

async function carryOut({ handle, state }: Running, { written, replace }: Change): Promise<void> {
  const before = await state();
  const manifest = following(before.manifest, written);
  const planned = await plan(before, manifest);
  const obstacles = obstaclesTo(planned);
  expect(obstacles).toEqual([]);
  const input: UpdateInput = { manifest, ...(replace === undefined ? {} : { replace }) };
  const { changed } = await handle.executeUpdate<UpdateResult, [UpdateInput]>('update', { args: [input] });
  expect(changed).toBe(replace !== undefined || !isEmpty(planned));
  expectEmpty(await plan(await state()));
}

function expectEmpty(planned: Plan): void {
  const { steps, problems, differences } = planned;
  expect({ rows: steps.filter(({ action }) => action !== 'keep'), problems, differences }).toEqual({
    rows: [],
    problems: [],
    differences: undefined,
  });
}

it('after any update the next plan is empty, also while the source is paused', async () => {
  const activities = installation().activities;
  const property = fc.asyncProperty(
    fc.array(change, { minLength: 2, maxLength: 3 }),
    fc.boolean(),
    async (changes, disableFlow) => {
      const { marker, manifest } = newSource({ delivery: { settleWindow: '1s', schemaSettleWindow: '1s' } });
      await withSource(
        { activities },
        async (running) => {
          expectEmpty(await plan(await running.reaches('live')));
          for (const each of changes) await carryOut(running, each);
          await running.handle.executeUpdate('pause', { args: [{ disableFlow }] });
          expectEmpty(await plan(await running.state()));
          await running.handle.executeUpdate('unpause', { args: [{}] });
          expectEmpty(await plan(await running.state()));
        },
        { uid: marker.uid, manifest },
      );
    },
  );
  await expect(fc.assert(property, { numRuns: 4, seed: 11, endOnFailure: true })).resolves.toBeUndefined();
});
