/**
 * The kill matrix: {worker, Temporal's server, PostgreSQL} × {between two steps, inside each request with an effect} ×
 * {provision, abort, cancel}.
 *
 * Sources go in waves: each is held at a point of its own, one kill meets them all, and after the restart each must come
 * to its end for itself.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  isBoundary,
  type KillPoint,
  parkRule,
  provisioningPoints,
  SLOW_MS,
  strikeRule,
  undoingPoints,
} from './killPoints.js';
import type { CellResult } from './result.js';
import { newSource, patiently, type SourceUnderTest, waitForStand } from './sourceUnderTest.js';
import { type ChaosStack, type Times, type Victim, VICTIMS } from './stack.js';
import { INLET_READ } from './stepRequests.js';
import { faultsOfGone, faultsOfLive } from './verify.js';
import { provisionAgain } from './again.js';

/** Adobe's 60 s gateway, 65 s timeout, 90 s window and 15 s heartbeat, at about a tenth. Attempts: none runs out. */
export const KILL_TIMES: Times = {
  requestTimeoutMs: 6_000,
  consistencyWindowMs: 8_500,
  maxAttempts: 60,
  firstRetryDelayMs: 50,
};

type Operation = 'provision' | 'abort' | 'cancel';

export interface KillCell {
  readonly victim: Victim;
  readonly operation: Operation;
  readonly point: KillPoint;
  readonly name: string;
}

export function killCells(): KillCell[] {
  const operations: [Operation, KillPoint[]][] = [
    ['provision', provisioningPoints()],
    ['abort', undoingPoints()],
    ['cancel', provisioningPoints()],
  ];
  return VICTIMS.flatMap((victim) =>
    operations.flatMap(([operation, points]) =>
      points.map((point) => ({ victim, operation, point, name: `kill ${victim} / ${operation} / ${point.name}` })),
    ),
  );
}

interface InWave {
  readonly cell: KillCell;
  readonly source: SourceUnderTest;
  readonly parkId: string;
  readonly strikeId: string;
}

const PARKED_TIMEOUT_MS = 120_000;
const STRUCK_TIMEOUT_MS = 30_000;
const END_TIMEOUT_MS = 120_000;
const POLL_MS = 50;

/**
 * @param cells of one victim and one operation, at most one per sandbox of the stack
 */
export async function runKillWave(
  stack: ChaosStack,
  cells: readonly KillCell[],
  random: () => number,
): Promise<CellResult[]> {
  const startedAt = performance.now();
  const [first] = cells;
  if (first === undefined) return [];
  const { victim, operation } = first;
  const wave = await Promise.all(
    cells.map(async (cell, index): Promise<InWave> => {
      const source = await newSource(stack, stack.sandboxes[index] ?? '');
      const parkId = `${source.name}-park`;
      return { cell, source, parkId, strikeId: isBoundary(cell.point) ? parkId : `${source.name}-strike` };
    }),
  );
  const faults = new Map<InWave, string[]>(wave.map((one) => [one, []]));
  const each = async (job: (one: InWave) => Promise<readonly string[] | void>): Promise<void> => {
    await Promise.all(
      wave.map(async (one) => {
        if (faults.get(one)?.length !== 0) return;
        await job(one).then(
          (found) => void faults.get(one)?.push(...(found ?? [])),
          (error: unknown) => void faults.get(one)?.push((error as Error).message),
        );
      }),
    );
  };

  await each((one) => park(stack, one));
  await each(({ parkId }) => waitForHit(stack, parkId, PARKED_TIMEOUT_MS));
  await each((one) => release(stack, one));
  await each(({ strikeId }) => waitForHit(stack, strikeId, STRUCK_TIMEOUT_MS));
  await delay(random() * 300);
  await stack.kill(victim);
  const killedAt = performance.now();
  await Promise.all(wave.map((one) => clearRules(stack, one)));
  await delay(random() * 1_500);
  await stack.restart(victim);
  if (operation === 'cancel') await each(({ source }) => source.cancel());
  await each(async ({ source }) => void (await waitForStand(source, [END[operation]], END_TIMEOUT_MS)));
  // What was under way when the kill came has had its effect by now, also behind the product's back.
  await delay(Math.max(killedAt + 2 * SLOW_MS - performance.now(), 0));

  const mappingSets = new Map<InWave, CellResult['mappingSets']>();
  if (operation === 'provision') await each(({ source }) => faultsOfLive(stack, source));
  else {
    await each(({ source }) => faultsOfGone(stack, source));
    await each(async (one) => {
      const again = await provisionAgain(stack, one.source);
      mappingSets.set(one, again.mappingSets);
      return again.faults;
    });
  }
  await Promise.all(wave.map(({ source }) => source.forget()));
  return wave.map((one) => ({
    what: `kill ${victim} ${one.cell.point.what}`,
    operation,
    name: one.cell.name,
    faults: faults.get(one) ?? [],
    mappingSets: mappingSets.get(one),
    durationMs: performance.now() - startedAt,
  }));
}

const END: Readonly<Record<Operation, string>> = { provision: 'live', abort: 'failed', cancel: 'cancelled' };

/** Brings the source to right before its point. */
async function park(stack: ChaosStack, { cell, source, parkId, strikeId }: InWave): Promise<void> {
  const { simulator } = stack;
  const { operation, point } = cell;
  const { sandbox } = source;
  if (operation === 'abort') {
    const noAccess = {
      match: { sandbox, route: INLET_READ },
      fault: { kind: 'status', status: 403 },
      times: 0,
    } as const;
    await simulator.place(`${source.name}-hold`, noAccess);
    await source.start();
    await waitForStand(source, ['held'], PARKED_TIMEOUT_MS);
  }
  await simulator.place(parkId, parkRule(sandbox, point));
  if (!isBoundary(point)) await simulator.place(strikeId, strikeRule(sandbox, point));
  if (operation === 'abort') await patiently(() => source.abort());
  else await source.start();
}

async function release({ simulator }: ChaosStack, { cell, source, parkId, strikeId }: InWave): Promise<void> {
  // Replaced at once, so that no request slips through in between.
  if (isBoundary(cell.point)) await simulator.place(strikeId, strikeRule(source.sandbox, cell.point));
  else await simulator.remove(parkId);
}

async function clearRules({ simulator }: ChaosStack, { cell, source, parkId, strikeId }: InWave): Promise<void> {
  const ids = [parkId, strikeId, ...(cell.operation === 'abort' ? [`${source.name}-hold`] : [])];
  for (const id of ids) await simulator.remove(id).catch(() => undefined);
}

async function waitForHit({ simulator }: ChaosStack, id: string, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (((await simulator.hits()).get(id) ?? 0) === 0) {
    if (performance.now() > deadline) throw new Error(`no request has come to the point (${id})`);
    await delay(POLL_MS);
  }
}
