import { beforeAll, expect, it } from 'vitest';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { countEvents, countEventsOf } from '../../../src/store/views/eventCounts.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';

const database = withDatabase();
const NONE = {
  waiting: 0,
  sending: 0,
  accepted: 0,
  lookedFor: 0,
  held: 0,
  abandoned: 0,
  replaced: 0,
  markedDelivered: 0,
};

let sourceId: number;

/**
 * Of 12 events the cursor has passed 8, of which 2 were accepted at once and each of the others stands in another part; 9 is
 * under way, 10 is accepted, 11 was turned down, 12 is ahead.
 */
beforeAll(async () => {
  sourceId = await freshSource(database());
  const events = Array.from({ length: 12 }, (_none, n) => takenEvent(`${n + 1} of ${sourceId}`));
  await createEventLog(database()).append(sourceId, 0, events);
  const { pool } = database();
  await pool.query(
    `insert into partition_cursor (source_id, partition, cursor_seq, intended_seq, decided, withdrawn, undecided)
     values ($1, 0, 8, 11, '\\x02', '\\x04', 1)`,
    [sourceId],
  );
  await pool.query(
    `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, state, next_action, next_at, resolution,
       decision, resolved_at, created_at)
     select source_id, partition, kind, event_id, seq, logged_at, e.reason, e.state, e.action,
       case when e.state in ('waiting', 'sending') then now() end, e.resolution, e.decision,
       case when e.state = 'resolved' then now() end, now() - e.age
     from event_body b join (values
       (3, 'refused', 'resolved', null, 'delivered', 'mark-delivered', interval '9 hours'),
       (3, 'unknown', 'waiting', 'look-up', null, null, interval '4 hours'),
       (4, 'refused', 'held', null, null, null, interval '3 hours'),
       (5, 'unknown', 'waiting', 'resend', null, null, interval '2 hours'),
       (6, 'in-flight', 'sending', null, null, null, interval '1 hour'),
       (7, 'unsent', 'resolved', null, 'abandoned', 'abandon', interval '9 hours'),
       (8, 'unknown', 'resolved', null, 'delivered', 'mark-delivered', interval '9 hours')
     ) e (seq, reason, state, action, resolution, decision, age) using (seq) where b.source_id = $1 order by e.age desc`,
    [sourceId],
  );
  const raw = { ...takenEvent('raw'), reason: 'unreadable', facts: [] } as const;
  await createEventLog(database()).hold(sourceId, 0, raw);
});

it('each event is in one part, by its newest exception or by the cursor, and the parts add up to what was taken', async () => {
  const { counters } = await countEvents(database(), sourceId);
  expect(counters.parts).toEqual({
    // 11, 12, and 5 to be sent again.
    waiting: 3,
    // 9, and 6 whose answer is waited for.
    sending: 2,
    // 1, 2 and 10.
    accepted: 3,
    lookedFor: 1,
    // 4, and one that was never in the log.
    held: 2,
    abandoned: 1,
    replaced: 0,
    markedDelivered: 1,
  });
  expect(counters.taken).toBe(13);
  expect(Object.values(counters.parts).reduce((sum, one) => sum + one)).toBe(counters.taken);
});

it('what is open is counted by reason, with the age of the oldest, and what is held apart from it', async () => {
  const { counters, open } = await countEvents(database(), sourceId);
  expect(counters.exceptions).toEqual({ unknown: 2, refused: 1, 'in-flight': 1, unreadable: 1 });
  expect(counters.heldBy).toEqual({ refused: 1, unreadable: 1 });
  const hours = (ms = 0) => Math.floor(ms / 3_600_000);
  expect([hours(counters.oldestExceptionMs), hours(counters.oldestHeldMs)]).toEqual([4, 3]);
  expect(open).toContainEqual({
    reason: 'unknown',
    state: 'waiting',
    count: 2,
    oldestMs: expect.any(Number) as number,
  });
});

it('an event that came to the lake twice is delivered, and counted beside the parts', async () => {
  const { pool } = database();
  const other = await freshSource(database());
  await createEventLog(database()).append(other, 0, [takenEvent(`twice of ${other}`)]);
  await pool.query(
    'insert into partition_cursor (source_id, partition, cursor_seq, intended_seq) values ($1, 0, 1, 1)',
    [other],
  );
  await pool.query(`update source set lake_state = 'readable' where id = $1`, [other]);
  await pool.query(
    `insert into exception (source_id, partition, kind, event_id, reason, state, attempts)
     select source_id, partition, kind, event_id, 'repeated', 'held', 1 from event_body where source_id = $1`,
    [other],
  );
  const { counters } = await countEvents(database(), other);
  expect(counters.parts).toEqual({ ...NONE, accepted: 1 });
  expect(counters).toMatchObject({ taken: 1, repeated: 1, confirmed: 0, heldBy: {} });
});

it('sources are counted together, each for itself, also one that is not there', async () => {
  const other = await freshSource(database());
  await createEventLog(database()).append(other, 0, [takenEvent(`one of ${other}`)]);
  const counted = await countEventsOf(database(), [sourceId, other, 32_000]);
  expect([...counted.keys()]).toEqual([sourceId, other, 32_000]);
  expect(counted.get(sourceId)?.counters.taken).toBe(13);
  expect(counted.get(other)).toMatchObject({ partitions: [0], open: [], counters: { taken: 1, waiting: 1 } });
  expect(counted.get(32_000)).toMatchObject({ partitions: [], open: [], counters: { taken: 0, parts: NONE } });
});
