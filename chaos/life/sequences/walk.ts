/** One source goes through its sequence; after each move what is there is compared with the model. */
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { CodedError } from '../../../src/domain/errors.js';
import { messageOf } from '../../../src/domain/messageOf.js';
import type { Manifest } from '../../../src/domain/source/manifest.js';
import { withDatabase } from '../../stack/database.js';
import { manifestFrom, waitForStand } from '../../stack/product/sourceUnderTest.js';
import { stepOf } from '../../stack/product/verify.js';
import { changedDocument, type Subject } from '../operations.js';
import { waitUntilOver } from '../state/ending.js';
import { typed } from '../typed.js';
import { somebodyElse } from '../somebody.js';
import { AT_FIRST, type Model, type MoveName, type PlannedMove, type Seen, unlike } from './model.js';

export interface Walked {
  readonly moves: number;
  readonly refusals: number;
  readonly faults: readonly string[];
}

const PAUSE_MS = 1_500;

/** @param options.provisioned called when there are new webhook URLs */
export async function walk(
  subject: Subject,
  sequence: readonly PlannedMove[],
  options: { readonly provisioned: () => Promise<void>; readonly log: (line: string) => void },
): Promise<Walked> {
  const { source } = subject;
  let model = AT_FIRST;
  let refusals = 0;
  const told: string[] = [];
  for (const { move, isRefused } of sequence) {
    told.push(isRefused ? `(${move.name})` : move.name);
    const next = isRefused ? model : move.after(model);
    try {
      if (isRefused) await requireRefusal(subject, move.name, next);
      else await make(subject, move.name, next, options.provisioned);
      refusals += isRefused ? 1 : 0;
      model = next;
      const wrong = await unlikeInTime(subject, model);
      if (wrong.length > 0)
        return { moves: told.length, refusals, faults: [`${told.join(' → ')}: ${wrong.join('; ')}`] };
    } catch (error) {
      return { moves: told.length, refusals, faults: [`${told.join(' → ')}: ${messageOf(error)}`] };
    }
    await delay(PAUSE_MS);
  }
  options.log(`${source.name}: ${told.join(' → ')}`);
  return { moves: told.length, refusals, faults: [] };
}

/** What each move is, as one command of a person, or as what somebody does at Adobe. */
const COMMANDS: Readonly<Record<MoveName, (subject: Subject, next: Model) => Promise<unknown>>> = {
  async provision({ stack, source }, next) {
    await stack.sources.start({ v: 1, uid: source.uid, manifest: editionOf({ stack, source }, next.edition) });
    return waitForStand(source, ['live'], LIVE_WITHIN_MS);
  },
  async update(subject, next) {
    const { stack, source } = subject;
    return typed(() => stack.sources.update(source.name, { manifest: editionOf(subject, next.edition) }));
  },
  pause: ({ stack, source }) => typed(() => stack.sources.pause(source.name, {})),
  'pause with the flow': ({ stack, source }) => typed(() => stack.sources.pause(source.name, { disableFlow: true })),
  unpause: ({ stack, source }) => typed(() => stack.sources.unpause(source.name, {})),
  'somebody disables the flow': (subject) => atFlow(subject, 'disable'),
  'somebody enables the flow': (subject) => atFlow(subject, 'enable'),
  async teardown(subject) {
    await typed(() => subject.stack.sources.teardown(subject.source.name, {}));
    return waitUntilOver(subject, { endsAs: 'completed' });
  },
  async 'teardown, discarding'(subject) {
    await typed(() => subject.stack.sources.teardown(subject.source.name, { discard: true }));
    return waitUntilOver(subject, { endsAs: 'completed' });
  },
};

const LIVE_WITHIN_MS = 120_000;

async function make(subject: Subject, name: MoveName, next: Model, provisioned: () => Promise<void>): Promise<void> {
  await COMMANDS[name](subject, next);
  if (name === 'provision') await provisioned();
}

async function requireRefusal(subject: Subject, name: MoveName, next: Model): Promise<void> {
  const refusal = await COMMANDS[name](subject, next).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (refusal === undefined) throw new Error(`${name} was not refused`);
  if (!(refusal instanceof CodedError) || refusal.error.code === 'CAEP_INTERNAL') {
    throw new Error(`${name} was refused with ${messageOf(refusal)}`);
  }
}

async function atFlow({ stack, source }: Subject, op: 'enable' | 'disable'): Promise<void> {
  const { resources } = await source.state();
  await somebodyElse(stack).switchFlow(source.sandbox, resources.flow?.id ?? '', op);
}

const EDITIONS = [0, 1, 2, 3];

/** By what the editions differ in. */
function editionSeen(subject: Subject, manifest: Manifest): number {
  const told = ({ contents, privacy, mapping }: Manifest) => ({ contents, privacy, mapping });
  return EDITIONS.findIndex((edition) => isDeepStrictEqual(told(editionOf(subject, edition)), told(manifest)));
}

/** Once whole chats are kept they are kept. */
function editionOf({ source }: Subject, edition: number): Manifest {
  const whole = changedDocument(source);
  const editions = [
    source.document,
    whole,
    {
      ...whole,
      mapping: [{ destination: 'visitor_location', source: false }],
      privacy: { drop: ['visitor.location'] },
    },
    { ...whole, mapping: [{ destination: 'chatlio_email', expression: 'lower(visitorEmail)' }] },
  ];
  return manifestFrom(editions[edition]);
}

const SEEN_WITHIN_MS = 15_000;
const POLL_MS = 400;

async function unlikeInTime(subject: Subject, model: Model): Promise<string[]> {
  const deadline = performance.now() + SEEN_WITHIN_MS;
  for (;;) {
    const wrong = unlike(model, await seenOf(subject));
    if (wrong.length === 0 || performance.now() > deadline) return wrong;
    await delay(POLL_MS);
  }
}

async function seenOf({ stack, source }: Subject): Promise<Seen> {
  const rows = (await stack.simulator.objects(source.sandbox)).filter(({ id }) => !source.before.has(id));
  const [row] = await withDatabase(stack.databaseUrl, async (client) => {
    const found = await client.query<{ open: boolean; routes: number }>(
      `select gate.open, (select count(*)::int from route where source_id = source.id
                            and (expires_at is null or expires_at > now())) as routes
         from source join gate on gate.source_id = source.id where uid = $1`,
      [source.uid],
    );
    return found.rows;
  });
  const { manifest } = await source.state();
  return {
    edition: editionSeen({ stack, source }, manifest),
    steps: rows.map(stepOf).toSorted(),
    flow: rows.find(({ kind }) => kind === 'flows')?.state,
    gateOpen: row?.open,
    routes: row?.routes ?? 0,
  };
}
