/** Somebody else changes or deletes what an operation is just working on. */
import { CodedError } from '../../../src/domain/errors.js';
import { messageOf } from '../../../src/domain/messageOf.js';
import { SLOW_MS } from '../../stack/kills/killPoints.js';
import { standOf } from '../../stack/product/sourceUnderTest.js';
import type { ChaosStack } from '../../stack/product/stack.js';
import { stepOf, toldOf } from '../../stack/product/objects.js';
import type { Undisturbed } from '../kills/undisturbed.js';
import type { LifeOperation, Subject } from '../operations.js';
import { differencesAtEnd, waitUntilOver } from '../state/ending.js';
import type { Ended, Meeting } from './meeting.js';
import { somebodyElse } from '../somebody.js';

const DESCRIPTION = 'Changed by somebody else';

/** Between the product's read of the flow's etag and its write: the write is slow, and what it says is old when it takes effect. */
export function etagMeetings(all: readonly Undisturbed[]): Meeting[] {
  return all
    .filter(({ points }) => points.some(({ route }) => route === 'flowservice.flows.patch'))
    .map((of) => ({ of, begun: { after: 0 } }))
    .map(({ of, begun }) => ({
      what: 'somebody patches the flow between our read and our write',
      name: `meeting / etag / ${of.operation.name}`,
      of,
      route: 'flowservice.flows.patch',
      fault: { kind: 'slow', ms: SLOW_MS, when: 'before-effect' },
      async happens({ stack, source }, ids) {
        begun.after = await stack.simulator.lastRequest();
        await somebodyElse(stack).describeFlow(source.sandbox, ids['flow'] ?? '', DESCRIPTION);
        return [];
      },
      async verify(subject) {
        await waitUntilOver(subject, of.operation);
        // What the manifest says is so in the end, also where somebody has just said something else.
        return [...(await staleRefused(subject, begun.after)), ...(await differencesAtEnd(subject, of.end))];
      },
    }));
}

/** A meeting that nobody has noticed has proved nothing. */
async function staleRefused({ stack, source }: Subject, after: number): Promise<string[]> {
  const requests = await stack.simulator.requestsAfter(after);
  const isStale = requests.some(
    ({ sandboxName, route, status }) =>
      sandboxName === source.sandbox && route === 'flowservice.flows.patch' && status === 412,
  );
  return isStale ? [] : ['no PATCH was refused for its etag'];
}

const DELETIONS: Readonly<Record<string, (stack: ChaosStack, sandbox: string, id: string) => Promise<void>>> = {
  flow: (stack, sandbox, id) => somebodyElse(stack).deleteFlow(sandbox, id),
  dataset: (stack, sandbox, id) => somebodyElse(stack).deleteDataset(sandbox, id),
};

/** In the operation's first request, and in its first write; of one that changes, in its last write too. */
export function deletionMeetings(all: readonly Undisturbed[]): Meeting[] {
  // What is not made by the product is not known by its state until it is taken over.
  const ofOurs = all.filter(({ operation }) => operation.begin === undefined);
  return ofOurs.flatMap((of) => {
    const writes = of.points.filter(({ name }) => !name.startsWith('before ')).map(({ route }) => route);
    const last = of.operation.endsAs === 'live' ? writes.at(-1) : undefined;
    const routes = new Set([of.points[0]?.route, writes[0], last].filter((route) => route !== undefined));
    return Object.entries(DELETIONS).flatMap(([step, remove]) =>
      [...routes].map(
        (route): Meeting => ({
          what: `somebody deletes the ${step}`,
          name: `meeting / somebody deletes the ${step} at ${route} / ${of.operation.name}`,
          of,
          route,
          fault: { kind: 'slow', ms: SLOW_MS, when: 'before-effect' },
          async happens({ stack, source }, ids) {
            await remove(stack, source.sandbox, ids[step] ?? '');
            return [];
          },
          verify: (subject, ended) => endsTold(subject, ended, { of, step }),
        }),
      ),
    );
  });
}

/**
 * It ends as it can, is refused, or is held, each with an error that says what is wrong. Whatever it was, the source can be torn
 * down then, and nothing stays.
 */
async function endsTold(
  subject: Subject,
  ended: Ended,
  { of: { operation }, step }: { readonly of: Undisturbed; readonly step: string },
): Promise<string[]> {
  const { stack, source } = subject;
  const faults: string[] = [];
  const over = await isOver(subject, operation);
  const { hold } = await source.state();
  if (hold !== undefined) {
    if (hold.error.code === 'CAEP_INTERNAL') faults.push(`held with an error that says nothing: ${told(hold.error)}`);
    // Somebody has to decide, and this is what the hold offers.
    await stack.sources.abort(source.name, { reason: 'somebody has deleted an object' });
    const again = await isOver(subject, operation);
    if (again !== undefined) return [...faults, `after an abort: ${again}`];
  } else if (over !== undefined) return [over];
  else {
    const { refusal } = await ended;
    const code = refusal instanceof CodedError ? refusal.error.code : undefined;
    if (refusal !== undefined && (code === undefined || code === 'CAEP_INTERNAL')) {
      faults.push(`refused with an error that says nothing: ${messageOf(refusal)}`);
    }
  }
  return [...faults, ...(await missingUntold(subject, step)), ...(await tornDown(subject, operation))];
}

/** However it has ended: of what the source has, either everything is there, or it tells what is not. */
async function missingUntold({ stack, source }: Subject, step: string): Promise<string[]> {
  if (standOf(await source.describe()) !== 'live') return [];
  const { drifted } = await (await stack.sources.drift(source.name, {})).result();
  const { resources } = await source.state();
  const id = new Map(Object.entries(resources)).get(step)?.id;
  const isThere = (await stack.simulator.objects(source.sandbox)).some((row) => row.id === id);
  const isTold = drifted.some((row) => row.step === step && row.kind === 'gone' && row.id === id);
  if (isThere !== isTold) return [];
  return [`the ${step} ${id} ${isThere ? 'is there' : 'is gone'}, and drift tells ${told(drifted)}`];
}

/** @returns why it is not */
function isOver(subject: Subject, operation: Pick<LifeOperation, 'endsAs'>): Promise<string | undefined> {
  return waitUntilOver(subject, operation).then(() => undefined, messageOf);
}

function told(error: unknown): string {
  return JSON.stringify(error);
}

async function tornDown(subject: Subject, { name }: Pick<LifeOperation, 'name'>): Promise<string[]> {
  const { stack, source } = subject;
  const { open } = await source.describe();
  if (open) {
    await (await stack.sources.teardown(source.name, { discard: true, noWait: true, deleteData: true })).result();
    await waitUntilOver(subject, { endsAs: 'completed' });
  }
  const left = (await stack.simulator.objects(source.sandbox)).filter(({ id }) => !source.before.has(id));
  const stays = !open && name === 'teardown' ? KEPT_BY_TEARDOWN : ['mapping-set'];
  const tooMany = left.filter((row) => !stays.includes(stepOf(row)));
  if (tooMany.length === 0 && new Set(left.map(stepOf)).size === left.length) return [];
  const { remainders } = await source.state();
  const named = await Promise.all(left.map((row) => toldOf(stack, source.sandbox, row)));
  return [`after the teardown there are ${named.join(', ')}; the workflow names ${told(remainders)}`];
}

/** With its data: one that somebody has deleted is not among them. */
const KEPT_BY_TEARDOWN = ['field-group', 'schema', 'identity-descriptor', 'dataset', 'mapping-set'];
