/** Draws that depend on nothing but the seed. */
import { createRandom } from '../stack/random.js';

export interface Random {
  /** In [0, 1). */
  next(): number;
  chance(probability: number): boolean;
  between(from: number, to: number): number;
  /** A whole number below `limit`. */
  below(limit: number): number;
  pick<T>(choices: readonly [T, ...T[]]): T;
}

export function randomOf(seed: number): Random {
  const next = createRandom(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    next,
    chance: (probability) => next() < probability,
    between: (from, to) => from + next() * (to - from),
    below,
    pick: (choices) => choices[below(choices.length)] ?? choices[0],
  };
}
