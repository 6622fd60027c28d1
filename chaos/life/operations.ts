/** What is done to a live source, as data: a new operation is a row. */
import type { Manifest } from '../../src/domain/source/manifest.js';
import type { Underway } from '../../src/temporal/sources/port.js';
import { manifestFrom, type SourceUnderTest, waitForStand } from '../stack/product/sourceUnderTest.js';
import type { ChaosStack } from '../stack/product/stack.js';
import { ADOBE_STEPS } from '../stack/product/stepRequests.js';
import { type MadeByHand, makeByHand } from './byHand.js';
import { type Somebody, somebodyElse } from './somebody.js';
import type { Snapshot } from './state/snapshot.js';

export interface Subject {
  readonly stack: ChaosStack;
  readonly source: SourceUnderTest;
}

export interface LifeOperation {
  readonly name: string;
  /** What there is before, in place of a source that is provisioned. */
  begin?(subject: Subject): Promise<void>;
  /** Brings a source that has just become live to where the operation begins. */
  prepare?(subject: Subject): Promise<void>;
  /** One command of a person. Resolves once the workflow has it; asked again, it is the same command once more. */
  ask(subject: Subject, by: string): Promise<Underway<unknown>>;
  /** Where the source stands when it is over: a phase, or how its workflow has ended. */
  readonly endsAs: 'live' | 'completed';
  /** What must be so at the end. Answers what is not. */
  faultsOf(end: Snapshot): string[];
}

/** Beside what the manifest says from the start. */
const CHANGED = {
  contents: 'full',
  xdm: { fields: [{ path: 'chat.page', type: 'string', title: 'Page of the chat' }] },
  mapping: [
    { destination: 'visitor_location', source: false },
    { destination: 'chatlio_email', expression: 'lower(visitorEmail)' },
    { destination: 'chat.page', source: 'visitor.currentPage' },
  ],
} as const;

/** Everywhere the same, as it stands in states and histories that are compared. */
export const ASKED_BY = 'ana';

const ADOPTED_WITHIN_MS = 120_000;
const byHand = new WeakMap<SourceUnderTest, MadeByHand>();

export const LIFE_OPERATIONS: readonly LifeOperation[] = [
  {
    name: 'update',
    ask: ({ stack, source }, by) => stack.sources.update(source.name, { manifest: changedManifest(source), by }),
    endsAs: 'live',
    faultsOf: (end) => [
      ...faultsOfAll(end),
      ...absent(end, 'flow', '"mappingVersion":1'),
      ...absent(end, 'mapping-set', 'lower(visitorEmail)'),
      ...absent(end, 'field-group', 'Page of the chat'),
      ...gateFaults(end, true),
    ],
  },
  ...(['flow', 'dataset'] as const).map(
    (replace): LifeOperation => ({
      name: `update with a new ${replace}`,
      ask: ({ stack, source }, by) =>
        stack.sources.update(source.name, { manifest: changedManifest(source), replace, by }),
      endsAs: 'live',
      faultsOf: (end) => [
        // The one from before stays with its events.
        ...leaves(end, [...ADOBE_STEPS, ...(replace === 'dataset' ? ['dataset'] : [])]),
        ...absent(end, 'flow', '"mappingVersion":1'),
        ...absent(end, 'target-connection', '<dataset>'),
        ...gateFaults(end, true),
      ],
    }),
  ),
  {
    name: 'pause with the flow',
    ask: ({ stack, source }, by) => stack.sources.pause(source.name, { disableFlow: true, by }),
    endsAs: 'live',
    faultsOf: (end) => [...faultsOfAll(end), ...absent(end, 'flow', '"state":"disabled"'), ...gateFaults(end, false)],
  },
  {
    name: 'unpause',
    prepare: async ({ stack, source }) =>
      void (await (await stack.sources.pause(source.name, { disableFlow: true })).result()),
    ask: ({ stack, source }, by) => stack.sources.unpause(source.name, { by }),
    endsAs: 'live',
    faultsOf: (end) => [...faultsOfAll(end), ...absent(end, 'flow', '"state":"enabled"'), ...gateFaults(end, true)],
  },
  {
    name: 'repair of what was changed',
    prepare: (subject) =>
      somebody(subject, async (other, { sandbox }, ids) => {
        await other.describeFlow(sandbox, ids.flow, 'Mine now');
        await other.renameDataset(sandbox, ids.dataset, `Renamed ${ids.dataset}`);
        await other.switchFlow(sandbox, ids.flow, 'disable');
      }),
    ask: ({ stack, source }, by) => stack.sources.repair(source.name, { by }),
    endsAs: 'live',
    faultsOf: (end) => [
      ...faultsOfAll(end),
      ...absent(end, 'flow', '"state":"enabled"'),
      ...absent(end, 'flow', 'chatlio-aep:<name>:<uid>'),
      ...absent(end, 'dataset', '"name":"Chatlio <name>"'),
      ...gateFaults(end, true),
    ],
  },
  {
    name: 'repair after the flow was deleted',
    prepare: (subject) => somebody(subject, (other, { sandbox }, { flow }) => other.deleteFlow(sandbox, flow)),
    ask: ({ stack, source }, by) => stack.sources.repair(source.name, { recreate: ['flow'], by }),
    endsAs: 'live',
    faultsOf: (end) => [...faultsOfAll(end), ...absent(end, 'flow', '"state":"enabled"'), ...gateFaults(end, true)],
  },
  {
    name: 'repair after the dataset was deleted',
    prepare: (subject) => somebody(subject, (other, { sandbox }, { dataset }) => other.deleteDataset(sandbox, dataset)),
    ask: ({ stack, source }, by) =>
      stack.sources.repair(source.name, { recreate: ['dataset', 'target-connection', 'flow'], by }),
    endsAs: 'live',
    faultsOf: (end) => [
      ...faultsOfAll(end),
      ...absent(end, 'target-connection', '<dataset>'),
      ...gateFaults(end, true),
    ],
  },
  {
    name: 'adopt',
    begin: async ({ stack, source }) => void byHand.set(source, await makeByHand(stack, source)),
    async ask({ stack, source }, by) {
      const { flowId, manifest } = byHand.get(source) ?? {};
      if (flowId === undefined || manifest === undefined) throw new Error('nothing was made by hand');
      const { uid, heartbeatTimeoutMs } = source;
      await stack.sources.start({ v: 1, uid, manifest, adoption: { flowId }, by, heartbeatTimeoutMs });
      return { result: () => waitForStand(source, ['live'], ADOPTED_WITHIN_MS) };
    },
    endsAs: 'live',
    faultsOf: (end) => [
      ...leaves(
        end,
        ADOBE_STEPS.filter((step) => step !== 'identity-descriptor'),
      ),
      ...absent(end, 'source-connection', 'chatlio-aep-adopted:<name>:<uid>'),
      ...gateFaults(end, true),
    ],
  },
  {
    name: 'teardown',
    ask: ({ stack, source }, by) => stack.sources.teardown(source.name, { by }),
    endsAs: 'completed',
    faultsOf: (end) => leaves(end, ['field-group', 'schema', 'identity-descriptor', 'dataset', 'mapping-set']),
  },
  {
    name: 'teardown with its data',
    ask: ({ stack, source }, by) => stack.sources.teardown(source.name, { deleteData: true, by }),
    endsAs: 'completed',
    faultsOf: (end) => leaves(end, ['mapping-set']),
  },
];

export function changedDocument({ document }: SourceUnderTest): object {
  return { ...document, ...CHANGED };
}

export function changedManifest(source: SourceUnderTest): Manifest {
  return manifestFrom(changedDocument(source));
}

type Ids = Readonly<Record<'flow' | 'dataset', string>>;

async function somebody(
  { stack, source }: Subject,
  act: (somebody: Somebody, source: SourceUnderTest, ids: Ids) => Promise<void>,
): Promise<void> {
  const { resources } = await source.state();
  await act(somebodyElse(stack), source, { flow: resources.flow?.id ?? '', dataset: resources.dataset?.id ?? '' });
}

function faultsOfAll(end: Snapshot): string[] {
  return leaves(end, ADOBE_STEPS);
}

function leaves({ objects }: Snapshot, steps: readonly string[]): string[] {
  const found = objects.map(({ step }) => step).toSorted();
  const expected = [...steps].toSorted();
  return found.join() === expected.join() ? [] : [`there are ${found.join(', ')}; expected ${expected.join(', ')}`];
}

function absent({ objects }: Snapshot, step: string, text: string): string[] {
  const isSaid = objects.some((one) => one.step === step && JSON.stringify(one.document).includes(text));
  return isSaid ? [] : [`no ${step} says ${text}`];
}

function gateFaults({ store }: Snapshot, isOpen: boolean): string[] {
  const { open, flow } = store.gate ?? {};
  return [
    ...(open === isOpen ? [] : [`the gate is ${isOpen ? 'closed' : 'open'}`]),
    ...(flow === '<flow>' ? [] : [`events go to ${flow ?? 'no flow'}`]),
  ];
}
