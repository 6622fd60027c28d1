/** For how long the inlet got nothing around a deploy. Pure. */

export interface Deploy {
  readonly name: string;
  /** From the start of the new workers until the old ones had ended, ms. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Events wait for as long as it is there. */
  readonly isBroken?: boolean;
}

/** What the old workers leave may be felt for so long after they have ended. */
const AFTERMATH_MS = 10_000;

/** @returns the longest time between two events that the inlet has accepted one after the other, of which one lies in the deploy; ms */
export function longestGap({ fromMs, toMs }: Deploy, acceptedAtMs: readonly number[]): number {
  const times = acceptedAtMs.toSorted((a, b) => a - b);
  const end = toMs + AFTERMATH_MS;
  let longest = 0;
  for (const [index, time] of times.entries()) {
    const next = times[index + 1];
    if (next === undefined || next < fromMs || time > end) continue;
    longest = Math.max(longest, next - time);
  }
  return longest;
}
