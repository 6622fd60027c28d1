/** What each move is: one command of a person, or what somebody does at Adobe. */
import type { Manifest } from '../../../src/domain/source/manifest.js';
import type { TeardownInput } from '../../../src/domain/source/teardown.js';
import { recreated, repairPlan } from '../../../src/domain/drift/repair.js';
import { CodedError, type ErrorCode } from '../../../src/domain/errors.js';
import type { Underway } from '../../../src/temporal/sources/port.js';
import { waitForStand } from '../../stack/product/sourceUnderTest.js';
import { type MadeByHand, makeByHand } from '../byHand.js';
import { commandFor } from '../commandFor.js';
import type { Subject } from '../operations.js';
import { type Somebody, somebodyElse } from '../somebody.js';
import { waitUntilOver } from '../state/ending.js';
import { AGAIN_AT_MOST, NOT_KNOWN, typed } from '../typed.js';
import { editionsOf } from './editions.js';
import type { Model } from './model.js';
import type { MoveName } from './moves.js';

/** A source on its way through a sequence. */
export interface Walker extends Subject {
  /** Answers because of which a command was typed once more. */
  readonly typedAgain: string[];
  /** What somebody has made in its place, once somebody has. */
  byHand?: MadeByHand;
}

type Command = (walker: Walker, next: Model) => Promise<unknown>;

const LIVE_WITHIN_MS = 120_000;

export const COMMANDS: Readonly<Record<MoveName, Command>> = {
  async provision({ stack, source }, next) {
    const [manifest] = editionsOf(source, undefined).slice(next.edition);
    if (manifest === undefined) throw new Error(`there is no edition ${next.edition}`);
    await stack.sources.start({ v: 1, uid: source.uid, manifest });
    return waitForStand(source, ['live'], LIVE_WITHIN_MS);
  },
  async adopt(walker) {
    const { stack, source } = walker;
    walker.byHand ??= await makeByHand(stack, source);
    const { flowId, manifest } = walker.byHand;
    await stack.sources.start({ v: 1, uid: source.uid, manifest, adoption: { flowId } });
    return waitForStand(source, ['live'], LIVE_WITHIN_MS);
  },
  update: (walker, next) =>
    type(walker, ({ sources }, { name }) => sources.update(name, { manifest: manifestOf(walker, next) })),
  pause: (walker) => type(walker, ({ sources }, { name }) => sources.pause(name, {})),
  'pause with the flow': (walker) =>
    type(walker, ({ sources }, { name }) => sources.pause(name, { disableFlow: true })),
  unpause: (walker) => type(walker, ({ sources }, { name }) => sources.unpause(name, {})),
  // As the command does: it looks, says what is lost, and has that agreed to.
  repair: (walker) =>
    type(walker, async ({ sources }, { name }) => {
      const { drifted } = await (await sources.drift(name, {})).result();
      const { resources } = await sources.state(name);
      return sources.repair(name, { recreate: recreated(repairPlan(drifted, resources)) });
    }),
  'repair without loss': (walker) => type(walker, ({ sources }, { name }) => sources.repair(name, {})),
  teardown: (walker) => tearDown(walker, {}),
  'teardown without waiting': (walker) => tearDown(walker, { noWait: true }),
  'teardown, discarding': (walker, { mayHaveLost }) => tearDown(walker, { discard: true, noWait: mayHaveLost }),
  'teardown with what was adopted': (walker, { mayHaveLost }) =>
    tearDown(walker, { includeAdopted: true, noWait: mayHaveLost }),
  'somebody disables the flow': atFlow((other, sandbox, id) => other.switchFlow(sandbox, id, 'disable')),
  'somebody enables the flow': atFlow((other, sandbox, id) => other.switchFlow(sandbox, id, 'enable')),
  'somebody describes the flow': atFlow((other, sandbox, id) => other.describeFlow(sandbox, id, 'Mine now')),
  'somebody changes the mapping': atFlow((other, sandbox, id) => other.dropMappingRow(sandbox, id, '.chatlio_email')),
  'somebody deletes the flow': atFlow((other, sandbox, id) => other.deleteFlow(sandbox, id)),
  'somebody deletes the flow and its source connection': atFlow(async (other, sandbox, id, ids) => {
    await other.deleteFlow(sandbox, id);
    await other.deleteConnection(sandbox, 'sourceConnections', ids('source-connection'));
  }),
  'somebody deletes the flow and its target connection': atFlow(async (other, sandbox, id, ids) => {
    await other.deleteFlow(sandbox, id);
    await other.deleteConnection(sandbox, 'targetConnections', ids('target-connection'));
  }),
  'somebody renames the dataset': atFlow((other, sandbox, _, ids) =>
    other.renameDataset(sandbox, ids('dataset'), `Renamed ${ids('dataset')}`),
  ),
};

/** What a person types where it is refused; the others are sent as the Temporal UI sends them. */
const WORDS: Readonly<Partial<Record<MoveName, readonly string[]>>> = {
  update: ['update', 'FILE'],
  pause: ['pause', 'NAME'],
  'pause with the flow': ['pause', 'NAME', '--disable-flow'],
  unpause: ['unpause', 'NAME'],
  repair: ['repair', 'NAME', '--yes'],
  teardown: ['teardown', 'NAME', '--yes'],
  'teardown without waiting': ['teardown', 'NAME', '--no-wait', '--yes'],
  'teardown, discarding': ['teardown', 'NAME', '--discard', '--yes'],
  'teardown with what was adopted': ['teardown', 'NAME', '--include-adopted', '--yes'],
};

/** @throws Error when it is not refused, or with something else */
export async function requireRefusal(walker: Walker, name: MoveName, next: Model, code: ErrorCode): Promise<void> {
  const words = WORDS[name];
  const said = words === undefined ? await refusalBy(walker, name, next) : await saidTo(walker, words);
  if (said === undefined) throw new Error(`${name} was not refused`);
  if (!said.includes(`"code":"${code}"`)) throw new Error(`${name} was refused without ${code}: ${said}`);
}

/** What the command has printed where it did not end with 0; once more where that says so. */
async function saidTo(walker: Walker, words: readonly string[]): Promise<string | undefined> {
  for (let times = 0; ; times += 1) {
    const printed = await commandFor(walker, words);
    const again = times === AGAIN_AT_MOST ? undefined : NOT_KNOWN.find((code) => printed?.includes(`"code":"${code}"`));
    if (again === undefined) return printed;
    walker.typedAgain.push(again);
  }
}

async function refusalBy(walker: Walker, name: MoveName, next: Model): Promise<string | undefined> {
  return COMMANDS[name](walker, next).then(
    () => undefined,
    (refusal: unknown) => JSON.stringify(refusal instanceof CodedError ? refusal.error : String(refusal)),
  );
}

function manifestOf({ source, byHand }: Walker, { of, edition }: Model): Manifest {
  const manifest = editionsOf(source, of === 'theirs' ? byHand?.manifest : undefined)[edition];
  if (manifest === undefined) throw new Error(`there is no edition ${edition}`);
  return manifest;
}

/** As a person does who is told to type it again. */
export function type<T>(
  { stack, source, typedAgain }: Walker,
  ask: (stack: Walker['stack'], source: Walker['source']) => Promise<Underway<T>>,
): Promise<T> {
  return typed(() => ask(stack, source), { again: (code) => void typedAgain.push(code) });
}

async function tearDown(walker: Walker, input: TeardownInput): Promise<void> {
  await type(walker, ({ sources }, { name }) => sources.teardown(name, input));
  await waitUntilOver(walker, { endsAs: 'completed' });
}

/** @param act is given the id of the flow in use, and those of the other objects by step */
function atFlow(
  act: (somebody: Somebody, sandbox: string, flowId: string, ids: (step: string) => string) => Promise<void>,
): Command {
  return async ({ stack, source }) => {
    const { resources } = await source.state();
    const ids = new Map(Object.entries(resources).map(([step, { id }]) => [step, id]));
    const idOf = (step: string) => ids.get(step) ?? '';
    await act(somebodyElse(stack), source.sandbox, idOf('flow'), idOf);
  };
}
