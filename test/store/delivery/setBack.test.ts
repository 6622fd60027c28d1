import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SET_BACK } from '../../../chaos/forward/faults/lostCommits.js';
import { readCursor } from '../../../src/store/delivery/claim.js';
import { readGate } from '../../../src/store/delivery/gate.js';
import { findBehind, recordSetBack } from '../../../src/store/delivery/setBack.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { registerSource } from '../../../src/store/sources/sources.js';
import { takenEvent, withDatabase } from '../../support/store.js';

const database = withDatabase();

/** Its partition 0 is at fence 5, has intended 40 and has claimed 3 resends; no drain has come to its partition 1. */
async function known() {
  const uid = randomUUID();
  const sourceId = await registerSource(database(), { uid, name: `source-${uid}`, partitions: 2 });
  await database().pool.query(
    'insert into partition_cursor (source_id, partition, fence, intended_seq, resend_claims) values ($1, 0, 5, 40, 3)',
    [sourceId],
  );
  return { uid, sourceId };
}

describe('a database is behind of what is remembered', () => {
  it.each([
    ['a later fence', { fence: 6 }],
    ['more that was intended under its fence', { fence: 5, intended: 41 }],
    ['more resends that were claimed under its fence', { fence: 5, intended: 40, resendClaims: 4 }],
  ])('where that is %s', async (_what, position) => {
    const { uid, sourceId } = await known();
    expect(await findBehind(database(), [{ uid, partition: 0, ...position }])).toEqual([
      { id: { sourceId, partition: 0 }, known: position },
    ]);
  });

  it.each([
    ['the same position', { fence: 5, intended: 40, resendClaims: 3 }],
    ['its fence alone', { fence: 5 }],
    ['an earlier fence, however far that one had come', { fence: 4, intended: 99, resendClaims: 99 }],
  ])('and not where that is %s', async (_what, position) => {
    const { uid } = await known();
    expect(await findBehind(database(), [{ uid, partition: 0, ...position }])).toEqual([]);
  });

  it('where it does not know that a drain has ever been', async () => {
    const { uid, sourceId } = await known();
    expect(await findBehind(database(), [{ uid, partition: 1, fence: 1 }])).toMatchObject([
      { id: { sourceId, partition: 1 } },
    ]);
  });

  it('of each partition by itself; of a source that it does not know nothing can be said', async () => {
    const [one, two] = [await known(), await known()];
    const behind = await findBehind(database(), [
      { uid: randomUUID(), partition: 0, fence: 9 },
      { uid: one.uid, partition: 0, fence: 5 },
      { uid: two.uid, partition: 0, fence: 7, intended: 50 },
      { uid: one.uid, partition: 1, fence: 2 },
    ]);
    expect(behind).toEqual([
      { id: { sourceId: two.sourceId, partition: 0 }, known: { fence: 7, intended: 50, resendClaims: undefined } },
      {
        id: { sourceId: one.sourceId, partition: 1 },
        known: { fence: 2, intended: undefined, resendClaims: undefined },
      },
    ]);
  });
});

describe('a partition that was found behind', () => {
  const log = (sourceId: number, count: number) =>
    createEventLog(database()).append(
      sourceId,
      1,
      Array.from({ length: count }, () => takenEvent(randomUUID())),
    );

  it('gives no number to another event that somebody remembers, and waits for a person', async () => {
    const { sourceId } = await known();
    const id = { sourceId, partition: 1 };
    await log(sourceId, 2);
    expect(await recordSetBack(database(), id, { fence: 4, intended: 10 })).toBe(2);
    expect(await readCursor(database(), id)).toMatchObject({ window: { cursor: 10 } });
    expect((await readCursor(database(), id))?.fence).toBeGreaterThan(4);
    await log(sourceId, 1);
    const { rows } = await database().pool.query('select max(seq) as last from event_body where source_id = $1', [
      sourceId,
    ]);
    expect(rows).toEqual([{ last: 11 }]);
    const gate = await readGate(database(), sourceId);
    expect(gate).toMatchObject({ open: false, opensByItself: false });
    // By these words the chaos run knows what a person would set going again.
    expect(gate?.reason).toMatch(SET_BACK);
  });

  it('is gone over once: what has come since is to be sent', async () => {
    const { sourceId } = await known();
    const id = { sourceId, partition: 1 };
    await log(sourceId, 2);
    await recordSetBack(database(), id, { fence: 4 });
    await log(sourceId, 1);
    expect(await recordSetBack(database(), id, { fence: 4 })).toBe(0);
    expect(await readCursor(database(), id)).toMatchObject({ window: { cursor: 2 } });
  });
});
