/**
 * The kill matrix: {worker, Temporal's server, PostgreSQL} × {between two steps, inside each request with an effect} ×
 * {provision, abort, cancel}.
 *
 * Sources go in waves: each is held at a point of its own, one kill meets them all, and after the restart each must come
 * to its end for itself.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../src/domain/messageOf.js';
import { provisionAgain } from '../cells/again.js';
import { afterMs, type Approach, atRequest, atWebhookRoutes, inSlowStep, type Operation } from './killApproach.js';
import { provisioningPoints, undoingPoints } from './killPoints.js';
import { shuffled } from '../../stack/random.js';
import type { CellResult } from '../result.js';
import { newSource, type SourceUnderTest, waitForStand } from '../sourceUnderTest.js';
import { type ChaosStack, type Victim, VICTIMS } from '../stack.js';
import type { Times } from '../../stack/environment.js';
import { ADOBE_STEPS } from '../stepRequests.js';
import { faultsOfCancelled, faultsOfGone, faultsOfLive } from '../verify.js';

/** Adobe's 60 s gateway, 65 s timeout, 90 s window and 15 s heartbeat, at about a tenth. Attempts: none runs out. */
export const KILL_TIMES: Times = {
  requestTimeoutMs: 6_000,
  consistencyWindowMs: 8_500,
  maxAttempts: 60,
  firstRetryDelayMs: 50,
};

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

export function killCells(random: () => number): KillCell[] {
  return VICTIMS.flatMap((victim) => {
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

interface InWave {
  readonly cell: KillCell;
  readonly source: SourceUnderTest;
  readonly faults: string[];
  mappingSets?: CellResult['mappingSets'];
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
  const startedAt = performance.now();
  const wave = await Promise.all(
    cells.map(async (cell, index): Promise<InWave> => {
      return { cell, source: await newSource(stack, stack.sandboxes[index] ?? ''), faults: [] };
    }),
  );
  const each = async (job: (one: InWave) => Promise<readonly string[]>): Promise<void> => {
    await Promise.all(
      wave.map(async (one) => {
        // Once something is wrong the rest tells nothing.
        if (one.faults.length > 0) return;
        const found = await job(one).catch((error: unknown) => [messageOf(error)]);
        one.faults.push(...found);
      }),
    );
  };
  const eachDo = (job: (one: InWave) => Promise<unknown>) => each((one) => job(one).then(() => []));

  const aftermathMs = Math.max(...cells.map(({ approach }) => approach.aftermathMs));
  await eachDo(({ cell, source }) => cell.approach.approach(stack, source, cell.operation));
  await eachDo(({ cell, source }) => cell.approach.arrive(stack, source));
  await delay(random() * 300);
  await stack.kill(victim);
  const killedAt = performance.now();
  await Promise.all(wave.map(({ cell, source }) => cell.approach.clear(stack, source)));
  await delay(random() * 1_500);
  await stack.restart(victim);
  await eachDo(async ({ cell, source }) => {
    if (cell.operation === 'cancel') await source.cancel();
    await waitForStand(source, [END[cell.operation]], END_TIMEOUT_MS);
  });
  // What was under way when the kill came has had its effect by now, also behind the product's back.
  await delay(Math.max(killedAt + aftermathMs - performance.now(), 0));
  await each(({ cell, source }) => FAULTS_OF[cell.operation](stack, source));
  await each(async (one) => {
    if (one.cell.operation === 'provision') return [];
    const again = await provisionAgain(stack, one.source);
    one.mappingSets = again.mappingSets;
    return again.faults;
  });
  await Promise.all(wave.map(({ source }) => source.forget()));
  return wave.map(({ cell, faults, mappingSets }) => ({
    what: `kill ${victim} ${cell.approach.what}`,
    operation: cell.operation,
    name: cell.name,
    faults,
    mappingSets,
    durationMs: performance.now() - startedAt,
  }));
}
