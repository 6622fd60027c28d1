/** A small, seeded part of `npm run chaos:life`, which tries the whole of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lifeKills, runLifeWave, wavesOf } from '../../chaos/life/kills/matrix.js';
import { undisturbedAll } from '../../chaos/life/kills/run.js';
import type { Undisturbed } from '../../chaos/life/kills/undisturbed.js';
import { LIFE_OPERATIONS } from '../../chaos/life/operations.js';
import { KILL_SANDBOXES, KILL_TIMES } from '../../chaos/stack/kills/killPoints.js';
import { type ChaosStack, startChaosStack, victimsOn } from '../../chaos/stack/product/stack.js';
import { createRandom } from '../../chaos/stack/random.js';
import type { CellResult } from '../../chaos/stack/result.js';
import { onOfTests } from '../support/on.js';

const SEED = 20_261_130;
const ON = onOfTests();
/** More than the patience with which its processes are started: one that does not start tells why. */
const TIMEOUT_MS = 300_000;

/** Of each kind one. */
const NAMES = ['update', 'update with a new flow', 'repair after the flow was deleted', 'adopt', 'teardown'];
const OPERATIONS = LIFE_OPERATIONS.filter(({ name }) => NAMES.includes(name));

let stack: ChaosStack;
/** Those that went as they should: what is wrong then is not looked for under kills. */
let all: readonly Undisturbed[];
const undisturbed: CellResult[] = [];

beforeAll(async () => {
  stack = await startChaosStack({ times: KILL_TIMES, sandboxCount: KILL_SANDBOXES, on: ON, log: () => undefined });
  all = await undisturbedAll(stack, (result) => undisturbed.push(result), OPERATIONS);
}, TIMEOUT_MS);
afterAll(() => stack.stop(), TIMEOUT_MS);

const failuresIn = (results: readonly CellResult[]) => results.filter(({ faults }) => faults.length > 0);

describe('a live source', () => {
  it('is updated, replaced, repaired, adopted and torn down as it should be, when nothing disturbs', () => {
    expect(failuresIn(undisturbed)).toEqual([]);
    expect(undisturbed.map(({ operation }) => operation).sort()).toEqual([...NAMES].sort());
  });

  it.each(victimsOn(ON).filter((victim) => victim !== 'postgres'))(
    'comes to the same end when its %s is killed under eight operations, and nobody resumes anything',
    async (victim) => {
      const random = createRandom(SEED);
      const kills = lifeKills(all, stack.victims, random).filter((kill) => kill.victim === victim);
      const [wave = []] = wavesOf(kills, KILL_SANDBOXES, random);
      expect(wave).toHaveLength(KILL_SANDBOXES);
      const results = await runLifeWave(stack, wave, { random });
      expect(results).toHaveLength(KILL_SANDBOXES);
      expect(failuresIn(results)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it('and no process ends by itself, no object comes to light later', () => {
    expect([...stack.unexpectedEnds, ...stack.lateObjects]).toEqual([]);
  });
});
