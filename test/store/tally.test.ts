import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Database } from '../../src/store/database.js';
import { createEventLog } from '../../src/store/eventLog.js';
import { tallyPartitions } from '../../src/store/tally.js';
import { freshSource, takenEvent, withDatabase } from '../support/store.js';

const database = withDatabase();

/** Answers so many counting statements, then none any more. */
function failingAfter(answered: number): Database {
  let left = answered;
  const { pool } = database();
  const query = (...parameters: Parameters<typeof pool.query>) => {
    const isCount = JSON.stringify(parameters[0]).includes('partition_tally');
    if (isCount && (left -= 1) < 0) throw new Error('canceling statement due to statement timeout');
    return pool.query(...parameters);
  };
  return { ...database(), pool: Object.assign(Object.create(pool) as typeof pool, { query }) };
}

it('counts a partition at a time, and keeps what is counted when a statement fails', async () => {
  const sourceId = await freshSource(database(), 3);
  for (const partition of [0, 1, 2])
    await createEventLog(database()).append(sourceId, partition, [takenEvent(randomUUID())]);
  await expect(tallyPartitions(failingAfter(2), sourceId)).rejects.toThrow('statement timeout');
  const kept = await database().pool.query(
    'select partition, taken_count from partition_tally where source_id = $1 order by partition',
    [sourceId],
  );
  expect(kept.rows).toEqual([0, 1].map((partition) => ({ partition, taken_count: 1 })));
  expect(await tallyPartitions(database(), sourceId)).toEqual(
    [0, 1, 2].map((partition) => ({ partition, taken: 1, waiting: 1 })),
  );
});
