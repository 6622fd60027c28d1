import { expect, it } from 'vitest';
import { findReceipts, pruneReceipts } from '../../../src/store/delivery/receipts.js';
import { freshSource, withDatabase } from '../../support/store.js';

const database = withDatabase();

function keep(sourceId: number, lines: readonly string[], recordedAt = 'now()') {
  const seqs = lines.map((line) => Number(line.split(' ')[0]));
  return database().pool.query(
    `insert into receipt (source_id, partition, first_seq, last_seq, lines, recorded_at) values ($1, 0, $2, $3, $4, ${recordedAt})`,
    [sourceId, Math.min(...seqs), Math.max(...seqs), lines.join('\n')],
  );
}

it('an event has the receipts of its number in its partition, one for each time that it was accepted', async () => {
  const sourceId = await freshSource(database());
  await keep(sourceId, ['1 a:1 100', '2 a:2 100', '4 a:4 100']);
  await keep(sourceId, ['2 b:2 300']);
  const find = (seq: number, partition = 0) => findReceipts(database(), { sourceId, partition, seq });
  expect(await find(2)).toEqual([
    { seq: 2, xactionId: 'a:2', receivedTimeMs: 100 },
    { seq: 2, xactionId: 'b:2', receivedTimeMs: 300 },
  ]);
  expect(await find(3)).toEqual([]);
  expect(await find(2, 1)).toEqual([]);
});

it('receipts that are older than they are kept for go, and no others', async () => {
  const sourceId = await freshSource(database());
  await keep(sourceId, ['1 old 1'], `now() - interval '2 hours'`);
  await keep(sourceId, ['2 new 1']);
  expect(await pruneReceipts(database(), 3_600_000)).toBe(1);
  expect(await pruneReceipts(database(), 3_600_000)).toBe(0);
  const find = (seq: number) => findReceipts(database(), { sourceId, partition: 0, seq });
  expect([await find(1), await find(2)]).toMatchObject([[], [{ xactionId: 'new' }]]);
});
