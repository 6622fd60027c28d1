/**
 * The drain's books: what became known and is not recorded yet, and the flushes that record it.
 *
 * One statement runs at a time; what becomes known meanwhile goes into the next. The books outlive the drain: a slow
 * request may be answered after its drain has ended, and its outcome is recorded all the same.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { intend, record, type Window } from '../../domain/cursor.js';
import type { Verdict } from '../../domain/outcomeAccounting.js';
import type { LogEvent } from '../../store/bodies.js';
import type { Holding, LoggedAt } from '../../store/claim.js';
import type { Database } from '../../store/database.js';
import { type LateVerdict, settleLate } from '../../store/exceptions.js';
import { isPassing } from '../../store/passing.js';
import { findFlush, type Flush, flush, type FlushAnswer, type NewException } from '../../store/flush.js';
import { settleSetBack } from '../../store/setBack.js';
import type { Taken } from './feed.js';
import type { Lease } from './lease.js';
import { RETRY_MS } from './retry.js';

/** Late verdicts per transaction. */
const LATE_BATCH = 100;

type Entry = Verdict | { readonly kind: 'in-flight' };

interface Booking {
  readonly event: LogEvent;
  readonly entry: Entry;
}

export interface Ledger {
  readonly window: () => Window;
  /** False once another drain has taken the fence. */
  readonly fenceHeld: () => boolean;
  /** The database was found behind the drain's own fence; what the drain may have sent since is settled. */
  readonly wasSetBack: () => boolean;
  readonly flushing: () => boolean;
  /** Outcomes that are not recorded yet. */
  readonly unrecorded: () => number;
  /** The outcome of a first attempt, or that it has become slow. */
  book(event: LogEvent, entry: Entry): void;
  /** The outcome of a slow first attempt, or of a resend. */
  bookLate(late: LateVerdict): void;
  /** Records all of it, and intends what is given. */
  flush(intent: Taken): Promise<FlushAnswer>;
  /** Resolves when nothing is left to record. */
  settled(): Promise<void>;
}

export function createLedger(deps: {
  readonly database: Database;
  readonly holding: Holding;
  readonly window: Window;
  /** Of the server that the drain began with. */
  readonly serverSince: string;
  readonly lease: Lease;
  readonly leaseMs: number;
  /** How long an answer to a request may come after the request was begun. */
  readonly answerWithinMs: number;
  readonly loggedAtBefore: (cursor: number) => LoggedAt;
  /** A statement failed and will be made again. @returns false to give up */
  readonly failed: (error: unknown) => boolean;
}): Ledger {
  const { database, holding, lease } = deps;
  let window = deps.window;
  let flushNumber = 0;
  let held = true;
  let setBack = false;
  let pending = new Map<number, Booking>();
  let late: LateVerdict[] = [];
  let chain: Promise<unknown> = Promise.resolve();
  let flushing = false;
  let settlingLate = false;

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = chain.then(work);
    chain = result.catch(() => undefined);
    return result;
  }

  async function flushNow(intent: Taken): Promise<FlushAnswer> {
    const batch = [...pending.values()];
    pending = new Map();
    if (!held) {
      passToLate(batch);
      return { held: false };
    }
    const request = flushOf(batch, intent);
    const mark = lease.mark();
    const answer = await commit(request).catch((error: unknown) => {
      pending = new Map([...batch.map((booking) => [booking.event.seq, booking] as const), ...pending]);
      throw error;
    });
    if (!answer.held) {
      held = false;
      if (answer.setBack === true) await settleWhatWasSent();
      passToLate(batch);
      return answer;
    }
    flushNumber = request.number;
    lease.confirm(mark);
    window = answer.granted ? request.intended : request.recorded;
    return answer;
  }

  function flushOf(batch: readonly Booking[], intent: Taken): Flush {
    const withdrawn = batch.filter(({ entry }) => entry.kind === 'not-accepted').map(({ event }) => event.seq);
    const decided = batch.filter(({ entry }) => entry.kind !== 'not-accepted').map(({ event }) => event.seq);
    const recorded = record(window, { decided, withdrawn });
    const accepted = batch.filter(({ entry }) => entry.kind === 'accepted');
    return {
      ...holding,
      number: flushNumber + 1,
      leaseMs: deps.leaseMs,
      serverSince: deps.serverSince,
      recorded,
      intended: intend(recorded, { seqs: intent.events.map(({ seq }) => seq), absent: intent.absent }),
      cursorLoggedAt: deps.loggedAtBefore(recorded.cursor),
      accepted: accepted.length,
      receipts: accepted.flatMap(({ event, entry }) =>
        entry.kind !== 'accepted' || entry.receipt.xactionId === undefined
          ? []
          : [{ seq: event.seq, xactionId: entry.receipt.xactionId, receivedTimeMs: entry.receipt.receivedTimeMs ?? 0 }],
      ),
      exceptions: batch.flatMap((booking) => newException(booking, deps.answerWithinMs)),
    };
  }

  /** Made again until it is answered: a commit whose answer was lost is found by its number and not made twice. */
  async function commit(request: Flush): Promise<FlushAnswer> {
    for (;;) {
      const known =
        (await attempt(() => flush(database, request))) ?? (await attempt(() => findFlush(database, request)));
      if (known !== undefined) return known;
      if (!deps.failed(new Error('the cursor is as it was before the flush')))
        throw new Error('the flush was not made');
      await delay(RETRY_MS);
    }
  }

  async function settleWhatWasSent(): Promise<void> {
    setBack = true;
    const known = { fence: holding.fence, intended: window.intended };
    while ((await attempt(() => settleSetBack(database, holding, known))) === undefined);
  }

  async function attempt<T>(work: () => Promise<T | undefined>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || !deps.failed(error)) throw error;
      await delay(RETRY_MS);
      return undefined;
    }
  }

  /** The drain that took the fence has made `unknown` exceptions of these: what we know about them counts there. */
  function passToLate(batch: readonly Booking[]): void {
    for (const { event, entry } of batch) {
      const { seq, eventId } = event;
      if (entry.kind !== 'in-flight') addLate({ ...holding, of: { seq }, eventId, attempt: 1, verdict: entry });
    }
  }

  function addLate(verdict: LateVerdict): void {
    late.push(verdict);
    if (settlingLate) return;
    settlingLate = true;
    void inTurn(settleAllLate);
  }

  async function settleAllLate(): Promise<void> {
    while (late.length > 0) {
      const batch = late.slice(0, LATE_BATCH);
      // Noting the same fact twice is harmless, so a transaction whose answer was lost is made again.
      const done = await attempt(async () => settleLate(database, batch).then(() => true)).catch(() => true);
      if (done === true) late = late.slice(batch.length);
    }
    settlingLate = false;
  }

  return {
    window: () => window,
    fenceHeld: () => held,
    wasSetBack: () => setBack,
    flushing: () => flushing,
    unrecorded: () => pending.size,
    book(event, entry) {
      pending.set(event.seq, { event, entry });
    },
    bookLate(verdict) {
      const seq = 'seq' in verdict.of ? verdict.of.seq : undefined;
      const booked = seq === undefined ? undefined : pending.get(seq);
      // Not even recorded as slow yet.
      if (booked !== undefined) pending.set(booked.event.seq, { event: booked.event, entry: verdict.verdict });
      else addLate(verdict);
    },
    flush(intent) {
      flushing = true;
      return inTurn(() => flushNow(intent)).finally(() => {
        flushing = false;
      });
    },
    async settled() {
      await inTurn(() => Promise.resolve());
    },
  };
}

function newException({ event, entry }: Booking, answerWithinMs: number): NewException[] {
  switch (entry.kind) {
    case 'accepted':
    case 'not-accepted':
      return [];
    case 'in-flight':
      return [{ event, reason: 'in-flight', fact: 'attempt 1: slow to answer', answerWithinMs }];
    case 'refused':
      return [{ event, reason: entry.reason, fact: `attempt 1: ${entry.fact}` }];
    case 'unknown':
      return [{ event, reason: 'unknown', fact: `attempt 1: ${entry.fact}` }];
    default:
      return entry satisfies never;
  }
}
