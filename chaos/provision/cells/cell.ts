/** A cell of the table that is tried on a stack without killing anything, so that several may run side by side. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../src/domain/messageOf.js';
import type { Hold } from '../../../src/domain/source/source.js';
import type { StepName } from '../../../src/domain/source/steps.js';
import type { CellResult, Report } from '../../stack/result.js';
import { patiently } from '../../stack/patience.js';
import { newSource, type SourceUnderTest, waitForStand } from '../../stack/product/sourceUnderTest.js';
import type { ChaosStack } from '../../stack/product/stack.js';
import { INLET_READ } from '../../stack/product/stepRequests.js';

export interface Cell extends Pick<CellResult, 'what' | 'operation'> {
  /** Several are tried with one source, and hold or fail together. */
  readonly names: readonly string[];
  run(stack: ChaosStack, source: SourceUnderTest): Promise<Pick<CellResult, 'faults' | 'mappingSets'>>;
}

/** Runs the cells, one per sandbox at a time. */
export async function runCells(stack: ChaosStack, cells: readonly Cell[], report: Report): Promise<void> {
  const waiting = [...cells];
  await Promise.all(
    stack.sandboxes.map(async (sandbox) => {
      for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
        for (const result of await runCell(stack, sandbox, cell)) report(result);
      }
    }),
  );
}

async function runCell(stack: ChaosStack, sandbox: string, cell: Cell): Promise<CellResult[]> {
  const startedAt = performance.now();
  const { what, operation, names } = cell;
  const source = await newSource(stack, sandbox);
  const outcome: Awaited<ReturnType<Cell['run']>> = await cell
    .run(stack, source)
    .catch((error: unknown) => ({ faults: [messageOf(error)] }));
  await source.forget();
  await removeRules(stack, source);
  const durationMs = performance.now() - startedAt;
  return names.map((name, index) => ({
    what,
    operation,
    name,
    faults: outcome.faults,
    // One source, one mapping set.
    mappingSets: index === 0 ? outcome.mappingSets : undefined,
    durationMs,
  }));
}

async function removeRules({ simulator }: ChaosStack, { name }: SourceUnderTest): Promise<void> {
  const ids = [...(await simulator.hits()).keys()].filter((id) => id.startsWith(`${name}-`));
  for (const id of ids) await simulator.remove(id);
}

const HELD_TIMEOUT_MS = 120_000;

/** Provisions up to the last step but one and holds there: everything that can be undone stands. */
export async function holdAtInlet(stack: ChaosStack, source: SourceUnderTest): Promise<void> {
  await refuse(stack, source, INLET_READ);
  await source.start();
  await waitForStand(source, ['held'], HELD_TIMEOUT_MS);
}

/** A definitive refusal: the step that meets it holds at once. Ends with {@link permit}. */
export async function refuse({ simulator }: ChaosStack, source: SourceUnderTest, route: string): Promise<void> {
  await simulator.place(`${source.name}-hold`, {
    match: { sandbox: source.sandbox, route },
    fault: { kind: 'status', status: 403 },
    times: 0,
  });
}

export function permit({ simulator }: ChaosStack, source: SourceUnderTest): Promise<void> {
  return simulator.remove(`${source.name}-hold`);
}

const POLL_MS = 300;

/** A hold may follow right after another, so that the phase alone does not tell them apart. */
export async function waitForHold(
  source: SourceUnderTest,
  during: Hold['during'],
  timeoutMs: number,
  step?: StepName,
): Promise<Hold> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const { hold, phase } = await patiently(() => source.state());
    if (hold?.during === during && (step === undefined || hold.step === step)) return hold;
    if (performance.now() > deadline) {
      const where = hold === undefined ? phase : `held at ${hold.step}`;
      throw new Error(`${source.name} is ${where}, expected a hold ${step === undefined ? '' : `at ${step}`}`);
    }
    await delay(POLL_MS);
  }
}
