/** Events per second, from two counts that the forwarder made at different times. */
import type { ForwarderReport } from './ports.js';

export interface Rates {
  readonly takenPerSecond: number;
  readonly acceptedPerSecond: number;
}

/** @returns undefined when nothing was counted between the two looks */
export function ratesBetween(
  before: ForwarderReport | undefined,
  after: ForwarderReport | undefined,
): Rates | undefined {
  if (before?.surveyedAt === undefined || after?.surveyedAt === undefined) return undefined;
  const seconds = (after.surveyedAt - before.surveyedAt) / 1_000;
  if (seconds <= 0) return undefined;
  const perSecond = (count: 'taken' | 'accepted') =>
    Math.round((Math.max(0, after.counters[count] - before.counters[count]) / seconds) * 10) / 10;
  return { takenPerSecond: perSecond('taken'), acceptedPerSecond: perSecond('accepted') };
}
