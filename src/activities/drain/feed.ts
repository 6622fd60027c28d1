/** What is to be sent next: first what was withdrawn, then the log, read ahead in bounded pages. */
import type { Window } from '../../domain/cursor.js';
import { sequencesIn } from '../../domain/cursor.js';
import { type LogEvent, readEvents, readPage } from '../../store/bodies.js';
import type { LoggedAt, PartitionId } from '../../store/claim.js';
import type { Database } from '../../store/database.js';
import type { Failure } from './background.js';
import type { Retry } from './retry.js';

const PAGE_EVENTS = 512;
/** Two pages are in memory at most. */
const PAGE_BYTES = 2_000_000;
const READ_AHEAD_EVENTS = PAGE_EVENTS / 2;

export interface Feed {
  /** Events that can be taken now. */
  available(): number;
  /** At the end of the log, as far as it was read; {@link lookAgain} reads on. */
  atEnd(): boolean;
  take(count: number): Taken;
  /** To be taken again, before all others. */
  putBack(taken: Taken): void;
  /** Reads the next page if little is left. */
  fill(): void;
  lookAgain(): void;
  /** No event has a number between what was read and this one. */
  skipTo(seq: number): void;
  /** `logged_at` of an event at or before the cursor: later ones are not older. */
  readonly loggedAtBefore: (cursor: number) => LoggedAt;
}

export interface Taken {
  readonly events: readonly LogEvent[];
  /** Numbers among them that no event has. */
  readonly absent: readonly number[];
}

export function createFeed(deps: {
  readonly database: Database;
  readonly partition: PartitionId;
  readonly window: Window;
  readonly cursorLoggedAt: LoggedAt;
  readonly failure: Failure;
  readonly retry: Retry;
  readonly changed: () => void;
}): Feed {
  const { database, partition } = deps;
  let queue: LogEvent[] = [];
  let absent: number[] = [];
  let withdrawn = sequencesIn(deps.window, 'withdrawn');
  let readUpTo = deps.window.intended;
  let end = false;
  let reading = false;
  /** Ascending; the last one at or before the cursor is kept. */
  let marks: { readonly seq: number; readonly loggedAt: LoggedAt }[] = [
    { seq: deps.window.cursor, loggedAt: deps.cursorLoggedAt },
  ];

  async function read(): Promise<void> {
    const fromLoggedAt = marks[0]?.loggedAt ?? deps.cursorLoggedAt;
    if (withdrawn.length > 0) {
      const seqs = withdrawn.slice(0, PAGE_EVENTS);
      const events = await readEvents(database, { ...partition, seqs, fromLoggedAt });
      withdrawn = withdrawn.slice(seqs.length);
      const found = new Set(events.map((event) => event.seq));
      queue = [...queue, ...events];
      absent = [...absent, ...seqs.filter((seq) => !found.has(seq))];
      return;
    }
    const events = await readPage(database, {
      ...partition,
      afterSeq: readUpTo,
      fromLoggedAt,
      maxEvents: PAGE_EVENTS,
      maxBytes: PAGE_BYTES,
    });
    for (const event of events) {
      for (let seq = readUpTo + 1; seq < event.seq; seq += 1) absent.push(seq);
      readUpTo = event.seq;
      queue.push(event);
    }
    const last = events.at(-1);
    if (last === undefined) end = true;
    else marks.push({ seq: last.seq, loggedAt: last.loggedAt });
  }

  return {
    available: () => queue.length + (queue.length === 0 ? absent.length : 0),
    atEnd: () => end && !reading && withdrawn.length === 0 && queue.length === 0 && absent.length === 0,
    take(count) {
      const events = queue.splice(0, count);
      const last = queue.length === 0 ? Number.POSITIVE_INFINITY : (events.at(-1)?.seq ?? 0);
      const taken = { events, absent: absent.filter((seq) => seq <= last) };
      absent = absent.filter((seq) => seq > last);
      return taken;
    },
    putBack(taken) {
      queue = [...taken.events, ...queue].sort((a, b) => a.seq - b.seq);
      absent = [...taken.absent, ...absent].sort((a, b) => a - b);
    },
    fill() {
      if (reading || queue.length > READ_AHEAD_EVENTS) return;
      if (end && withdrawn.length === 0) return;
      reading = true;
      void deps
        .retry(read)
        .catch(deps.failure.note)
        .finally(() => {
          reading = false;
          deps.changed();
        });
    },
    lookAgain() {
      end = false;
    },
    skipTo(seq) {
      for (; readUpTo < seq; readUpTo += 1) absent.push(readUpTo + 1);
    },
    loggedAtBefore(cursor) {
      const passed = marks.filter((mark) => mark.seq <= cursor);
      marks = [...passed.slice(-1), ...marks.filter((mark) => mark.seq > cursor)];
      return marks[0]?.loggedAt ?? deps.cursorLoggedAt;
    },
  };
}
