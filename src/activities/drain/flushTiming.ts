/** When a flush is worth its commit, and how much it may intend. */

/** An outcome is recorded after this long at the latest, so that a crash leaves little unknown. */
const RECORD_WITHIN_MS = 100;

export interface FlushFacts {
  readonly concurrency: number;
  readonly leaseMs: number;
  /** Events that could be intended. */
  readonly room: number;
  /** Intended, and no request begun. */
  readonly ready: number;
  /** Requests that are answered soon. */
  readonly running: number;
  readonly unrecorded: number;
  readonly unrecordedForMs: number;
  readonly fenceHeld: boolean;
  readonly leaseAgeMs: number;
}

export function isFlushDue(facts: FlushFacts): boolean {
  const { concurrency, ready, unrecorded } = facts;
  const runsDry = facts.room > 0 && ready <= concurrency / 4;
  const nothingElseRuns = facts.running === 0 && ready === 0;
  const waitsLong = nothingElseRuns || facts.unrecordedForMs > RECORD_WITHIN_MS;
  const leaseAges = facts.fenceHeld && facts.leaseAgeMs > facts.leaseMs / 3;
  return runsDry || unrecorded >= concurrency || (unrecorded > 0 && waitsLong) || leaseAges;
}

export interface RoomFacts {
  readonly concurrency: number;
  readonly undecided: number;
  readonly available: number;
  /** Of a probe: what is left of its one event. */
  readonly left: number;
}

/** Undecided events are bounded to twice the concurrency. */
export function roomToIntend({ concurrency, undecided, available, left }: RoomFacts): number {
  return Math.max(0, Math.min(2 * concurrency - undecided, left, available));
}
