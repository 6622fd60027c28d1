/** The parts of the run that have a stack of their own, and can so run at the same time. */
import { withoutRoutes } from './cells/brokenRoutes.js';
import { type Cell, runCells } from './cells/cell.js';
import { FAULT_TIMES, faultCells } from './cells/faultCells.js';
import { holdCells, liveCells, localHoldCells } from './cells/holdCells.js';
import { KILL_SANDBOXES, KILL_TIMES } from '../stack/kills/killPoints.js';
import { type KillCell, killCells, runKillWave, wavesOf } from './kills/killMatrix.js';
import { createRandom } from '../stack/random.js';
import type { Report } from '../stack/result.js';
import {
  type ChaosStack,
  type ChaosStackOptions,
  resultOfProcesses,
  startChaosStack,
  type Victim,
  victimsOn,
} from '../stack/product/stack.js';
import type { On } from '../stack/temporal.js';

export interface Lane {
  readonly name: string;
  readonly cellCount: number;
  run(report: Report, log: (line: string) => void): Promise<void>;
}

const FAULT_SANDBOXES = 10;

/** @param pick which cells are tried, by name */
export function lanesOf(seed: number, pick: (name: string) => boolean, on: On): Lane[] {
  const victims = victimsOn(on);
  const chosen = killCells(createRandom(seed), victims).filter(({ name }) => pick(name));
  const lanes = [...victims.map((victim, index) => killLane(victim, chosen, seed + index, on)), faultLane(pick, on)];
  return lanes.filter(({ cellCount }) => cellCount > 0);
}

function killLane(victim: Victim, chosen: readonly KillCell[], seed: number, on: On): Lane {
  const cells = chosen.filter((cell) => cell.victim === victim);
  return {
    name: `kill ${victim}`,
    cellCount: cells.length,
    run: (report, log) =>
      onStack({ times: KILL_TIMES, sandboxCount: KILL_SANDBOXES, log, on }, report, async (stack) => {
        const random = createRandom(seed);
        for (const wave of wavesOf(cells, KILL_SANDBOXES, random)) {
          for (const result of await runKillWave(stack, victim, wave, random)) report(result);
        }
      }),
  };
}

function faultLane(pick: (name: string) => boolean, on: On): Lane {
  const chosen = (cells: readonly Cell[]) => cells.filter(({ names }) => names.every(pick));
  const together = [...faultCells(pick), ...chosen([...holdCells(), ...liveCells()])];
  const local = chosen(localHoldCells(withoutRoutes));
  return {
    name: 'faults and holds',
    cellCount: [...together, ...local].reduce((sum, { names }) => sum + names.length, 0),
    run: (report, log) =>
      onStack({ times: FAULT_TIMES, sandboxCount: FAULT_SANDBOXES, log, on }, report, async (stack) => {
        await runCells(stack, together, report);
        for (const cell of local) await runCells({ ...stack, sandboxes: stack.sandboxes.slice(0, 1) }, [cell], report);
      }),
  };
}

async function onStack(
  options: ChaosStackOptions,
  report: Report,
  job: (stack: ChaosStack) => Promise<void>,
): Promise<void> {
  const startedAt = performance.now();
  const stack = await startChaosStack(options);
  try {
    await job(stack);
    report(resultOfProcesses(stack, startedAt));
  } finally {
    await stack.stop();
  }
}
