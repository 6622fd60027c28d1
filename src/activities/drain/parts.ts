/** What a drain consists of, put together. */
import type { Attempt } from '../../domain/outcomes.js';
import type { Bell } from '../../store/bell.js';
import type { Claim, PartitionId } from '../../store/claim.js';
import type { Database } from '../../store/database.js';
import type { Gate } from '../../store/gate.js';
import { createAttempts, type Sendable } from './attempts.js';
import { createBackground, createFailure } from './background.js';
import type { OpenBody } from './body.js';
import { createBooking } from './booking.js';
import { createEnding } from './ending.js';
import { createFeed } from './feed.js';
import { createFlushing } from './flushing.js';
import type { Clock, Lease } from './lease.js';
import { createLedger } from './ledger.js';
import { createLinger } from './linger.js';
import { createOutbox } from './outbox.js';
import { createRate } from './rate.js';
import { createRetry } from './retry.js';
import { createShare } from './share.js';
import { createResends } from './resends.js';

/** Answers can be late by a connect before the first byte, and by a flush after the last. */
const ANSWER_MARGIN_MS = 15_000;

export interface LoopOptions {
  readonly mode: 'slice' | 'probe';
  readonly concurrency: number;
  /** To begin with. */
  readonly requestsPerSecond: number;
  /** Shared with the source's other drains. */
  readonly sourceRequestsPerSecond: number;
  readonly requestTimeoutMs: number;
  readonly leaseMs: number;
  /** Asked at each turn: fewer when other drains wait for a slot. */
  readonly shortened: () => { readonly sliceMs: number; readonly lingerMs: number };
  /** After a shutdown was asked for: how long slow requests are waited for. */
  readonly graceMs: number;
}

export interface LoopDependencies {
  readonly database: Database;
  readonly bell: Bell;
  readonly clock: Clock;
  readonly partition: PartitionId;
  readonly claim: Claim;
  readonly lease: Lease;
  /** As read before the claim; another epoch ends the drain. */
  readonly gate: Gate;
  readonly post: (body: Buffer, options: { readonly mayStart: () => boolean }) => Promise<Attempt>;
  readonly open: OpenBody;
  readonly heard: (sendable: Sendable, said: string) => void;
  /** Asked at each turn. */
  readonly stop: () => 'no' | 'stop' | 'shutdown';
  readonly heartbeat: () => void;
  readonly databaseFailed: (error: unknown) => void;
  /** A flush was committed. */
  readonly flushed: (durationMs: number) => void;
}

export function createParts(deps: LoopDependencies, options: LoopOptions, changed: () => void) {
  const { database, clock, partition, claim, lease } = deps;
  const { mode, leaseMs } = options;
  const { monotonicMs } = clock;
  const { fence, claimId, serverSince } = claim;
  const holding = { ...partition, fence, claimId };
  const answerWithinMs = options.requestTimeoutMs + ANSWER_MARGIN_MS;
  const limit = mode === 'probe' ? 1 : Number.POSITIVE_INFINITY;
  const concurrency = Math.min(options.concurrency, limit);

  const ending = createEnding(monotonicMs);
  const failure = createFailure();
  const retry = createRetry({ wanted: () => ending.planned() === undefined, failed: deps.databaseFailed });
  const background = createBackground({ failure, retry, changed });
  const { window, cursorLoggedAt } = claim;
  const feed = createFeed({ database, partition, window, cursorLoggedAt, failure, retry, changed });
  const ledger = createLedger({
    database,
    holding,
    window,
    serverSince,
    lease,
    leaseMs,
    answerWithinMs,
    loggedAtBefore: feed.loggedAtBefore,
    failed(error) {
      deps.databaseFailed(error);
      return ending.planned() === undefined || ending.ageMs() < options.graceMs;
    },
  });
  const booking = createBooking({ holding, ledger, feed, monotonicMs });
  const attempts = createAttempts({
    concurrency,
    lease,
    open: deps.open,
    post: deps.post,
    monotonicMs,
    heard: deps.heard,
    answered(answered) {
      booking.answered(answered);
      changed();
    },
    failed: failure.note,
  });
  const rate = createRate(options.requestsPerSecond, monotonicMs);
  const outbox = createOutbox({ attempts, lease, rate });
  const common = { database, background, ending, outbox, concurrency };
  const flushIfDue = createFlushing({
    ...common,
    partition,
    gateEpoch: deps.gate.epoch,
    leaseMs,
    limit,
    attempts,
    booking,
    failure,
    feed,
    lease,
    ledger,
    monotonicMs,
    flushed: deps.flushed,
    changed,
  });
  const lookForResends =
    mode === 'probe' ? undefined : createResends({ ...common, holding, answerWithinMs, monotonicMs });
  const lookAtShare =
    mode === 'probe'
      ? undefined
      : createShare({ ...common, partition, rate, requestsPerSecond: options.sourceRequestsPerSecond, monotonicMs });
  const linger = createLinger({
    ...common,
    holding,
    mode,
    lingerMs: () => options.shortened().lingerMs,
    feed,
    ledger,
    monotonicMs,
  });
  return {
    holding,
    ending,
    failure,
    background,
    feed,
    ledger,
    booking,
    attempts,
    outbox,
    flushIfDue,
    lookForResends,
    lookAtShare,
    linger,
  };
}
