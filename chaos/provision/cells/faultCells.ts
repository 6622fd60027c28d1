/** Each request of each step × each way in which a service can fail: once, and for as long as it lasts. */
import type { Fault } from '../../../simulator/faults/faults.js';
import { STEP_NAMES, type StepName } from '../../../src/domain/source/steps.js';
import { provisionAgain } from './again.js';
import { type Cell, holdAtInlet, permit, waitForHold } from './cell.js';
import { type SourceUnderTest, waitForStand } from '../../stack/product/sourceUnderTest.js';
import type { ChaosStack } from '../../stack/product/stack.js';
import type { Times } from '../../stack/environment.js';
import { ADOBE_STEPS, INLET_READ, STEP_REQUESTS } from '../../stack/product/stepRequests.js';
import { faultsOfGone, faultsOfLive } from '../../stack/product/verify.js';

/** Adobe's 60 s gateway, 65 s timeout and 90 s window at a thirtieth; a transient error is held after a few seconds. */
export const FAULT_TIMES: Times = {
  requestTimeoutMs: 2_000,
  consistencyWindowMs: 3_000,
  maxAttempts: 7,
  firstRetryDelayMs: 50,
};

const BEYOND_TIMEOUT_MS = 3_500;
/** After the timeout and before the window's end. */
const LANDS_AFTER_MS = 3_500;
const LISTS_LAG_MS = 2_500;
const END_TIMEOUT_MS = 120_000;

interface Failure {
  readonly fault: Fault;
  readonly what: string;
  /** Lists do not show what is new. */
  readonly listsLagMs?: number;
}

/** Whatever the request was for. */
const TRANSIENT: readonly Failure[] = [
  { what: '429', fault: { kind: 'status', status: 429 } },
  { what: '429 with Retry-After', fault: { kind: 'status', status: 429, retryAfter: 1 } },
  { what: '500', fault: { kind: 'status', status: 500 } },
  { what: '503', fault: { kind: 'status', status: 503 } },
  { what: 'HTML page of a proxy (502)', fault: { kind: 'status', status: 502, body: 'html' } },
  { what: 'cut before the effect', fault: { kind: 'cut', effect: 'none' } },
  { what: 'answer after the timeout', fault: { kind: 'slow', ms: BEYOND_TIMEOUT_MS, when: 'after-effect' } },
  { what: 'token revoked', fault: { kind: 'token-revoked' } },
];

const READS: readonly Failure[] = [
  ...TRANSIENT,
  { what: 'broken JSON', fault: { kind: 'status', status: 200, body: 'malformed' } },
];

/** The call takes effect, and the caller cannot know. */
const WRITES: readonly Failure[] = [
  ...TRANSIENT,
  { what: '500, effect done', fault: { kind: 'status', status: 500, effect: 'done' } },
  { what: 'HTML page (504), effect done', fault: { kind: 'status', status: 504, body: 'html', effect: 'done' } },
  { what: 'cut, effect done', fault: { kind: 'cut', effect: 'done' } },
  { what: 'no answer, effect done', fault: { kind: 'hang', effect: 'done' } },
  { what: 'timed out, lands later', fault: { kind: 'accept-late', ms: LANDS_AFTER_MS, connection: 'hang' } },
  { what: 'cut, lands later', fault: { kind: 'accept-late', ms: 2_000, connection: 'cut' } },
];

const CREATES: readonly Failure[] = [
  ...WRITES,
  { what: 'broken JSON, effect done', fault: { kind: 'status', status: 201, body: 'malformed', effect: 'done' } },
  { what: 'cut, effect done, lists lag', fault: { kind: 'cut', effect: 'done' }, listsLagMs: LISTS_LAG_MS },
];

/**
 * A source meets one way of failing at one kind of request, at every step of its own: a cell per step.
 *
 * @param pick which cells are tried, by name; steps that are not meet no fault
 */
export function faultCells(pick: (name: string) => boolean = () => true): Cell[] {
  const lookups: [StepName, string][] = ADOBE_STEPS.map((step) => [step, STEP_REQUESTS[step].lookup]);
  const alsoReads = ADOBE_STEPS.flatMap((step) =>
    (STEP_REQUESTS[step].alsoReads ?? []).map((route): [StepName, string] => [step, route]),
  );
  const creates: [StepName, string][] = ADOBE_STEPS.map((step) => [step, STEP_REQUESTS[step].create]);
  const removes: [StepName, string][] = ADOBE_STEPS.map((step) => [step, STEP_REQUESTS[step].remove]);
  const order = (step: StepName) => STEP_NAMES.indexOf(step);
  const reads = [...lookups, ...alsoReads, ['inlet', INLET_READ] as const].sort(([a], [b]) => order(a) - order(b));
  const groups = [
    ...READS.map((failure) => whileProvisioning({ operation: 'lookup', failure, requests: reads })),
    ...CREATES.map((failure) => whileProvisioning({ operation: 'create', failure, requests: creates })),
    ...READS.map((failure) => whileUndoing({ operation: 'lookup of undo', failure, requests: lookups })),
    ...WRITES.map((failure) => whileUndoing({ operation: 'delete of undo', failure, requests: removes })),
    lastingWhileProvisioning({ operation: 'lookup', failure: LASTING, requests: reads }),
    lastingWhileProvisioning({ operation: 'create', failure: LASTING, requests: creates }),
    lastingWhileUndoing({ operation: 'lookup of undo', failure: LASTING, requests: lookups }),
    lastingWhileUndoing({ operation: 'delete of undo', failure: LASTING, requests: removes }),
  ];
  return groups.flatMap((group) => group(pick));
}

interface Group {
  readonly operation: string;
  readonly failure: Failure;
  readonly requests: readonly (readonly [StepName, string])[];
}

type Run = (stack: ChaosStack, source: SourceUnderTest, chosen: Group['requests']) => ReturnType<Cell['run']>;

const LASTING: Failure = { what: '503 until a person resumes', fault: { kind: 'status', status: 503 } };

const groupOf =
  ({ operation, failure, requests }: Group, run: Run) =>
  (pick: (name: string) => boolean): Cell[] => {
    const nameOf = ([step, route]: readonly [StepName, string]) =>
      `fault / ${failure.what} / ${operation} / ${route} of ${step}`;
    const chosen = requests.filter((request) => pick(nameOf(request)));
    const names = chosen.map(nameOf);
    if (chosen.length === 0) return [];
    return [{ what: failure.what, operation, names, run: (stack, source) => run(stack, source, chosen) }];
  };

const whileProvisioning = (group: Group) =>
  groupOf(group, async (stack, source, chosen) => {
    await placeFaults(stack, source, group.failure, chosen);
    await source.start();
    await waitForStand(source, ['live'], END_TIMEOUT_MS);
    return { faults: [...(await notMet(stack, source, chosen)), ...(await faultsOfLive(stack, source))] };
  });

const whileUndoing = (group: Group) =>
  groupOf(group, async (stack, source, chosen) => {
    await holdAtInlet(stack, source);
    await placeFaults(stack, source, group.failure, chosen);
    await source.abort();
    await waitForStand(source, ['failed'], END_TIMEOUT_MS);
    return goneAndAgain(stack, source, await notMet(stack, source, chosen));
  });

const lastingWhileProvisioning = (group: Group) =>
  groupOf(group, async (stack, source, chosen) => {
    await placeFaults(stack, source, group.failure, chosen, 0);
    await source.start();
    const faults: string[] = [];
    for (const [step, route] of chosen) {
      const hold = await waitForHold(source, 'do', END_TIMEOUT_MS, step);
      if (hold.error.code !== 'CAEP_ADOBE_UNAVAILABLE') faults.push(`${step} is held with ${hold.error.code}`);
      await stack.simulator.remove(faultId(source, route));
      await source.resume();
    }
    await waitForStand(source, ['live'], END_TIMEOUT_MS);
    return { faults: [...faults, ...(await faultsOfLive(stack, source))] };
  });

const lastingWhileUndoing = (group: Group) =>
  groupOf(group, async (stack, source, chosen) => {
    await holdAtInlet(stack, source);
    await placeFaults(stack, source, group.failure, chosen, 0);
    await source.abort();
    // Goes on after an undo that fails: one hold at the end stands for all.
    await waitForHold(source, 'undo', END_TIMEOUT_MS);
    const faults = await notMet(stack, source, chosen);
    for (const [, route] of chosen) await stack.simulator.remove(faultId(source, route));
    await source.resume();
    await waitForStand(source, ['failed'], END_TIMEOUT_MS);
    return goneAndAgain(stack, source, faults);
  });

async function goneAndAgain(stack: ChaosStack, source: SourceUnderTest, before: readonly string[]) {
  const faults = [...before, ...(await faultsOfGone(stack, source))];
  await permit(stack, source);
  const again = await provisionAgain(stack, source);
  return { ...again, faults: [...faults, ...again.faults] };
}

const faultId = ({ name }: SourceUnderTest, route: string) => `${name}-${route}`;

async function placeFaults(
  { simulator }: ChaosStack,
  source: SourceUnderTest,
  { fault, listsLagMs }: Failure,
  chosen: Group['requests'],
  times = 1,
): Promise<void> {
  const { name, sandbox } = source;
  for (const [, route] of chosen) {
    await simulator.place(faultId(source, route), { match: { sandbox, route }, fault, times });
  }
  if (listsLagMs === undefined) return;
  await simulator.place(`${name}-lag`, {
    match: { sandbox, method: 'GET' },
    fault: { kind: 'stale-list', youngerThanMs: listsLagMs },
    times: 0,
  });
}

/** A fault that nothing ran into has proved nothing. */
async function notMet(
  { simulator }: ChaosStack,
  source: SourceUnderTest,
  chosen: Group['requests'],
): Promise<string[]> {
  const hits = await simulator.hits();
  return chosen.flatMap(([, route]) =>
    (hits.get(faultId(source, route)) ?? 0) > 0 ? [] : [`no ${route} has met the fault`],
  );
}
