import { describe, expect, it } from 'vitest';
import { intend, record } from '../../../src/domain/delivery/cursor.js';
import type { WatchedEvent } from '../../../src/domain/events/shownEvents.js';
import { changedEvents, type ExceptionColumns, readHeads, standingOf } from '../../../src/store/views/eventStates.js';
import { emptyWindow } from '../../../src/domain/delivery/cursor.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';

const database = withDatabase();

const NONE: ExceptionColumns = {
  exception_id: null,
  reason: null,
  state: null,
  next_action: null,
  resolution: null,
  decision: null,
};
const excepted = (changes: Partial<ExceptionColumns>): ExceptionColumns => ({
  ...NONE,
  exception_id: 7,
  reason: 'unknown',
  ...changes,
});

describe('where an event of the log stands', () => {
  /** 11 is accepted, 12 is under way, 13 is accepted, 14 was turned down, 15 is ahead. */
  const window = record(intend(emptyWindow(10), { seqs: [11, 12, 13, 14] }), { decided: [11, 13], withdrawn: [14] });

  it.each([
    [10, 'accepted'],
    [11, 'accepted'],
    [12, 'sending'],
    [13, 'accepted'],
    [14, 'waiting'],
    [15, 'waiting'],
  ])('is told by the cursor: %i is %s', (seq, state) => {
    expect(standingOf(seq, window, NONE)).toEqual({ state });
  });

  it('is before all sending where no drain has ever come to its partition', () => {
    expect(standingOf(1, undefined, NONE)).toEqual({ state: 'waiting' });
  });

  it.each([
    ['looked-for', { state: 'waiting', next_action: 'look-up' }],
    ['waiting', { state: 'waiting', next_action: 'resend' }],
    ['sending', { state: 'sending' }],
    ['held', { state: 'held' }],
  ] as const)('is told by its exception, which the cursor has passed: %s, and why', (state, exception) => {
    expect(standingOf(10, window, excepted(exception))).toEqual({ state, reason: 'unknown', exceptionId: 7 });
  });

  it.each([
    ['accepted', { resolution: 'delivered' }],
    ['marked-delivered', { resolution: 'delivered', decision: 'mark-delivered' }],
    ['abandoned', { resolution: 'abandoned' }],
    ['replaced', { resolution: 'replaced' }],
  ] as const)('needs no reason once it is done with: %s', (state, exception) => {
    expect(standingOf(10, window, excepted({ state: 'resolved', ...exception }))).toEqual({ state });
  });
});

/** Three events in partition 1, of which a drain has come to two; none in partition 0, where no drain has been. */
async function watchedSource() {
  const sourceId = await freshSource(database(), 2);
  const names = ['a', 'b', 'c'].map((name) => `${name} of ${sourceId}`);
  await createEventLog(database()).append(
    sourceId,
    1,
    names.map((name) => takenEvent(name)),
  );
  const { pool } = database();
  await pool.query(
    `insert into partition_cursor (source_id, partition, cursor_seq, intended_seq, undecided) values ($1, 1, 1, 2, 1)`,
    [sourceId],
  );
  const except = async (seq: number, columns: string, values: string) => {
    const { rows } = await pool.query<{ id: number }>(
      `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, ${columns})
       select source_id, partition, kind, event_id, seq, logged_at, 'unknown', ${values} from event_body
       where source_id = $1 and seq = $2 returning id`,
      [sourceId, seq],
    );
    return rows[0]?.id ?? 0;
  };
  const watch = (seq: number, state: WatchedEvent['state'], exceptionId?: number): WatchedEvent => ({
    partition: 1,
    seq,
    state,
    exceptionId,
  });
  const changed = (...watched: WatchedEvent[]) => changedEvents(database(), sourceId, watched);
  return { sourceId, except, watch, changed };
}

it('the heads of a source are of all its partitions, with the window of those that a drain has come to', async () => {
  const { sourceId } = await watchedSource();
  expect(await readHeads(database(), sourceId)).toEqual([
    { partition: 0, last_seq: 0, window: undefined },
    { partition: 1, last_seq: 3, window: expect.objectContaining({ cursor: 1, intended: 2 }) as object },
  ]);
});

describe('events that are watched', () => {
  it('are told of where they stand elsewhere than they were shown, by their places', async () => {
    const { watch, changed } = await watchedSource();
    expect(await changed(watch(1, 'sending'), watch(2, 'sending'), watch(3, 'sending'))).toEqual([
      { index: 0, state: 'accepted' },
      { index: 2, state: 'waiting' },
    ]);
    expect(await changed(watch(1, 'accepted'), watch(2, 'sending'), watch(3, 'waiting'))).toEqual([]);
    expect(await changed()).toEqual([]);
  });

  it('stand as their newest exception says', async () => {
    const { watch, changed, except } = await watchedSource();
    await except(1, 'state, resolution, resolved_at', `'resolved', 'delivered', now()`);
    expect(await changed(watch(1, 'sending'))).toEqual([{ index: 0, state: 'accepted' }]);
    const exceptionId = await except(1, 'state', `'held'`);
    expect(await changed(watch(1, 'accepted'))).toEqual([{ index: 0, state: 'held', reason: 'unknown', exceptionId }]);
  });

  it('are arrivals that were held, by their exception alone; one that is not this source’s is not told', async () => {
    const { sourceId, watch, changed } = await watchedSource();
    const other = await freshSource(database());
    const hold = async (id: number) => {
      await createEventLog(database()).hold(id, 0, { ...takenEvent('raw'), reason: 'unreadable', facts: [] });
      const { rows } = await database().pool.query<{ id: number }>('select id from exception where source_id = $1', [
        id,
      ]);
      return rows[0]?.id ?? 0;
    };
    const [mine, theirs] = [await hold(sourceId), await hold(other)];
    await database().pool.query(
      `update exception set state = 'resolved', resolution = 'abandoned', resolved_at = now() where source_id = any ($1)`,
      [[sourceId, other]],
    );
    expect(await changed(watch(0, 'held', theirs), watch(0, 'held', mine))).toEqual([{ index: 1, state: 'abandoned' }]);
  });
});
