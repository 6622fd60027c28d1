import { describe, expect, it } from 'vitest';
import type { PartitionId } from '../../../src/store/delivery/claim.js';
import { expireUnanswered, lookForResends } from '../../../src/store/exceptions/exceptions.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';
import { ahead, except, exceptionsNow, OVERDUE, passedSource, TO_RESEND } from './passedSource.js';

const database = withDatabase();

const LOOKED_FOR = {
  reason: 'unknown',
  state: 'waiting',
  nextAction: 'look-up',
  due: true,
  version: 2,
  facts: ['no answer was recorded in time'],
};
/** Nothing has happened to it. */
const AWAITED = { reason: 'missing', state: 'sending', nextAction: null, version: 1, facts: [] };

/** As a clock that was two hours ahead has written the times of an attempt that may take a minute. */
const BEGUN_AHEAD = { ...OVERDUE, attempt_at: ahead('2 hours'), next_at: ahead('121 minutes') };

describe('an attempt whose answer did not come in time', () => {
  it('is one of unknown outcome, which is looked for at once', async () => {
    const { sourceId } = await passedSource(database(), 1);
    await except(database(), sourceId, 1, OVERDUE);
    expect(await expireUnanswered(database(), sourceId)).toBe(1);
    expect(await exceptionsNow(database(), sourceId)).toMatchObject([{ ...LOOKED_FOR, attempts: 2 }]);
    expect(await expireUnanswered(database(), sourceId)).toBe(0);
  });

  it('is not looked for when an earlier one turned out to be accepted: the event is delivered', async () => {
    const { sourceId } = await passedSource(database(), 2);
    await except(database(), sourceId, 1, { ...OVERDUE, accepted_attempt: '1' });
    await except(database(), sourceId, 2, OVERDUE);
    expect(await expireUnanswered(database(), sourceId)).toBe(2);
    expect(await exceptionsNow(database(), sourceId)).toMatchObject([
      { state: 'resolved', resolution: 'delivered', confirmed: false, version: 2, facts: LOOKED_FOR.facts },
      LOOKED_FOR,
    ]);
  });

  it('is none as long as the answer may come, and none of what is not being sent or is of another source', async () => {
    const { sourceId } = await passedSource(database(), 3);
    await except(database(), sourceId, 1, { ...OVERDUE, next_at: ahead('30 seconds') });
    await except(database(), sourceId, 2, TO_RESEND);
    await except(database(), sourceId, 3, { ...TO_RESEND, next_action: `'look-up'` });
    const other = await passedSource(database(), 1);
    await except(database(), other.sourceId, 1, OVERDUE);
    expect(await expireUnanswered(database(), sourceId)).toBe(0);
    const untouched = { version: 1, facts: [] };
    expect(await exceptionsNow(database(), sourceId)).toMatchObject([
      AWAITED,
      { ...untouched, state: 'waiting', nextAction: 'resend' },
      { ...untouched, state: 'waiting', nextAction: 'look-up' },
    ]);
    expect(await exceptionsNow(database(), other.sourceId)).toMatchObject([AWAITED]);
  });

  it('is waited for from now on where a clock that was ahead has begun it', async () => {
    const { sourceId } = await passedSource(database(), 1);
    await except(database(), sourceId, 1, BEGUN_AHEAD);
    expect(await expireUnanswered(database(), sourceId)).toBe(0);
    const { rows } = await database().pool.query(
      `select state, attempt_at <= clock_timestamp() as begun,
         next_at between clock_timestamp() and clock_timestamp() + interval '1 minute' as soon
       from exception where source_id = $1`,
      [sourceId],
    );
    expect(rows).toEqual([{ state: 'sending', begun: true, soon: true }]);
  });
});

describe('a look for resends', () => {
  /** A source with one exception, in its partition 1 of 2. */
  async function inPartition1(columns: Readonly<Record<string, string>>): Promise<PartitionId> {
    const sourceId = await freshSource(database(), 2);
    await createEventLog(database()).append(sourceId, 1, [takenEvent(`of ${sourceId}`)]);
    await except(database(), sourceId, 1, columns);
    return { sourceId, partition: 1 };
  }

  it('finds those of the asked partitions that have some to claim', async () => {
    const one = await inPartition1(TO_RESEND);
    const two = await inPartition1(TO_RESEND);
    await inPartition1(TO_RESEND);
    const beside = { ...one, partition: 0 };
    const found = await lookForResends(database(), [beside, one, two]);
    expect(found).toHaveLength(2);
    expect(found).toEqual(expect.arrayContaining([one, two]));
    expect(await lookForResends(database(), [beside])).toEqual([]);
    expect(await lookForResends(database(), [])).toEqual([]);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['is to be sent later', { ...TO_RESEND, next_at: ahead('30 seconds') }],
    ['is to be looked for', { ...TO_RESEND, next_action: `'look-up'` }],
    ['is being sent', { ...OVERDUE, next_at: ahead('30 seconds') }],
    ['is held', { ...TO_RESEND, state: `'held'`, next_action: 'null' }],
  ])('finds nothing to claim in what %s', async (_what, columns) => {
    const partition = await inPartition1(columns);
    expect(await lookForResends(database(), [partition])).toEqual([]);
  });

  it('ends attempts without an answer, of the sources of these partitions and of no other', async () => {
    const one = await inPartition1(OVERDUE);
    const two = await inPartition1({ ...OVERDUE, accepted_attempt: '1' });
    const other = await inPartition1(OVERDUE);
    // It is the source's, whichever of its partitions is asked about.
    expect(await lookForResends(database(), [{ ...one, partition: 0 }, two])).toEqual([]);
    expect(await exceptionsNow(database(), one.sourceId)).toMatchObject([LOOKED_FOR]);
    expect(await exceptionsNow(database(), two.sourceId)).toMatchObject([{ resolution: 'delivered', version: 2 }]);
    expect(await exceptionsNow(database(), other.sourceId)).toMatchObject([AWAITED]);
  });

  it('brings back what a clock that was ahead has put off, for the next look', async () => {
    const one = await inPartition1({ ...TO_RESEND, next_at: ahead('2 hours') });
    const other = await inPartition1({ ...TO_RESEND, next_at: ahead('2 hours') });
    await lookForResends(database(), [one]);
    expect(await lookForResends(database(), [one])).toEqual([one]);
    expect(await exceptionsNow(database(), other.sourceId)).toMatchObject([{ due: false }]);
  });
});
