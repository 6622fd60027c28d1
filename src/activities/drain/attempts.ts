/**
 * The requests of a drain: how many may run, which have become slow, and whether the destination still takes events.
 *
 * A slot is taken by each running request, by each outcome other than accepted since the last accepted one, and by each
 * slow request until one that was begun after it had become slow is accepted. So an outage of any kind and length finds at
 * most `concurrency` events with an outcome that is not known, and leaves no more exceptions, but for one: when slow
 * requests have taken every slot, a single further request tells whether they alone are slow, or the destination.
 */
import { type DestinationFault, faultOf, IN_A_ROW, type Verdict, verdictOf } from '../../domain/outcomeAccounting.js';
import type { Attempt } from '../../domain/outcomes.js';
import type { LogEvent } from '../../store/bodies.js';
import type { Resend } from '../../store/exceptions.js';
import type { OpenBody } from './body.js';
import type { Lease } from './lease.js';

export type Sendable =
  | { readonly first: LogEvent; readonly resend?: undefined }
  | { readonly resend: Resend; readonly first?: undefined };

/** A request is slow when it is unanswered after this long: its event leaves the window, so that the cursor can pass it. */
const SLOW_AFTER_MS = 2_000;
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
  /** Of those not accepted: never sent, as they could not be read. */
  unreadable(): number;
  /** What the last outcome other than accepted said. */
  lastFact(): string | undefined;
}

interface Running {
  readonly sendable: Sendable;
  /** When the first byte left. */
  begunMs?: number;
  /** Since when. */
  slowMs?: number;
  /** Slow, while the destination takes others: says nothing about it. */
  overtaken: boolean;
  /** Not begun, or not told, by a fault of ours: says nothing about the destination. */
  byUs: boolean;
}

interface Result {
  readonly verdict: Verdict;
  readonly fault?: DestinationFault;
  /** No request was made: says nothing about the destination. */
  readonly unreadable?: true;
}

function resultOf(attempt: Attempt): Result {
  return { verdict: verdictOf(attempt), fault: faultOf(attempt) };
}

function resultOfUnreadable(why: string): Result {
  return { verdict: { kind: 'refused', reason: 'unreadable', fact: `not sent: ${why}` }, unreadable: true };
}

export function createAttempts(deps: {
  readonly concurrency: number;
  readonly lease: Pick<Lease, 'holds'>;
  readonly open: OpenBody;
  readonly post: (body: Buffer, options: { readonly mayStart: () => boolean }) => Promise<Attempt>;
  readonly monotonicMs: () => number;
  /** What the destination said in words: it may quote the event. */
  readonly heard: (sendable: Sendable, said: string) => void;
  readonly answered: (answered: Answered) => void;
  /** A request could not be made, and neither could the next one: the drain has to end. */
  readonly failed: (error: unknown) => void;
}): Attempts {
  const running = new Set<Running>();
  const slow = new Set<Running>();
  /** Slow ones that are not overtaken, in the order in which they have become slow. */
  const holdingSlots = new Set<Running>();
  let probing = false;
  const inARow = Math.min(IN_A_ROW, deps.concurrency);
  let streak = 0;
  let fault: DestinationFault | undefined;
  let accepted = 0;
  let notAccepted = 0;
  let unreadable = 0;
  let lastFact: string | undefined;

  async function run(one: Running): Promise<void> {
    let result: Result;
    try {
      const opened = deps.open(one.sendable);
      result = 'fault' in opened ? resultOfUnreadable(opened.fault) : resultOf(await heard(one, opened.body));
    } catch (error) {
      deps.failed(error);
      result = resultOfFailure(one);
    }
    const { verdict, fault: seen, unreadable: isUnreadable = false } = result;
    if (isUnreadable) unreadable += 1;
    running.delete(one);
    slow.delete(one);
    holdingSlots.delete(one);
    if (verdict.kind === 'accepted') acceptedAt(one.begunMs ?? 0);
    else if (!one.byUs) notTaken(verdict.fact, seen, one.overtaken || isUnreadable);
    deps.answered({ sendable: one.sendable, verdict, wasSlow: one.slowMs !== undefined });
  }

  async function heard(one: Running, body: Buffer): Promise<Attempt> {
    const attempt = await post(one, body);
    if ('said' in attempt && attempt.said !== undefined) deps.heard(one.sendable, attempt.said);
    return attempt;
  }

  function post(one: Running, body: Buffer): Promise<Attempt> {
    return deps.post(body, {
      mayStart() {
        one.byUs = !deps.lease.holds();
        if (!one.byUs) one.begunMs = deps.monotonicMs();
        return !one.byUs;
      },
    });
  }

  function resultOfFailure(one: Running): Result {
    one.byUs = true;
    return {
      verdict:
        one.begunMs === undefined
          ? { kind: 'not-accepted', begun: false, fact: 'not sent: the drain failed' }
          : { kind: 'unknown', fact: 'outcome unknown: the drain failed' },
    };
  }

  function free(): number {
    const left = deps.concurrency - running.size - streak - holdingSlots.size;
    const allSlow = holdingSlots.size === deps.concurrency && streak === 0;
    return allSlow && left === 0 && !probing ? 1 : left;
  }

  function acceptedAt(begunMs: number): void {
    accepted += 1;
    streak = 0;
    probing = false;
    for (const one of holdingSlots) {
      if ((one.slowMs ?? 0) > begunMs) break;
      one.overtaken = true;
      holdingSlots.delete(one);
    }
  }

  function notTaken(fact: string, seen: DestinationFault | undefined, saysNothing: boolean): void {
    notAccepted += 1;
    lastFact = fact;
    fault ??= seen;
    if (saysNothing) return;
    streak += 1;
    if (streak >= inARow)
      fault ??= { stops: 'outage', detail: `${streak} outcomes in a row other than accepted; ${fact}` };
  }

  return {
    free,
    start(sendable) {
      if (holdingSlots.size === deps.concurrency) probing = true;
      const one: Running = { sendable, overtaken: false, byUs: false };
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
        if (one.begunMs === undefined) continue;
        // In the order in which they were started: those after it are younger, give or take a connect.
        if (one.begunMs > before) break;
        one.slowMs = deps.monotonicMs();
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
    unreadable: () => unreadable,
    lastFact: () => lastFact,
  };
}
