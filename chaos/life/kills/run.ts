/** All kills, or a part of them, on one stack. */
import { KILL_TIMES } from '../../stack/kills/killPoints.js';
import { type ChaosStack, resultOfProcesses, startChaosStack } from '../../stack/product/stack.js';
import { createRandom, shuffled } from '../../stack/random.js';
import type { Report } from '../../stack/result.js';
import { LIFE_OPERATIONS } from '../operations.js';
import { lifeKills, runLifeWave, wavesOf } from './matrix.js';
import { type Undisturbed, undisturbed } from './undisturbed.js';

/** At the kill each has one request under way, and the client keeps 16 connections. */
const IN_A_WAVE = 12;

export interface KillsOptions {
  readonly seed: number;
  readonly only: RegExp;
  /** At most so many, drawn by the seed. */
  readonly kills: number;
  readonly log: (line: string) => void;
}

export async function runKills({ seed, only, kills: most, log }: KillsOptions, report: Report): Promise<void> {
  const startedAt = performance.now();
  const stack = await startChaosStack({ times: KILL_TIMES, sandboxCount: IN_A_WAVE, log });
  try {
    const random = createRandom(seed);
    const all = await undisturbedAll(stack, report);
    const possible = lifeKills(all, random).filter(({ name }) => only.test(name));
    const kills = shuffled(possible, random).slice(0, most);
    if (kills.length === 0) throw new Error('no kill has such a name');
    log(`${kills.length} of ${possible.length} kills`);
    for (const wave of wavesOf(kills, IN_A_WAVE, random)) {
      for (const result of await runLifeWave(stack, wave, random)) report(result);
    }
    report(resultOfProcesses(stack, startedAt));
  } finally {
    await stack.stop();
  }
}

/** Each operation without a kill: what is wrong then is not looked for under kills. */
export async function undisturbedAll(
  stack: ChaosStack,
  report: Report,
  operations = LIFE_OPERATIONS,
): Promise<Undisturbed[]> {
  const startedAt = performance.now();
  const { sandboxes } = stack;
  const lanes = sandboxes.map(async (sandbox, lane) => {
    const found: Undisturbed[] = [];
    for (const [index, operation] of operations.entries()) {
      if (index % sandboxes.length === lane) found.push(await undisturbed(stack, sandbox, operation));
    }
    return found;
  });
  const all = (await Promise.all(lanes)).flat();
  for (const { operation, faults } of all) {
    const durationMs = performance.now() - startedAt;
    report({
      what: 'not disturbed',
      operation: operation.name,
      name: `not disturbed / ${operation.name}`,
      faults,
      durationMs,
    });
  }
  return all.filter(({ faults }) => faults.length === 0);
}
