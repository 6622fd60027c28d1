import { describe, expect, it } from 'vitest';
import {
  available,
  isReadOut,
  loggedAtBefore,
  putBack,
  readNext,
  skipTo,
  takeBatch,
  wantsPage,
} from '../../../../src/activities/drain/roles/reading.js';
import { newDrainState } from '../../../../src/activities/drain/state.js';
import { intend, record } from '../../../../src/domain/delivery/cursor.js';
import type { LogEvent } from '../../../../src/store/bodies/bodies.js';
import { eventOf, NOW, NOW_MS, restingState, TERMS } from '../states.js';

const seqs = (events: readonly LogEvent[]) => events.map(({ seq }) => seq);

/** A log that has events with these numbers. */
function logOf(...numbers: number[]) {
  const asked: number[] = [];
  return {
    asked,
    readPage: ({ afterSeq }: { readonly afterSeq: number }) => {
      asked.push(afterSeq);
      return Promise.resolve(
        numbers
          .filter((seq) => seq > afterSeq)
          .slice(0, 3)
          .map((seq) => eventOf(seq)),
      );
    },
    readEvents: ({ seqs: wanted }: { readonly seqs: readonly number[] }) =>
      Promise.resolve(numbers.filter((seq) => wanted.includes(seq)).map((seq) => eventOf(seq))),
  };
}

describe('reading', () => {
  it('goes on behind what was read, and notes numbers that no event has', async () => {
    const { reading } = restingState();
    const log = logOf(2, 3, 6, 7);
    reading.atEnd = false;
    await readNext(reading, log);
    await readNext(reading, log);
    expect([seqs(reading.queue), reading.absent, log.asked]).toEqual([
      [2, 3, 6, 7],
      [1, 4, 5],
      [0, 6],
    ]);
    expect(reading.atEnd).toBe(false);
    await readNext(reading, log);
    expect(reading.atEnd).toBe(true);
  });

  it('reads ahead until a page of bytes waits, be that one event or many', () => {
    const { reading } = restingState();
    reading.atEnd = false;
    reading.queue = [eventOf(1), eventOf(2)];
    expect(wantsPage(reading)).toBe(true);
    reading.queue = [{ ...eventOf(1), sealed: Buffer.alloc(2_000_001) }];
    expect(wantsPage(reading)).toBe(false);
  });

  it('begins with what the drain before has taken back', async () => {
    const before = record(intend(restingState().recording.window, { seqs: [1, 2, 3] }), {
      decided: [2],
      withdrawn: [1, 3],
    });
    const { reading } = newDrainState({
      terms: TERMS,
      claim: { window: before, cursorLoggedAt: 0 },
      canaries: new Map(),
      leasedAt: NOW,
      wishes: { stop: false, sliceMs: 1, lingerMs: 1 },
      requestsPerSecond: 1,
      nowMs: NOW_MS,
    });
    await readNext(reading, logOf(3, 4));
    // The body of the first is gone.
    expect([seqs(reading.queue), reading.absent, reading.takenBack, reading.readUpTo]).toEqual([[3], [1], [], 3]);
  });

  it('hands out events with the numbers before them that no event has', async () => {
    const { reading } = restingState();
    await readNext(reading, logOf(2, 4, 5));
    skipTo(reading, 7);
    expect(takeBatch(reading, 1, 0)).toMatchObject({ events: [{ seq: 2 }], absent: [1] });
    expect([available(reading, 0), isReadOut(reading)]).toEqual([2, false]);
    expect(takeBatch(reading, 9, 0)).toMatchObject({ events: [{ seq: 4 }, { seq: 5 }], absent: [3, 6, 7] });
    expect([available(reading, 0), isReadOut(reading)]).toEqual([0, true]);
  });

  it('counts numbers without an event only where no event would take them along', () => {
    const { reading } = restingState();
    skipTo(reading, 2);
    expect(available(reading, 0)).toBe(2);
    reading.queue = [eventOf(3)];
    expect(available(reading, 0)).toBe(1);
  });

  it('hands out what was put back first, in order', async () => {
    const { reading } = restingState();
    await readNext(reading, logOf(1, 2, 4));
    const batch = takeBatch(reading, 2, 0);
    putBack(reading, { events: batch.events.slice(1), absent: [] });
    putBack(reading, { events: batch.events.slice(0, 1), absent: [] });
    expect(seqs(takeBatch(reading, 9, 0).events)).toEqual([1, 2, 4]);
  });

  it('knows since when the events behind the cursor were logged', async () => {
    const { reading } = restingState();
    const log = logOf(1, 2, 3, 4, 5, 6);
    await readNext(reading, log);
    await readNext(reading, log);
    expect([loggedAtBefore(reading, 2), loggedAtBefore(reading, 3), loggedAtBefore(reading, 6)]).toEqual([0, 3, 6]);
    expect(reading.marks).toEqual([{ seq: 6, loggedAt: 6 }]);
  });
});
