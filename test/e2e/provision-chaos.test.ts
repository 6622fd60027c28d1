/** A small, seeded part of `npm run chaos:provision`, which tries the whole of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCells } from '../../chaos/provision/cells/cell.js';
import { faultCells } from '../../chaos/provision/cells/faultCells.js';
import { killCells, runKillWave } from '../../chaos/provision/kills/killMatrix.js';
import { KILL_TIMES } from '../../chaos/stack/kills/killPoints.js';
import type { CellResult } from '../../chaos/stack/result.js';
import { createRandom, shuffled } from '../../chaos/stack/random.js';
import { type ChaosStack, startChaosStack, victimsOn } from '../../chaos/stack/product/stack.js';
import { ADOBE_STEPS } from '../../chaos/stack/product/stepRequests.js';
import { onOfTests } from '../support/on.js';

const SEED = 20_261_121;
const ON = onOfTests();
const VICTIMS = victimsOn(ON);
const OPERATIONS = ['provision', 'abort', 'cancel'] as const;
const SOURCES_PER_OPERATION = 2;
const SOURCES_PER_KILL = OPERATIONS.length * SOURCES_PER_OPERATION;
/** Each at all steps of a source. */
const FAILURES = ['cut, effect done, lists lag', '500, effect done', 'cut, lands later'];
const LONGEST_AFTERMATH_MS = 10_000;
/** More than the patience with which its processes are started: one that does not start tells why. */
const STACK_TIMEOUT_MS = 300_000;
const TIMEOUT_MS = 300_000;

let stack: ChaosStack;

beforeAll(async () => {
  stack = await startChaosStack({ times: KILL_TIMES, sandboxCount: SOURCES_PER_KILL, on: ON, log: () => undefined });
}, STACK_TIMEOUT_MS);
afterAll(() => stack.stop(), STACK_TIMEOUT_MS);

const failures = (results: readonly CellResult[]) => results.filter(({ faults }) => faults.length > 0);

describe('one of each object, or none after abort and cancel', () => {
  it.each(VICTIMS)(
    'when the %s is killed under six sources and started again',
    async (victim) => {
      const random = createRandom(SEED + VICTIMS.indexOf(victim));
      const cells = shuffled(killCells(random, VICTIMS), random).filter(
        (cell) => cell.victim === victim && cell.alone !== true && cell.approach.aftermathMs <= LONGEST_AFTERMATH_MS,
      );
      const wave = OPERATIONS.flatMap((operation) =>
        cells.filter((cell) => cell.operation === operation).slice(0, SOURCES_PER_OPERATION),
      );
      const results = await runKillWave(stack, victim, wave, random);
      expect(results).toHaveLength(SOURCES_PER_KILL);
      expect(failures(results)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'when answers are lost',
    async () => {
      const cells = faultCells().filter(({ what }) => FAILURES.includes(what));
      const results: CellResult[] = [];
      await runCells(stack, cells, (result) => results.push(result));
      expect(results).toHaveLength(5 * ADOBE_STEPS.length);
      expect(failures(results)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it('and no process ends by itself, no object comes to light later', () => {
    expect([...stack.unexpectedEnds, ...stack.lateObjects]).toEqual([]);
  });
});
