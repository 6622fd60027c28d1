/** Each request of each step × each way in which a service can fail: once, and for as long as it lasts. */
import type { Fault } from '../simulator/faults.js';
import type { StepName } from '../src/domain/steps.js';
import { provisionAgain } from './again.js';
import { type Cell, holdAtInlet, waitForHold } from './cell.js';
import { waitForStand, patiently } from './sourceUnderTest.js';
import type { Times } from './stack.js';
import { ADOBE_STEPS, type AdobeStep, INLET_READ, STEP_REQUESTS } from './stepRequests.js';
import { faultsOfGone, faultsOfLive } from './verify.js';

/** Adobe's 60 s gateway, 65 s timeout and 90 s window at a thirtieth; a passing error is held after a few seconds. */
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
const PASSING: readonly Failure[] = [
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
  ...PASSING,
  { what: 'broken JSON', fault: { kind: 'status', status: 200, body: 'malformed' } },
];

/** The call takes effect, and the caller cannot know. */
const WRITES: readonly Failure[] = [
  ...PASSING,
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

export function faultCells(): Cell[] {
  const once = ADOBE_STEPS.flatMap((step) => {
    const { lookup, create, remove, alsoReads = [] } = STEP_REQUESTS[step];
    return [
      ...READS.map((failure) => whileProvisioning('lookup', step, lookup, failure)),
      ...alsoReads.flatMap((route) => READS.map((failure) => whileProvisioning('lookup', step, route, failure))),
      ...CREATES.map((failure) => whileProvisioning('create', step, create, failure)),
      ...READS.map((failure) => whileUndoing('lookup of undo', step, lookup, failure)),
      ...WRITES.map((failure) => whileUndoing('delete of undo', step, remove, failure)),
    ];
  });
  const inlet = READS.map((failure) => whileProvisioning('lookup', 'inlet', INLET_READ, failure));
  const lasting = ADOBE_STEPS.flatMap((step) => [
    lastingWhileProvisioning('lookup', step, STEP_REQUESTS[step].lookup),
    lastingWhileProvisioning('create', step, STEP_REQUESTS[step].create),
    lastingWhileUndoing('lookup of undo', step, STEP_REQUESTS[step].lookup),
    lastingWhileUndoing('delete of undo', step, STEP_REQUESTS[step].remove),
  ]);
  return [...once, ...inlet, ...lasting];
}

function whileProvisioning(operation: string, step: StepName, route: string, failure: Failure): Cell {
  return {
    what: failure.what,
    operation,
    name: `fault / ${failure.what} / ${route} in ${step}`,
    async run(stack, source) {
      await stack.simulator.place(`${source.name}-fault`, {
        match: { sandbox: source.sandbox, route },
        fault: failure.fault,
      });
      if (failure.listsLagMs !== undefined) {
        await stack.simulator.place(`${source.name}-lag`, {
          match: { sandbox: source.sandbox, method: 'GET' },
          fault: { kind: 'stale-list', youngerThanMs: failure.listsLagMs },
          times: 0,
        });
      }
      await source.start();
      await waitForStand(source, ['live'], END_TIMEOUT_MS);
      return { faults: [...(await faultsOfHits(stack, source)), ...(await faultsOfLive(stack, source))] };
    },
  };
}

function whileUndoing(operation: string, step: AdobeStep, route: string, failure: Failure): Cell {
  return {
    what: failure.what,
    operation,
    name: `fault / ${failure.what} / ${route} in undo of ${step}`,
    async run(stack, source) {
      await holdAtInlet(stack, source);
      await stack.simulator.place(`${source.name}-fault`, {
        match: { sandbox: source.sandbox, route },
        fault: failure.fault,
      });
      await patiently(() => source.abort());
      await waitForStand(source, ['failed'], END_TIMEOUT_MS);
      const faults = [...(await faultsOfHits(stack, source)), ...(await faultsOfGone(stack, source))];
      await stack.simulator.remove(`${source.name}-hold`);
      const again = await provisionAgain(stack, source);
      return { ...again, faults: [...faults, ...again.faults] };
    },
  };
}

const LASTING = '503 until a person resumes';

function lastingWhileProvisioning(operation: string, step: AdobeStep, route: string): Cell {
  return {
    what: LASTING,
    operation,
    name: `fault / ${LASTING} / ${route} in ${step}`,
    async run(stack, source) {
      await stack.simulator.place(`${source.name}-fault`, {
        match: { sandbox: source.sandbox, route },
        fault: { kind: 'status', status: 503 },
        times: 0,
      });
      await source.start();
      const hold = await waitForHold(source, 'do', END_TIMEOUT_MS);
      const faults = hold.step === step ? [] : [`held at ${hold.step}, expected ${step}`];
      await stack.simulator.remove(`${source.name}-fault`);
      await patiently(() => source.resume());
      await waitForStand(source, ['live'], END_TIMEOUT_MS);
      return { faults: [...faults, ...(await faultsOfLive(stack, source))] };
    },
  };
}

function lastingWhileUndoing(operation: string, step: AdobeStep, route: string): Cell {
  return {
    what: LASTING,
    operation,
    name: `fault / ${LASTING} / ${route} in undo of ${step}`,
    async run(stack, source) {
      await holdAtInlet(stack, source);
      await stack.simulator.place(`${source.name}-fault`, {
        match: { sandbox: source.sandbox, route },
        fault: { kind: 'status', status: 503 },
        times: 0,
      });
      await patiently(() => source.abort());
      await waitForHold(source, 'undo', END_TIMEOUT_MS);
      await stack.simulator.remove(`${source.name}-fault`);
      await patiently(() => source.resume());
      await waitForStand(source, ['failed'], END_TIMEOUT_MS);
      const faults = await faultsOfGone(stack, source);
      await stack.simulator.remove(`${source.name}-hold`);
      const again = await provisionAgain(stack, source);
      return { ...again, faults: [...faults, ...again.faults] };
    },
  };
}

/** A fault that nothing ran into has proved nothing. */
async function faultsOfHits(stack: Parameters<Cell['run']>[0], source: Parameters<Cell['run']>[1]): Promise<string[]> {
  const hits = (await stack.simulator.hits()).get(`${source.name}-fault`) ?? 0;
  return hits > 0 ? [] : ['no request has met the fault'];
}
