/** The drain's own view of its lease: whether a request may still begin. */

export interface Clock {
  /** Does not jump, but may stand still while the machine sleeps. */
  readonly monotonicMs: () => number;
  /** Goes on while the machine sleeps, but may jump. */
  readonly wallMs: () => number;
}

export const SYSTEM_CLOCK: Clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };

/** By both clocks. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** A lease counts from the moment *before* the statement that renews it: take it there, keep it once that was answered. */
export function momentOf(clock: Clock): Moment {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
}

/** Our clock may run slower than the database's: the last tenth of a lease is not used. */
const USED_PART = 0.9;

export interface Lease {
  readonly leasedAt: Moment;
  readonly terms: { readonly leaseMs: number };
}

/** Both clocks must say so. */
export function leaseHolds(lease: Lease, now: Moment): boolean {
  return leaseAgeMs(lease, now) < lease.terms.leaseMs * USED_PART;
}

/** Since the last renewal was asked for. */
export function leaseAgeMs({ leasedAt }: Lease, now: Moment): number {
  return Math.max(now.monotonicMs - leasedAt.monotonicMs, now.wallMs - leasedAt.wallMs);
}
