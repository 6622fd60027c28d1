/** Whether a dataset may hold events of a source: undo leaves it alone then. */
import { expect, it } from 'vitest';
import { mayHaveDelivered } from '../../../src/store/delivery/delivered.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';

const database = withDatabase();

it('a source that has taken nothing, or has sent nothing of it, has delivered nothing', async () => {
  const sourceId = await freshSource(database());
  expect(await mayHaveDelivered(database(), sourceId)).toBe(false);
  await createEventLog(database()).append(sourceId, 0, [takenEvent(`of ${sourceId}`)]);
  await database().pool.query('insert into partition_cursor (source_id, partition) values ($1, 0)', [sourceId]);
  expect(await mayHaveDelivered(database(), sourceId)).toBe(false);
});

it('one that a drain has intended to send something of may have, whatever became of it', async () => {
  const sourceId = await freshSource(database());
  await database().pool.query('insert into partition_cursor (source_id, partition, intended_seq) values ($1, 0, 1)', [
    sourceId,
  ]);
  expect(await mayHaveDelivered(database(), sourceId)).toBe(true);
});

it.each([
  [0, false],
  [1, true],
])('an event that is held after %i attempts: %s', async (attempts, may) => {
  const sourceId = await freshSource(database());
  await database().pool.query(
    `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, state, attempts)
     values ($1, 0, 1, sha256('one'), 1, now(), 'unsent', 'held', $2)`,
    [sourceId, attempts],
  );
  expect(await mayHaveDelivered(database(), sourceId)).toBe(may);
});
