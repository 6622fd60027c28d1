/**
 * Sources go in waves: each is held at a point of its own, one kill meets them all, and after the restart each must come to its
 * end for itself.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../src/domain/messageOf.js';
import type { ChaosStack, Victim } from './stack.js';

/** One source of a wave. Every part may throw: what it says is what is wrong. */
export interface InWave {
  /** For so long after the kill may have an effect what was under way. */
  readonly aftermathMs: number;
  /** Brings it near its point. */
  approach(): Promise<void>;
  /** When all of the wave have come near: on to the point itself. */
  arrive(): Promise<void>;
  /** After the kill: nothing is in the way any more. */
  clear(): Promise<void>;
  /** After the restart: resolves when it has come to its end. */
  end(): Promise<void>;
  /** When nothing can have an effect any more. Answers what is wrong. */
  verify(): Promise<readonly string[]>;
}

export interface WaveResult {
  readonly faults: readonly string[];
  readonly durationMs: number;
}

/** @returns in the order of the wave */
export async function runWave(
  stack: Pick<ChaosStack, 'kill' | 'restart'>,
  victim: Victim,
  wave: readonly InWave[],
  random: () => number,
): Promise<WaveResult[]> {
  const startedAt = performance.now();
  const all = wave.map((one) => ({ one, faults: [] as string[] }));
  const each = async (job: (one: InWave) => Promise<readonly string[]>): Promise<void> => {
    await Promise.all(
      all.map(async ({ one, faults }) => {
        // Once something is wrong the rest tells nothing.
        if (faults.length > 0) return;
        faults.push(...(await job(one).catch((error: unknown) => [messageOf(error)])));
      }),
    );
  };
  const eachDo = (job: (one: InWave) => Promise<void>) => each((one) => job(one).then(() => []));

  const aftermathMs = Math.max(...wave.map((one) => one.aftermathMs));
  await eachDo((one) => one.approach());
  await eachDo((one) => one.arrive());
  await delay(random() * 300);
  await stack.kill(victim);
  const killedAt = performance.now();
  await Promise.all(wave.map((one) => one.clear()));
  await delay(random() * 1_500);
  await stack.restart(victim);
  await eachDo((one) => one.end());
  // What was under way when the kill came has had its effect by now, also behind the product's back.
  await delay(Math.max(killedAt + aftermathMs - performance.now(), 0));
  await each((one) => one.verify());
  return all.map(({ faults }) => ({ faults, durationMs: performance.now() - startedAt }));
}
