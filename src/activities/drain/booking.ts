/** Where each outcome goes: into the next flush, to an exception, or back into the feed. */
import type { Holding } from '../../store/claim.js';
import type { Answered, Sendable } from './attempts.js';
import type { Feed } from './feed.js';
import type { Ledger } from './ledger.js';

export interface Booking {
  readonly answered: (answered: Answered) => void;
  readonly withdrawn: (sendables: readonly Sendable[]) => void;
  readonly slow: (sendables: readonly Sendable[]) => void;
  /** How long the oldest outcome has been unrecorded. */
  readonly waitedMs: () => number;
}

export function createBooking(deps: {
  readonly holding: Holding;
  readonly ledger: Pick<Ledger, 'book' | 'bookLate' | 'unrecorded'>;
  readonly feed: Pick<Feed, 'putBack'>;
  readonly monotonicMs: () => number;
}): Booking {
  const { holding, ledger, feed, monotonicMs } = deps;
  let oldestMs = 0;

  function answered({ sendable, verdict, wasSlow }: Answered): void {
    if (ledger.unrecorded() === 0) oldestMs = monotonicMs();
    if (sendable.resend !== undefined) {
      const { exceptionId, attempt, eventId } = sendable.resend;
      ledger.bookLate({ ...holding, of: { exceptionId }, eventId, attempt, verdict });
    } else if (wasSlow) {
      const { seq, eventId } = sendable.first;
      ledger.bookLate({ ...holding, of: { seq }, eventId, attempt: 1, verdict });
    } else {
      ledger.book(sendable.first, verdict);
      if (verdict.kind === 'not-accepted') feed.putBack({ events: [sendable.first], absent: [] });
    }
  }

  return {
    answered,
    withdrawn(sendables) {
      const verdict = { kind: 'not-accepted', begun: false, fact: 'not sent: the drain ended' } as const;
      for (const sendable of sendables) answered({ sendable, verdict, wasSlow: false });
    },
    slow(sendables) {
      for (const { first } of sendables) {
        if (first !== undefined) ledger.book(first, { kind: 'in-flight' });
      }
    },
    waitedMs: () => (ledger.unrecorded() === 0 ? 0 : monotonicMs() - oldestMs),
  };
}
