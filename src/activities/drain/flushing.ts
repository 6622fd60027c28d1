/** Makes the flushes of a drain, and ends it when one says that it has lost its right to go on. */
import type { PartitionId } from '../../store/claim.js';
import type { Database } from '../../store/database.js';
import { readGate } from '../../store/gate.js';
import type { Attempts } from './attempts.js';
import type { Background, Failure } from './background.js';
import type { Booking } from './booking.js';
import type { Ending } from './ending.js';
import type { Feed, Taken } from './feed.js';
import { isFlushDue, roomToIntend } from './flushTiming.js';
import type { Lease } from './lease.js';
import type { Ledger } from './ledger.js';
import type { Outbox } from './outbox.js';

export interface FlushingDependencies {
  readonly database: Database;
  readonly partition: PartitionId;
  /** Under which the drain began. */
  readonly gateEpoch: number;
  readonly concurrency: number;
  readonly leaseMs: number;
  /** Events that the drain may send in all; one that cannot be read is not sent. */
  readonly limit: number;
  readonly attempts: Pick<Attempts, 'running' | 'unreadable'>;
  readonly background: Background;
  readonly booking: Pick<Booking, 'waitedMs'>;
  readonly ending: Ending;
  readonly failure: Failure;
  readonly feed: Feed;
  readonly lease: Lease;
  readonly ledger: Ledger;
  readonly outbox: Outbox;
  readonly monotonicMs: () => number;
  readonly flushed: (durationMs: number) => void;
  readonly changed: () => void;
}

/** @returns makes a flush if one is due, without waiting for it */
export function createFlushing(deps: FlushingDependencies): () => void {
  const { ledger, outbox, feed, ending, concurrency } = deps;
  let intendedEvents = 0;

  function flushIfDue(): void {
    if (ledger.flushing()) return;
    const room = ending.planned() === undefined ? currentRoom() : 0;
    const due = isFlushDue({
      concurrency,
      leaseMs: deps.leaseMs,
      room,
      ready: outbox.size(),
      running: deps.attempts.running(),
      unrecorded: ledger.unrecorded(),
      unrecordedForMs: deps.booking.waitedMs(),
      fenceHeld: ledger.fenceHeld(),
      leaseAgeMs: deps.lease.ageMs(),
    });
    if (due) void flush(feed.take(room)).catch(deps.failure.note).finally(deps.changed);
  }

  function currentRoom(): number {
    const left = deps.limit + deps.attempts.unreadable() - intendedEvents;
    return roomToIntend({ concurrency, undecided: outbox.undecided(), available: feed.available(), left });
  }

  async function flush(taken: Taken): Promise<void> {
    const askedMs = deps.monotonicMs();
    const answer = await ledger.flush(taken);
    if (answer.held) deps.flushed(deps.monotonicMs() - askedMs);
    if (!answer.held || !answer.granted) feed.putBack(taken);
    else {
      intendedEvents += taken.events.length;
      outbox.add(taken.events.map((first) => ({ first })));
    }
    if (!answer.held) return;
    // Behind a failover or a restart: another drain reads anew what this server has.
    if (answer.serverChanged) ending.plan({ end: { kind: 'slice' }, withdraw: true });
    if (answer.handoverAsked) ending.plan({ end: { kind: 'stopped' }, withdraw: true });
    if (answer.epoch !== undefined && answer.epoch !== deps.gateEpoch) endAtGate();
    else if (!answer.granted && taken.events.length > 0) endAtGateIfClosed();
  }

  /** Closed, or closed and opened again: the flow may be another one, so nothing of ours may begin any more. */
  function endAtGate(): void {
    ending.plan({ end: { kind: 'slice' }, withdraw: true });
  }

  /** Not granted for another reason: our lease had lapsed, and this very flush has renewed it. */
  function endAtGateIfClosed(): void {
    if (deps.background.busy()) return;
    deps.background.run(async () => {
      const gate = await readGate(deps.database, deps.partition.sourceId);
      if (gate?.opensInMs !== 0) endAtGate();
    });
  }

  return flushIfDue;
}
