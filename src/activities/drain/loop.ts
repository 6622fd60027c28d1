/** The drain's loop: intends, sends, records, until there is a reason to end. */
import type { DrainEnd } from '../../domain/forwarder.js';
import { releaseClaim } from '../../store/claim.js';
import { createChange } from './change.js';
import { createParts, type LoopDependencies, type LoopOptions } from './parts.js';
import { reasonToEnd } from './reasonToEnd.js';

/** The loop looks at its clocks at least this often. */
const TICK_MS = 25;

export interface LoopResult {
  readonly end: DrainEnd;
  readonly accepted: number;
  readonly notAccepted: number;
  /** Everything up to this number may have been sent. */
  readonly intended: number;
  /** The database was found behind the drain's own fence. */
  readonly wasSetBack: boolean;
}

export async function runLoop(deps: LoopDependencies, options: LoopOptions): Promise<LoopResult> {
  const change = createChange();
  const parts = createParts(deps, options, change.happened);
  const { attempts, booking, ending, failure, feed, ledger, linger, outbox } = parts;
  const startedMs = deps.clock.monotonicMs();

  function lookForReasonsToEnd(): void {
    const reason = reasonToEnd({
      mode: options.mode,
      stop: deps.stop(),
      accepted: attempts.accepted(),
      notAccepted: attempts.notAccepted(),
      unreadable: attempts.unreadable(),
      fault: attempts.fault(),
      lastFact: attempts.lastFact(),
      fenceHeld: ledger.fenceHeld(),
      sliceIsOver: deps.clock.monotonicMs() - startedMs > options.shortened().sliceMs,
    });
    if (reason !== undefined) ending.plan(reason);
  }

  function mayReturn(): boolean {
    const planned = ending.planned();
    if (planned === undefined) return false;
    const overdue = ending.ageMs() > options.graceMs;
    const busy = parts.background.busy() || ledger.flushing() || outbox.undecided() > 0;
    if (failure.noted() !== undefined) return !busy || overdue;
    if (busy || ledger.unrecorded() > 0) return false;
    return planned.waitForSlow !== true || attempts.slow() === 0 || overdue;
  }

  /** After a failure: what was answered is not to be unknown to the drain that comes next. */
  async function recordWhatIsKnown(): Promise<void> {
    if (ledger.unrecorded() > 0) await ledger.flush({ events: [], absent: [] });
    await ledger.settled();
    if (outbox.undecided() === 0) await releaseClaim(deps.database, parts.holding);
  }

  const unsubscribe = deps.bell.onRing(deps.partition, () => {
    linger.rang();
    change.happened();
  });
  const tick = setInterval(change.happened, TICK_MS);
  try {
    for (;;) {
      deps.heartbeat();
      if (failure.noted() !== undefined) ending.plan({ end: { kind: 'stopped' }, withdraw: true });
      lookForReasonsToEnd();
      booking.slow(attempts.takeSlow());
      if (ending.planned()?.withdraw === true) booking.withdrawn(outbox.withdraw());
      if (ending.planned() === undefined) feed.fill();
      parts.lookForResends?.();
      parts.lookAtShare?.();
      if (failure.noted() === undefined) parts.flushIfDue();
      outbox.start();
      linger.look();
      if (mayReturn()) break;
      await change.next();
    }
    const failed = failure.noted();
    if (failed !== undefined) {
      await recordWhatIsKnown().catch(deps.databaseFailed);
      throw failed;
    }
    await ledger.settled();
    const end = ending.planned()?.end ?? { kind: 'slice' };
    if (end.kind !== 'idle') await releaseClaim(deps.database, parts.holding);
    return {
      end,
      accepted: attempts.accepted(),
      notAccepted: attempts.notAccepted(),
      intended: ledger.window().intended,
      wasSetBack: ledger.wasSetBack(),
    };
  } finally {
    clearInterval(tick);
    unsubscribe();
  }
}
