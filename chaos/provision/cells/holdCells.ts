/** A hold at each step, and each way out of it; and what ends a workflow without asking it. */
import type { StepName } from '../../../src/domain/source/steps.js';
import { provisionAgain } from './again.js';
import { type Cell, permit, refuse, waitForHold } from './cell.js';
import { runClient } from '../../stack/commandLine.js';
import { runProvision } from '../commandLine.js';
import { type SourceUnderTest, waitForStand } from '../../stack/product/sourceUnderTest.js';
import type { ChaosStack } from '../../stack/product/stack.js';
import { ADOBE_STEPS, INLET_READ, STEP_REQUESTS } from '../../stack/product/stepRequests.js';
import { faultsOfGone, faultsOfLive, faultsOfTornDown } from '../../stack/product/verify.js';

const TIMEOUT_MS = 120_000;

interface WayOut {
  readonly what: string;
  readonly operation: string;
  /** From held to the end that is wanted; the cause of the hold has gone. Answers what is wrong. */
  readonly leave: (stack: ChaosStack, source: SourceUnderTest) => ReturnType<Cell['run']>;
}

const live = async (stack: ChaosStack, source: SourceUnderTest, faults: readonly string[] = []) => {
  // A command that has failed says best what is wrong.
  if (faults.length > 0) return { faults };
  await waitForStand(source, ['live'], TIMEOUT_MS);
  return { faults: await faultsOfLive(stack, source) };
};

const WAYS_OUT: readonly WayOut[] = [
  {
    what: 'held, resumed from the command line',
    operation: 'provision',
    leave: async (stack, source) => live(stack, source, await runClient(stack, ['resume', source.name])),
  },
  {
    what: 'held, resumed by the update that the Temporal UI sends',
    operation: 'provision',
    async leave(stack, source) {
      await source.resume();
      return live(stack, source);
    },
  },
  {
    what: 'held, terminated, provisioned again',
    operation: 'provision',
    async leave(stack, source) {
      await source.terminate();
      // The command finds the uid of the run before by itself.
      return live(stack, source, await runProvision(stack, source));
    },
  },
  {
    what: 'held, aborted, provisioned again',
    operation: 'abort',
    async leave(stack, source) {
      await source.abort();
      await waitForStand(source, ['failed'], TIMEOUT_MS);
      const faults = await faultsOfGone(stack, source);
      const again = await provisionAgain(stack, source);
      return { ...again, faults: [...faults, ...again.faults] };
    },
  },
  {
    what: 'held, cancelled, provisioned again',
    operation: 'cancel',
    async leave(stack, source) {
      await source.cancel();
      await waitForStand(source, ['cancelled'], TIMEOUT_MS);
      const faults = await faultsOfGone(stack, source);
      const again = await provisionAgain(stack, source);
      return { ...again, faults: [...faults, ...again.faults] };
    },
  },
];

/** Every step whose hold can be brought about at Adobe's side. */
export function holdCells(): Cell[] {
  const refused: [StepName, string][] = [
    ...ADOBE_STEPS.map((step): [StepName, string] => [step, STEP_REQUESTS[step].create]),
    ['inlet', INLET_READ],
  ];
  return WAYS_OUT.flatMap(({ what, operation, leave }) =>
    refused.map(
      ([step, route]): Cell => ({
        what,
        operation,
        names: [`hold / ${what} / ${step}`],
        async run(stack, source) {
          await refuse(stack, source, route);
          await source.start();
          const faults = await faultsOfHold(source, step, 'CAEP_PERMISSION_MISSING');
          await permit(stack, source);
          const outcome = await leave(stack, source);
          return { ...outcome, faults: [...faults, ...outcome.faults] };
        },
      }),
    ),
  );
}

/** The last step writes to PostgreSQL alone. To be run while no other source is being provisioned. */
export function localHoldCells(whileBroken: <T>(stack: ChaosStack, job: () => Promise<T>) => Promise<T>): Cell[] {
  return WAYS_OUT.map(({ what, operation, leave }) => ({
    what,
    operation,
    names: [`hold / ${what} / webhook-routes`],
    async run(stack, source) {
      const faults = await whileBroken(stack, async () => {
        await source.start();
        return faultsOfHold(source, 'webhook-routes', 'CAEP_INTERNAL');
      });
      const outcome = await leave(stack, source);
      return { ...outcome, faults: [...faults, ...outcome.faults] };
    },
  }));
}

async function faultsOfHold(source: SourceUnderTest, step: StepName, code: string): Promise<string[]> {
  const hold = await waitForHold(source, 'do', TIMEOUT_MS);
  const found = `${hold.step} with ${hold.error.code}`;
  return found === `${step} with ${code}` ? [] : [`held at ${found}, expected ${step} with ${code}`];
}

/** What a live source is ended by. */
export function liveCells(): Cell[] {
  return [
    {
      what: 'live, terminated, provisioned again',
      operation: 'provision',
      names: ['live / terminated, provisioned again'],
      async run(stack, source) {
        await source.start();
        await waitForStand(source, ['live'], TIMEOUT_MS);
        await source.terminate();
        return live(stack, source, await runProvision(stack, source));
      },
    },
    {
      what: 'live, cancelled: data stays; provisioned again',
      operation: 'cancel',
      names: ['live / cancelled, provisioned again'],
      async run(stack, source) {
        await source.start();
        await waitForStand(source, ['live'], TIMEOUT_MS);
        await source.cancel();
        await waitForStand(source, ['cancelled'], TIMEOUT_MS);
        const faults = await faultsOfTornDown(stack, source);
        const again = await provisionAgain(stack, source);
        return { ...again, faults: [...faults, ...again.faults] };
      },
    },
  ];
}
