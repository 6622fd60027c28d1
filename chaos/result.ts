/** What the run tries and what came of it: data for the table. */

export interface CellResult {
  /** Rows of the table: what was done to it. */
  readonly what: string;
  /** Columns of the table: to which operation. */
  readonly operation: string;
  readonly name: string;
  /** What is wrong; empty when it held. */
  readonly faults: readonly string[];
  /** Mapping sets left by an undo; absent where nothing was undone. */
  readonly mappingSets?: { readonly left: number; readonly usedAgain: boolean };
  readonly durationMs: number;
}

export type Report = (result: CellResult) => void;

/** A stream of draws from a seed, so that a run can be repeated (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, draw: random() }))
    .sort((a, b) => a.draw - b.draw)
    .map(({ item }) => item);
}
