/**
 * The kill matrix: {worker, Temporal's server, PostgreSQL} × {between two steps, inside each request with an effect} ×
 * {provision, abort, cancel}.
 */
import { provisionAgain } from '../cells/again.js';
import { afterMs, type Approach, atRequest, atWebhookRoutes, inSlowStep, type Operation } from './killApproach.js';
import { provisioningPoints, undoingPoints } from './provisioningPoints.js';
import { shuffled } from '../../stack/random.js';
import type { CellResult } from '../../stack/result.js';
import { newSource, type SourceUnderTest, waitForStand } from '../../stack/product/sourceUnderTest.js';
import { type InWave, runWave } from '../../stack/product/killWave.js';
import type { ChaosStack, Victim } from '../../stack/product/stack.js';
import { ADOBE_STEPS } from '../../stack/product/stepRequests.js';
import { faultsOfCancelled, faultsOfGone, faultsOfLive } from '../../stack/product/verify.js';

export interface KillCell {
  readonly victim: Victim;
  readonly operation: Operation;
  readonly approach: Approach;
  readonly name: string;
  /** It holds a lock that stops every other source: not in a wave with others. */
  readonly alone?: boolean;
}

const RANDOM_MOMENTS = 16;
/** On two busy cores a provisioning takes about as long. */
const LONGEST_PROVISIONING_MS = 6_000;

export function killCells(random: () => number, victims: readonly Victim[]): KillCell[] {
  return victims.flatMap((victim) => {
    const webhookRoutes = atWebhookRoutes();
    const cell = (operation: Operation, approach: Approach, alone = false): KillCell => ({
      victim,
      operation,
      approach,
      alone,
      name: `kill ${victim} / ${operation} / ${approach.name}`,
    });
    return [
      ...provisioningPoints().flatMap((point) =>
        (['provision', 'cancel'] as const).map((operation) => cell(operation, atRequest(point))),
      ),
      ...undoingPoints().map((point) => cell('abort', atRequest(point))),
      ...(['provision', 'cancel'] as const).map((operation) => cell(operation, webhookRoutes, true)),
      // A killed worker does not go on.
      ...(victim === 'worker' ? [] : ADOBE_STEPS.map((step) => cell('provision', inSlowStep(step)))),
      ...Array.from({ length: RANDOM_MOMENTS }, () => cell('provision', afterMs(random() * LONGEST_PROVISIONING_MS))),
    ];
  });
}

/** Cells of one victim in waves, in a random order. */
export function wavesOf(cells: readonly KillCell[], size: number, random: () => number): KillCell[][] {
  const alone = cells.filter((cell) => cell.alone === true);
  const together = shuffled(
    cells.filter((cell) => cell.alone !== true),
    random,
  );
  const waves: KillCell[][] = alone.length === 0 ? [] : [alone];
  for (let from = 0; from < together.length; from += size) waves.push(together.slice(from, from + size));
  return waves;
}

const END_TIMEOUT_MS = 120_000;
const END: Readonly<Record<Operation, string>> = { provision: 'live', abort: 'failed', cancel: 'cancelled' };

const FAULTS_OF = { provision: faultsOfLive, abort: faultsOfGone, cancel: faultsOfCancelled } as const;

/** @param cells of one victim, at most one per sandbox of the stack */
export async function runKillWave(
  stack: ChaosStack,
  victim: Victim,
  cells: readonly KillCell[],
  random: () => number,
): Promise<CellResult[]> {
  const wave = await Promise.all(cells.map((cell, index) => inWave(stack, cell, stack.sandboxes[index] ?? '')));
  const results = await runWave(stack, victim, wave, { random });
  await Promise.all(wave.map(({ source }) => source.forget()));
  return cells.map((cell, index) => ({
    what: `kill ${victim} ${cell.approach.what}`,
    operation: cell.operation,
    name: cell.name,
    mappingSets: wave[index]?.mappingSets(),
    ...(results[index] ?? { faults: ['not tried'], durationMs: 0 }),
  }));
}

interface ProvisionedInWave extends InWave {
  readonly source: SourceUnderTest;
  mappingSets(): CellResult['mappingSets'];
}

async function inWave(stack: ChaosStack, cell: KillCell, sandbox: string): Promise<ProvisionedInWave> {
  const { approach, operation } = cell;
  const source = await newSource(stack, sandbox);
  let mappingSets: CellResult['mappingSets'];
  return {
    source,
    mappingSets: () => mappingSets,
    aftermathMs: approach.aftermathMs,
    approach: () => approach.approach(stack, source, operation),
    arrive: () => approach.arrive(stack, source),
    clear: () => approach.clear(stack, source),
    async end() {
      if (operation === 'cancel') await source.cancel();
      await waitForStand(source, [END[operation]], END_TIMEOUT_MS);
    },
    async verify() {
      const faults = await FAULTS_OF[operation](stack, source);
      if (faults.length > 0 || operation === 'provision') return faults;
      const again = await provisionAgain(stack, source);
      mappingSets = again.mappingSets;
      return again.faults;
    },
  };
}
