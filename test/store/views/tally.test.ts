import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Database } from '../../../src/store/connection/database.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { tallyPartitions } from '../../../src/store/views/tally.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';

const database = withDatabase();

/** Answers so many counting statements, then none any more. */
function failingAfter(answered: number): Database {
  let left = answered;
  const { pool } = database();
  const query = (...parameters: Parameters<typeof pool.query>) => {
    const isCount = JSON.stringify(parameters[0]).includes('insert into partition_tally');
    if (isCount && (left -= 1) < 0) throw new Error('canceling statement due to statement timeout');
    return pool.query(...parameters);
  };
  return { ...database(), pool: Object.assign(Object.create(pool) as typeof pool, { query }) };
}

async function oneEventEach(partitions: number): Promise<number> {
  const sourceId = await freshSource(database(), partitions);
  for (let partition = 0; partition < partitions; partition += 1)
    await createEventLog(database()).append(sourceId, partition, [takenEvent(randomUUID())]);
  return sourceId;
}

async function kept(sourceId: number): Promise<readonly object[]> {
  const { rows } = await database().pool.query<object>(
    'select partition, taken_count from partition_tally where source_id = $1 order by partition',
    [sourceId],
  );
  return rows;
}

const counted = (...partitions: number[]) => partitions.map((partition) => ({ partition, taken_count: 1 }));

it('counts so many numbers at a time, and keeps what is counted when a statement fails', async () => {
  const sourceId = await oneEventEach(3);
  await expect(tallyPartitions(failingAfter(2), [sourceId], 1)).rejects.toThrow('statement timeout');
  expect(await kept(sourceId)).toEqual(counted(0, 1));
  await tallyPartitions(database(), [sourceId], 1);
  expect(await kept(sourceId)).toEqual(counted(0, 1, 2));
});

it('counts partitions of many sources in one statement where they have little', async () => {
  const sourceIds = [await oneEventEach(3), await oneEventEach(2)];
  await tallyPartitions(failingAfter(1), sourceIds);
  expect(await Promise.all(sourceIds.map(kept))).toEqual([counted(0, 1, 2), counted(0, 1)]);
});
