/** Events per second, from two counts that were made at different times. */
import type { CountedEvents } from '../../domain/events/shownEvents.js';

export interface Rates {
  readonly takenPerSecond: number;
  readonly acceptedPerSecond: number;
}

/** A rate is about the last moments: what nobody has counted since is not told any more. */
const TOLD_FOR_MS = 5_000;

/** @returns undefined when nothing was counted between the two looks */
export function ratesBetween(before: CountedEvents | undefined, after: CountedEvents | undefined): Rates | undefined {
  if (before === undefined || after === undefined) return undefined;
  const seconds = (Date.parse(after.asOf) - Date.parse(before.asOf)) / 1_000;
  if (seconds <= 0) return undefined;
  const perSecond = (count: 'taken' | 'accepted') =>
    Math.round((Math.max(0, after.counters[count] - before.counters[count]) / seconds) * 10) / 10;
  return { takenPerSecond: perSecond('taken'), acceptedPerSecond: perSecond('accepted') };
}

/** @returns undefined when they are out of date, or nothing moves */
export function ratesAt(
  seen: { readonly rates?: Rates; readonly seenAt: number } | undefined,
  now: number,
): Rates | undefined {
  if (seen?.rates === undefined || now - seen.seenAt > TOLD_FOR_MS) return undefined;
  return seen.rates.takenPerSecond + seen.rates.acceptedPerSecond === 0 ? undefined : seen.rates;
}
