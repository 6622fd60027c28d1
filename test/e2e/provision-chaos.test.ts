/** A small, seeded part of `npm run chaos:provision`, which tries the whole of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCells } from '../../chaos/cell.js';
import { faultCells } from '../../chaos/faultCells.js';
import { KILL_TIMES, killCells, runKillWave, wavesOf } from '../../chaos/killMatrix.js';
import { type CellResult, createRandom, shuffled } from '../../chaos/result.js';
import { type ChaosStack, startChaosStack, VICTIMS } from '../../chaos/stack.js';
import { ADOBE_STEPS } from '../../chaos/stepRequests.js';

/** Draws waves in which each of the three operations occurs. */
const SEED = 1;
const SOURCES_PER_KILL = 6;
const FAULTS = 6;
/** Where the caller cannot know whether the call took effect. */
const LOST = /effect done|lands later/;
const STACK_TIMEOUT_MS = 180_000;
const TIMEOUT_MS = 300_000;

let stack: ChaosStack;

beforeAll(async () => {
  stack = await startChaosStack({ times: KILL_TIMES, sandboxCount: SOURCES_PER_KILL, log: () => undefined });
}, STACK_TIMEOUT_MS);
afterAll(() => stack.stop(), STACK_TIMEOUT_MS);

const failures = (results: readonly CellResult[]) => results.filter(({ faults }) => faults.length > 0);

describe('one of each object, or none after abort and cancel', () => {
  it.each(VICTIMS)(
    'when the %s is killed under six sources and started again',
    async (victim) => {
      const random = createRandom(SEED + VICTIMS.indexOf(victim));
      const cells = killCells(random).filter((cell) => cell.victim === victim && cell.alone !== true);
      const [wave = []] = wavesOf(cells, SOURCES_PER_KILL, random);
      expect(new Set(wave.map(({ operation }) => operation))).toEqual(new Set(['provision', 'abort', 'cancel']));
      const results = await runKillWave(stack, victim, wave, random);
      expect(results).toHaveLength(SOURCES_PER_KILL);
      expect(failures(results)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'when answers are lost',
    async () => {
      const random = createRandom(SEED);
      const cells = shuffled(
        faultCells().filter(({ what }) => LOST.test(what)),
        random,
      ).slice(0, FAULTS);
      const results: CellResult[] = [];
      await runCells(stack, cells, (result) => results.push(result));
      expect(results).toHaveLength(FAULTS * ADOBE_STEPS.length);
      expect(failures(results)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it('and no process ends by itself, no object comes to light later', () => {
    expect([...stack.unexpectedEnds, ...stack.lateObjects]).toEqual([]);
  });
});
