/** A cell of the table that is tried on a stack without killing anything, so that several may run side by side. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Hold } from '../src/domain/source.js';
import type { CellResult, Report } from './result.js';
import { newSource, patiently, type SourceUnderTest, waitForStand } from './sourceUnderTest.js';
import type { ChaosStack } from './stack.js';
import { INLET_READ } from './stepRequests.js';

export interface Cell extends Pick<CellResult, 'what' | 'operation' | 'name'> {
  run(stack: ChaosStack, source: SourceUnderTest): Promise<Pick<CellResult, 'faults' | 'mappingSets'>>;
}

/** Runs the cells, one per sandbox at a time. */
export async function runCells(stack: ChaosStack, cells: readonly Cell[], report: Report): Promise<void> {
  const waiting = [...cells];
  await Promise.all(
    stack.sandboxes.map(async (sandbox) => {
      for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
        report(await runCell(stack, sandbox, cell));
      }
    }),
  );
}

async function runCell(stack: ChaosStack, sandbox: string, cell: Cell): Promise<CellResult> {
  const startedAt = performance.now();
  const { what, operation, name } = cell;
  const source = await newSource(stack, sandbox);
  const outcome = await cell
    .run(stack, source)
    .catch((error: unknown) => ({ faults: [error instanceof Error ? error.message : String(error)] }));
  await source.forget();
  await removeRules(stack, source);
  return { what, operation, name, ...outcome, durationMs: performance.now() - startedAt };
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

const POLL_MS = 150;

/** A hold of the undo may follow right after that of the step, so that the phase alone does not tell them apart. */
export async function waitForHold(source: SourceUnderTest, during: Hold['during'], timeoutMs: number): Promise<Hold> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const { hold, phase } = await patiently(() => source.state());
    if (hold?.during === during) return hold;
    if (performance.now() > deadline) throw new Error(`${source.name} is ${phase}, expected a hold`);
    await delay(POLL_MS);
  }
}
