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
  /** Brings it to where it begins. */
  begin?(): Promise<void>;
  /** When all of the wave have begun: near its point. Soon, as each attempt that is turned away there is waited after for longer. */
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
  /** From the kill until it was over, with the restart. */
  readonly durationMs: number;
}

/** In their order. */
const PHASES = ['begun', 'near', 'there', 'killed', 'back', 'over', 'settled', 'looked at'] as const;

/** How long a wave has taken until all of it were, ms. */
export type Phases = Readonly<Record<(typeof PHASES)[number], number>>;

/**
 * @param tell called when the wave is over
 * @returns in the order of the wave
 */
export async function runWave(
  stack: Pick<ChaosStack, 'kill' | 'restart'>,
  victim: Victim,
  wave: readonly InWave[],
  { random, tell }: { readonly random: () => number; readonly tell?: (phases: Phases) => void },
): Promise<WaveResult[]> {
  const startedAt = performance.now();
  const ends: number[] = [startedAt];
  const phase = async (work: Promise<unknown>): Promise<void> => {
    await work;
    ends.push(performance.now());
  };
  const all = wave.map((one) => ({ one, faults: [] as string[], overAt: startedAt }));
  const each = (job: (member: (typeof all)[number]) => Promise<readonly string[]>): Promise<unknown> =>
    Promise.all(
      all.map(async (member) => {
        // Once something is wrong the rest tells nothing.
        if (member.faults.length > 0) return;
        member.faults.push(...(await job(member).catch((error: unknown) => [messageOf(error)])));
      }),
    );
  const eachDo = (job: (one: InWave) => Promise<void>) => each(({ one }) => job(one).then(() => []));

  const aftermathMs = Math.max(...wave.map((one) => one.aftermathMs));
  await phase(eachDo(async (one) => one.begin?.()));
  await phase(eachDo((one) => one.approach()));
  await phase(eachDo((one) => one.arrive()));
  await delay(random() * 300);
  await phase(stack.kill(victim));
  const killedAt = performance.now();
  await Promise.all(wave.map((one) => one.clear()));
  await delay(random() * 1_500);
  await phase(stack.restart(victim));
  await phase(
    each(async (member) => {
      await member.one.end().finally(() => (member.overAt = performance.now()));
      return [];
    }),
  );
  // What was under way when the kill came has had its effect by now, also behind the product's back.
  await phase(delay(Math.max(killedAt + aftermathMs - performance.now(), 0)));
  await phase(each(({ one }) => one.verify()));
  tell?.(phasesOf(ends));
  return all.map(({ faults, overAt }) => ({ faults, durationMs: Math.max(overAt - killedAt, 0) }));
}

function phasesOf(ends: readonly number[]): Phases {
  return Object.fromEntries(
    PHASES.map((name, index) => [name, (ends[index + 1] ?? 0) - (ends[index] ?? 0)]),
  ) as unknown as Phases;
}

/** `near 8.1 s, there 1.2 s, …` */
export function toldPhases(phases: Phases): string {
  return PHASES.map((name) => `${name} ${(phases[name] / 1_000).toFixed(1)} s`).join(', ');
}

export function sumOfPhases(waves: readonly Phases[]): Phases {
  return Object.fromEntries(
    PHASES.map((name) => [name, waves.reduce((sum, phases) => sum + phases[name], 0)]),
  ) as unknown as Phases;
}
