/** The drain's loop: intends, sends, records, until there is a reason to end. */
import type { DrainEnd } from '../../domain/forwarder.js';
import type { Attempt } from '../../domain/outcomes.js';
import type { Bell } from '../../store/bell.js';
import { answerWake, type Claim, markIdle, type PartitionId, releaseClaim } from '../../store/claim.js';
import type { Database } from '../../store/database.js';
import { claimResends, expireUnanswered } from '../../store/exceptions.js';
import { type Gate, readGate } from '../../store/gate.js';
import { type Answered, createAttempts, type Sendable } from './attempts.js';
import { createChange } from './change.js';
import { createFeed, type Taken } from './feed.js';
import type { Clock, Lease } from './lease.js';
import { createLedger } from './ledger.js';
import { createRate } from './rate.js';

/** The loop looks at its clocks at least this often. */
const TICK_MS = 25;
/** An outcome is recorded after this long at the latest, so that a crash leaves little unknown. */
const RECORD_WITHIN_MS = 100;
/** How often due resends and unanswered attempts are looked for. */
const EXCEPTIONS_EVERY_MS = 2_000;
const RESENDS_AT_ONCE = 16;
/** Answers can be late by a connect before the first byte, and by a flush after the last. */
const ANSWER_MARGIN_MS = 15_000;

export interface LoopOptions {
  readonly mode: 'slice' | 'probe';
  readonly concurrency: number;
  readonly requestsPerSecond: number;
  readonly requestTimeoutMs: number;
  readonly leaseMs: number;
  readonly sliceMs: number;
  readonly lingerMs: number;
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
  readonly open: (sendable: Sendable) => Buffer;
  /** Asked at each turn. */
  readonly stop: () => 'no' | 'stop' | 'shutdown';
  readonly heartbeat: () => void;
  readonly databaseFailed: (error: unknown) => void;
}

export interface LoopResult {
  readonly end: DrainEnd;
  readonly accepted: number;
  readonly notAccepted: number;
}

/** What the loop is about to end with. `withdraw`: intents that were not begun are taken back. */
interface Ending {
  readonly end: DrainEnd;
  readonly withdraw: boolean;
  readonly waitForSlow: boolean;
}

export async function runLoop(deps: LoopDependencies, options: LoopOptions): Promise<LoopResult> {
  const { database, clock, partition, claim, lease } = deps;
  const holding = { ...partition, fence: claim.fence };
  const answerWithinMs = options.requestTimeoutMs + ANSWER_MARGIN_MS;
  const change = createChange();
  const startedMs = clock.monotonicMs();
  const limit = options.mode === 'probe' ? 1 : Number.POSITIVE_INFINITY;
  const concurrency = Math.min(options.concurrency, limit);

  let ending: Ending | undefined;
  let failure: Error | undefined;
  let intendedEvents = 0;
  /** Committed intents whose request has not begun. */
  let ready: Sendable[] = [];
  let oldestUnrecordedMs = 0;
  let endingSinceMs = 0;
  let exceptionsLookedAtMs = Number.NEGATIVE_INFINITY;
  let background: Promise<unknown> | undefined;
  let lingerSinceMs: number | undefined;
  let rung = false;

  const feed = createFeed({
    database,
    partition,
    window: claim.window,
    cursorLoggedAt: claim.cursorLoggedAt,
    changed: change.happened,
  });
  const ledger = createLedger({
    database,
    holding,
    window: claim.window,
    lease,
    leaseMs: options.leaseMs,
    answerWithinMs,
    loggedAtBefore: feed.loggedAtBefore,
    failed(error) {
      deps.databaseFailed(error);
      return ending === undefined || clock.monotonicMs() - endingSinceMs < options.graceMs;
    },
  });
  const rate = createRate(options.requestsPerSecond, clock.monotonicMs);
  const attempts = createAttempts({
    concurrency,
    lease,
    open: deps.open,
    post: deps.post,
    monotonicMs: clock.monotonicMs,
    answered(answered) {
      bookAnswer(answered);
      change.happened();
    },
  });

  function bookAnswer({ sendable, verdict, wasSlow }: Answered): void {
    if (ledger.unrecorded() === 0) oldestUnrecordedMs = clock.monotonicMs();
    if (sendable.resend !== undefined) {
      const { exceptionId, attempt } = sendable.resend;
      ledger.bookLate({ ...partition, of: { exceptionId }, attempt, verdict });
    } else if (wasSlow) {
      ledger.bookLate({ ...partition, of: { seq: sendable.first.seq }, attempt: 1, verdict });
    } else {
      ledger.book(sendable.first, verdict);
      if (verdict.kind === 'not-accepted') feed.putBack({ events: [sendable.first], absent: [] });
    }
  }

  function endWith(end: DrainEnd, how: { readonly withdraw: boolean; readonly waitForSlow?: boolean }): void {
    if (ending !== undefined && (ending.withdraw || !how.withdraw)) return;
    ending = { end, withdraw: how.withdraw, waitForSlow: how.waitForSlow ?? false };
    endingSinceMs = clock.monotonicMs();
  }

  /** Runs beside the loop, one thing at a time; its failure ends the drain. */
  function inBackground(work: () => Promise<unknown>): void {
    background = work()
      .catch((error: unknown) => {
        failure ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        background = undefined;
        change.happened();
      });
  }

  function lookForReasonsToEnd(): void {
    const stop = deps.stop();
    const fault = attempts.fault();
    if (stop !== 'no') endWith({ kind: 'stopped' }, { withdraw: true, waitForSlow: stop === 'shutdown' });
    else if (options.mode === 'probe') lookAtProbe();
    else if (fault !== undefined) endWith({ kind: 'fault', fault }, { withdraw: true });
    else if (!ledger.fenceHeld()) endWith({ kind: 'stopped' }, { withdraw: true });
    else if (clock.monotonicMs() - startedMs > options.sliceMs) endWith({ kind: 'slice' }, { withdraw: false });
  }

  function lookAtProbe(): void {
    if (attempts.accepted() + attempts.notAccepted() === 0) return;
    const accepted = attempts.accepted() > 0;
    const detail = attempts.fault()?.detail ?? attempts.lastFact() ?? '';
    endWith({ kind: 'probed', accepted, detail }, { withdraw: true });
  }

  function bookSlow(): void {
    for (const sendable of attempts.takeSlow()) {
      if (sendable.first !== undefined) ledger.book(sendable.first, { kind: 'in-flight' });
    }
  }

  function startRequests(): void {
    while (ready.length > 0 && attempts.free() > 0 && lease.holds() && rate.take()) {
      const next = ready.shift();
      if (next !== undefined) attempts.start(next);
    }
  }

  function withdrawReady(): void {
    const verdict = { kind: 'not-accepted', begun: false, fact: 'not sent: the drain ended' } as const;
    for (const sendable of ready) bookAnswer({ sendable, verdict, wasSlow: false });
    ready = [];
  }

  /** How many events the next flush may intend: undecided ones are bounded to twice the concurrency. */
  function room(): number {
    if (ending !== undefined || failure !== undefined) return 0;
    const undecided = ready.length + attempts.running();
    return Math.max(0, Math.min(2 * concurrency - undecided, limit - intendedEvents, feed.available()));
  }

  function flushIfDue(): void {
    if (ledger.flushing()) return;
    const wanted = room();
    const waitedMs = ledger.unrecorded() === 0 ? 0 : clock.monotonicMs() - oldestUnrecordedMs;
    const nothingElseRuns = attempts.running() === 0 && ready.length === 0;
    const due =
      (wanted > 0 && ready.length <= concurrency / 4) ||
      ledger.unrecorded() >= concurrency ||
      (ledger.unrecorded() > 0 && (nothingElseRuns || waitedMs > RECORD_WITHIN_MS)) ||
      (ledger.fenceHeld() && lease.ageMs() > options.leaseMs / 3);
    if (!due) return;
    flushWith(feed.take(wanted))
      .catch((error: unknown) => {
        failure ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(change.happened);
  }

  async function flushWith(taken: Taken): Promise<void> {
    const answer = await ledger.flush(taken);
    if (!answer.held || !answer.granted) feed.putBack(taken);
    else {
      intendedEvents += taken.events.length;
      ready.push(...taken.events.map((first) => ({ first })));
    }
    if (!answer.held) return;
    if (answer.handoverAsked) endWith({ kind: 'stopped' }, { withdraw: true });
    if (answer.epoch !== undefined && answer.epoch !== deps.gate.epoch) endAtGate();
    else if (!answer.granted && taken.events.length > 0) endAtGateIfClosed();
  }

  /** Closed, or closed and opened again: the flow may be another one, so nothing of ours may begin any more. */
  function endAtGate(): void {
    endWith({ kind: 'slice' }, { withdraw: true });
  }

  /** Not granted for another reason: our lease had lapsed, and this very flush has renewed it. */
  function endAtGateIfClosed(): void {
    if (background !== undefined) return;
    inBackground(async () => {
      const gate = await readGate(database, partition.sourceId);
      if (gate?.opensInMs !== 0) endAtGate();
    });
  }

  function lookAtExceptions(): void {
    const now = clock.monotonicMs();
    if (options.mode === 'probe' || ending !== undefined || background !== undefined) return;
    if (now - exceptionsLookedAtMs < EXCEPTIONS_EVERY_MS) return;
    exceptionsLookedAtMs = now;
    inBackground(async () => {
      await expireUnanswered(database, partition.sourceId);
      const limit = Math.min(RESENDS_AT_ONCE, 2 * concurrency - ready.length - attempts.running());
      if (limit <= 0) return;
      const resends = await claimResends(database, { ...holding, limit, answerWithinMs });
      ready.push(...resends.map((resend) => ({ resend })));
    });
  }

  /** The log is empty: watch it for a while, then end. Meanwhile an insert rings the bell instead of waking the forwarder. */
  function lingerIfEmpty(): void {
    if (ending !== undefined || background !== undefined || ledger.flushing()) return;
    if (rung && lingerSinceMs !== undefined) {
      lingerSinceMs = undefined;
      feed.lookAgain();
      feed.fill();
      inBackground(() => answerWake(database, partition));
      return;
    }
    const { cursor, intended } = ledger.window();
    const empty = feed.atEnd() && cursor === intended && ready.length + attempts.running() + ledger.unrecorded() === 0;
    if (!empty) return;
    if (options.mode === 'probe') return endWith({ kind: 'idle' }, { withdraw: false });
    if (lingerSinceMs !== undefined) {
      if (clock.monotonicMs() - lingerSinceMs >= options.lingerMs) inBackground(() => goIdle(true));
      return;
    }
    rung = false;
    inBackground(() => goIdle(false));
  }

  async function goIdle(release: boolean): Promise<void> {
    const { cursor, intended } = ledger.window();
    const cursorLoggedAt = feed.loggedAtBefore(cursor);
    const answer = await markIdle(database, { ...holding, intended, cursorLoggedAt, release });
    if (!answer.idle) {
      lingerSinceMs = undefined;
      if (answer.absentThrough === undefined) feed.lookAgain();
      else feed.skipTo(answer.absentThrough);
    } else if (release) endWith({ kind: 'idle' }, { withdraw: false });
    else lingerSinceMs = clock.monotonicMs();
  }

  function mayReturn(): boolean {
    if (ending === undefined || background !== undefined) return false;
    if (ledger.flushing() || ledger.unrecorded() > 0 || ready.length > 0 || attempts.running() > 0) return false;
    return !ending.waitForSlow || attempts.slow() === 0 || clock.monotonicMs() - endingSinceMs > options.graceMs;
  }

  const unsubscribe = deps.bell.onRing(partition, () => {
    rung = true;
    change.happened();
  });
  const tick = setInterval(change.happened, TICK_MS);
  try {
    for (;;) {
      deps.heartbeat();
      failure ??= feed.failure();
      if (failure !== undefined) throw failure;
      lookForReasonsToEnd();
      bookSlow();
      if (ending?.withdraw === true) withdrawReady();
      feed.fill();
      lookAtExceptions();
      flushIfDue();
      startRequests();
      lingerIfEmpty();
      if (mayReturn()) break;
      await change.next();
    }
    await ledger.settled();
    const end = ending?.end ?? { kind: 'slice' };
    if (end.kind !== 'idle') await releaseClaim(database, holding);
    return { end, accepted: attempts.accepted(), notAccepted: attempts.notAccepted() };
  } finally {
    clearInterval(tick);
    unsubscribe();
  }
}
