/**
 * The requests of a drain: how many may run, which have become slow, and whether the destination still takes events.
 *
 * A slot is taken by each running request, by each outcome other than accepted since the last accepted one, and by each
 * slow request that no later request has overtaken. So after the last accepted event at most `concurrency` more have an
 * outcome that is not known: that is the bound on exceptions after an outage of any kind and length.
 */
import { type DestinationFault, faultOf, IN_A_ROW, type Verdict, verdictOf } from '../../domain/outcomeAccounting.js';
import type { Attempt } from '../../domain/outcomes.js';
import type { LogEvent } from '../../store/bodies.js';
import type { Resend } from '../../store/exceptions.js';
import type { Lease } from './lease.js';

export type Sendable =
  | { readonly first: LogEvent; readonly resend?: undefined }
  | { readonly resend: Resend; readonly first?: undefined };

/** A request is slow when it is unanswered after this long: its event leaves the window, so that the cursor can pass it. */
export const SLOW_AFTER_MS = 2_000;
/** Slow requests that may be open at once. */
export const MAX_SLOW = 1_024;

export interface Answered {
  readonly sendable: Sendable;
  readonly verdict: Verdict;
  /** {@link Attempts.takeSlow} has given it out before. */
  readonly wasSlow: boolean;
}

export interface Attempts {
  /** Requests that may begin now. */
  free(): number;
  start(sendable: Sendable): void;
  /** Not counting slow ones. */
  running(): number;
  slow(): number;
  /** Those that have become slow since the last call. */
  takeSlow(): Sendable[];
  fault(): DestinationFault | undefined;
  accepted(): number;
  notAccepted(): number;
  /** What the last outcome other than accepted said. */
  lastFact(): string | undefined;
}

interface Running {
  readonly sendable: Sendable;
  /** When the first byte left. */
  begunMs?: number;
  slow: boolean;
  withoutLease: boolean;
}

export function createAttempts(deps: {
  readonly concurrency: number;
  readonly lease: Pick<Lease, 'holds'>;
  /** @throws what opening a body throws */
  readonly open: (sendable: Sendable) => Buffer;
  readonly post: (body: Buffer, options: { readonly mayStart: () => boolean }) => Promise<Attempt>;
  readonly monotonicMs: () => number;
  readonly answered: (answered: Answered) => void;
}): Attempts {
  const running = new Set<Running>();
  const slow = new Set<Running>();
  /** Slow ones that no accepted later request has overtaken, in the order in which they have begun. */
  const holdingSlots = new Set<Running>();
  const inARow = Math.min(IN_A_ROW, deps.concurrency);
  let streak = 0;
  let fault: DestinationFault | undefined;
  let accepted = 0;
  let notAccepted = 0;
  let lastFact: string | undefined;

  async function run(one: Running): Promise<void> {
    const attempt = await deps.post(deps.open(one.sendable), {
      mayStart() {
        one.withoutLease = !deps.lease.holds();
        if (!one.withoutLease) one.begunMs = deps.monotonicMs();
        return !one.withoutLease;
      },
    });
    running.delete(one);
    slow.delete(one);
    holdingSlots.delete(one);
    const verdict = verdictOf(attempt);
    if (verdict.kind === 'accepted') acceptedAt(one.begunMs ?? 0);
    else if (!one.withoutLease) notTaken(attempt, verdict.fact);
    deps.answered({ sendable: one.sendable, verdict, wasSlow: one.slow });
  }

  function acceptedAt(begunMs: number): void {
    accepted += 1;
    streak = 0;
    for (const one of holdingSlots) {
      if ((one.begunMs ?? 0) >= begunMs) break;
      holdingSlots.delete(one);
    }
  }

  function notTaken(attempt: Attempt, fact: string): void {
    notAccepted += 1;
    streak += 1;
    lastFact = fact;
    fault ??= faultOf(attempt);
    if (streak >= inARow)
      fault ??= { stops: 'outage', detail: `${streak} outcomes in a row other than accepted; ${fact}` };
  }

  return {
    free: () => deps.concurrency - running.size - streak - holdingSlots.size,
    start(sendable) {
      const one: Running = { sendable, slow: false, withoutLease: false };
      running.add(one);
      void run(one);
    },
    running: () => running.size,
    slow: () => slow.size,
    takeSlow() {
      const before = deps.monotonicMs() - SLOW_AFTER_MS;
      const found: Sendable[] = [];
      for (const one of running) {
        if (slow.size >= MAX_SLOW) break;
        if (one.begunMs === undefined || one.begunMs > before) continue;
        one.slow = true;
        running.delete(one);
        slow.add(one);
        holdingSlots.add(one);
        found.push(one.sendable);
      }
      return found;
    },
    fault: () => fault,
    accepted: () => accepted,
    notAccepted: () => notAccepted,
    lastFact: () => lastFact,
  };
}
