/** The log is empty: watch it for a while, then end. Meanwhile an insert rings the bell instead of waking the forwarder. */
import { answerWake, type Holding, markIdle } from '../../store/claim.js';
import type { Database } from '../../store/database.js';
import type { Background } from './background.js';
import type { Ending } from './ending.js';
import type { Feed } from './feed.js';
import type { Ledger } from './ledger.js';
import type { Outbox } from './outbox.js';

export interface Linger {
  /** The bell: an event was inserted into a log that was marked idle. */
  readonly rang: () => void;
  readonly look: () => void;
}

export function createLinger(deps: {
  readonly database: Database;
  readonly holding: Holding;
  readonly mode: 'slice' | 'probe';
  readonly lingerMs: () => number;
  readonly background: Background;
  readonly ending: Ending;
  readonly feed: Feed;
  readonly ledger: Ledger;
  readonly outbox: Outbox;
  readonly monotonicMs: () => number;
}): Linger {
  const { database, holding, background, ending, feed, ledger, outbox, monotonicMs } = deps;
  /** Since when the log is marked idle. */
  let sinceMs: number | undefined;
  let rung = false;
  /** Up to where all was sent when the log was read again: under load that finds more, and costs less than marking it idle. */
  let readAgainAt: number | undefined;

  function look(): void {
    if (ending.planned() !== undefined || background.busy() || ledger.flushing()) return;
    if (rung && sinceMs !== undefined) readOn();
    else if (isEmpty()) waitOrEnd();
  }

  function isEmpty(): boolean {
    const { cursor, intended } = ledger.window();
    return feed.atEnd() && cursor === intended && outbox.undecided() + ledger.unrecorded() === 0;
  }

  function readOn(): void {
    sinceMs = undefined;
    feed.lookAgain();
    feed.fill();
    background.run(() => answerWake(database, holding));
  }

  function waitOrEnd(): void {
    if (deps.mode === 'probe') ending.plan({ end: { kind: 'idle' }, withdraw: false });
    else if (sinceMs === undefined && readAgainAt !== ledger.window().intended) {
      readAgainAt = ledger.window().intended;
      feed.lookAgain();
      feed.fill();
    } else if (sinceMs === undefined) {
      rung = false;
      background.run(() => goIdle(false));
    } else if (monotonicMs() - sinceMs >= deps.lingerMs()) background.run(() => goIdle(true));
  }

  async function goIdle(release: boolean): Promise<void> {
    const { cursor, intended } = ledger.window();
    const cursorLoggedAt = feed.loggedAtBefore(cursor);
    const answer = await markIdle(database, { ...holding, intended, cursorLoggedAt, release });
    if (!answer.idle) {
      sinceMs = undefined;
      // Tells why, and ends the drain.
      if (answer.lost) await ledger.flush({ events: [], absent: [] });
      else if (answer.absentThrough === undefined) feed.lookAgain();
      else feed.skipTo(answer.absentThrough);
    } else if (release) ending.plan({ end: { kind: 'idle' }, withdraw: false });
    else sinceMs = monotonicMs();
  }

  return {
    rang() {
      rung = true;
    },
    look,
  };
}
