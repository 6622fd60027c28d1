/** The drain's own view of its lease: whether a request may still begin. */

export interface Clock {
  /** Does not jump, but may stand still while the machine sleeps. */
  readonly monotonicMs: () => number;
  /** Goes on while the machine sleeps, but may jump. */
  readonly wallMs: () => number;
}

export const SYSTEM_CLOCK: Clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };

/** Our clock may run slower than the database's: the last tenth of a lease is not used. */
const USED_PART = 0.9;

export interface Lease {
  /** Both clocks must say so. */
  readonly holds: () => boolean;
  /** Since the last renewal was asked for. */
  readonly ageMs: () => number;
  /** Call it before the statement that renews; `confirm` what it returns once that has been answered. */
  mark(): LeaseMark;
  confirm(mark: LeaseMark): void;
}

export interface LeaseMark {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export function createLease(leaseMs: number, start: LeaseMark, clock: Clock): Lease {
  let renewed = start;
  const age = () => Math.max(clock.monotonicMs() - renewed.monotonicMs, clock.wallMs() - renewed.wallMs);
  return {
    holds: () => age() < leaseMs * USED_PART,
    ageMs: age,
    mark: () => markNow(clock),
    confirm: (mark) => {
      renewed = mark;
    },
  };
}

export function markNow(clock: Clock): LeaseMark {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
}
