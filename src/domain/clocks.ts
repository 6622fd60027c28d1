/** How far two clocks are apart, as far as an exchange of messages can tell. */
import { codedError, sentenceOf } from './errors.js';
import type { Finding } from './source/plan.js';

/** Of another clock to one's own: positive where the other is ahead. */
export interface ClockDifference {
  readonly ms: number;
  /** The truth is at most so far from it. */
  readonly giveOrTakeMs: number;
}

/** An exchange: sent and received by one's own clock, taken and answered by the other's. */
export interface RoundTrip {
  readonly sentAtMs: number;
  readonly takenAtMs: number;
  readonly givenAtMs: number;
  readonly receivedAtMs: number;
}

/** Leases and gates go by the database's clock and are checked by the worker's; more than this makes both slow. */
const TOLERABLE_MS = 2_000;

/** As NTP reckons: both ways count as equally long, so it is wrong by half of what they took at most. */
export function differenceOver({ sentAtMs, takenAtMs, givenAtMs, receivedAtMs }: RoundTrip): ClockDifference {
  return {
    ms: (takenAtMs - sentAtMs + (givenAtMs - receivedAtMs)) / 2,
    giveOrTakeMs: Math.max(0, (receivedAtMs - sentAtMs - (givenAtMs - takenAtMs)) / 2),
  };
}

/** Of `other` to `own`, from what both differ from a third. */
export function differenceBetween(other: ClockDifference, own: ClockDifference): ClockDifference {
  return { ms: other.ms - own.ms, giveOrTakeMs: other.giveOrTakeMs + own.giveOrTakeMs };
}

/** What `doctor` says of it; only where they are certainly too far apart it is a failure. */
export function clockFinding({ ms, giveOrTakeMs }: ClockDifference, other: string): Omit<Finding, 'check'> {
  const skew = `${Math.round(ms)} ms`;
  if (Math.abs(ms) - giveOrTakeMs > TOLERABLE_MS) {
    const { error } = codedError('CAEP_CLOCK_SKEW', { other, skew });
    return { state: 'failed', detail: sentenceOf(error), error };
  }
  const exactness = Math.round(giveOrTakeMs);
  return {
    state: 'ok',
    detail: `${skew} between ${other} and the worker${exactness <= 1 ? '' : `, give or take ${exactness} ms`}`,
  };
}
