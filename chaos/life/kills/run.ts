/** All kills, or a part of them, on one stack. */
import { KILL_TIMES } from '../../stack/kills/killPoints.js';
import { type ChaosStack, resultOfProcesses, startChaosStack } from '../../stack/product/stack.js';
import { createRandom, shuffled } from '../../stack/random.js';
import type { Report } from '../../stack/result.js';
import type { On } from '../../stack/temporal.js';
import { LIFE_OPERATIONS } from '../operations.js';
import { type Phases, sumOfPhases, toldPhases } from '../../stack/product/killWave.js';
import { type LifeKill, lifeKills, runLifeWave, wavesOf } from './matrix.js';
import { type Undisturbed, undisturbed } from './undisturbed.js';

/** At the kill each has one request under way, and the client keeps 16 connections. */
const MOST_IN_A_WAVE = 13;

export interface KillsOptions {
  readonly seed: number;
  readonly only: RegExp;
  /** At most so many, drawn by the seed. */
  readonly kills: number;
  /** So many at a time. */
  readonly wave: number;
  readonly on: On;
  readonly log: (line: string) => void;
}

export async function runKills(options: KillsOptions, report: Report): Promise<void> {
  const { seed, only, kills: most, wave, on, log } = options;
  const startedAt = performance.now();
  const inAWave = Math.max(1, Math.min(wave, MOST_IN_A_WAVE));
  const stack = await startChaosStack({ times: KILL_TIMES, sandboxCount: inAWave, log, on });
  try {
    const random = createRandom(seed);
    const all = await undisturbedAll(stack, report);
    const possible = lifeKills(all, stack.victims, random).filter(({ name }) => only.test(name));
    const kills = shuffled(possible, random).slice(0, most);
    if (kills.length === 0) throw new Error('no kill has such a name');
    log(`${kills.length} of ${possible.length} kills`);
    await runWaves(stack, wavesOf(kills, inAWave, random), { random, log, report });
    report(resultOfProcesses(stack, startedAt));
  } finally {
    await stack.stop();
  }
}

async function runWaves(
  stack: ChaosStack,
  waves: readonly (readonly LifeKill[])[],
  { random, log, report }: { readonly random: () => number; readonly report: Report } & Pick<KillsOptions, 'log'>,
): Promise<void> {
  const startedAt = performance.now();
  const all = waves.flat().length;
  const told: Phases[] = [];
  let [done, failed] = [0, 0];
  for (const wave of waves) {
    const results = await runLifeWave(stack, wave, { random, tell: (phases) => void told.push(phases) });
    results.forEach(report);
    done += results.length;
    failed += results.filter(({ faults }) => faults.length > 0).length;
    const tookMs = performance.now() - startedAt;
    const leftMs = (tookMs / done) * (all - done);
    const ofWave = told.slice(-1).map(toldPhases);
    log(`${done} of ${all} kills, ${failed} failed; ${ofWave.join()}; about ${minutes(leftMs)} min left`);
  }
  log(
    `${done} kills in ${minutes(performance.now() - startedAt)} min, ${waves.length} waves: ${toldPhases(sumOfPhases(told))}`,
  );
}

function minutes(ms: number): string {
  return (ms / 60_000).toFixed(1);
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
