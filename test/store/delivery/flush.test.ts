/** What became of a flush whose answer was lost: asked of the row, as nobody else knows. */
import { describe, expect, it } from 'vitest';
import { intend, record } from '../../../src/domain/delivery/cursor.js';
import { findFlush, flush, type Flush } from '../../../src/store/delivery/flush.js';
import { closeGate } from '../../../src/store/delivery/gate.js';
import { claimPartition } from '../../../src/store/delivery/claim.js';
import { withDatabase } from '../../support/store.js';
import { claim, endLease, loggedSource } from './claimedSource.js';

const database = withDatabase();
const LEASE_MS = 60_000;

/** A drain that is about to intend all of 1 to 3. */
async function aboutToFlush() {
  const { id, sourceId } = await loggedSource(database(), 3);
  const { fence, claimId, serverSince, window } = await claim(database(), id, LEASE_MS);
  const first: Flush = {
    ...id,
    fence,
    claimId,
    serverSince,
    number: 1,
    leaseMs: LEASE_MS,
    recorded: window,
    intended: intend(window, { seqs: [1, 2, 3] }),
    cursorLoggedAt: '-infinity',
    accepted: 0,
    receipts: [],
    exceptions: [],
  };
  const recorded = record(first.intended, { decided: [1, 2], withdrawn: [3] });
  const second: Flush = { ...first, number: 2, recorded, intended: recorded, accepted: 2 };
  const setCursor = (change: string) =>
    database().pool.query(`update partition_cursor set ${change} where source_id = $1`, [sourceId]);
  return { id, sourceId, first, second, setCursor };
}

const HELD = { held: true, granted: true, handoverAsked: false, serverChanged: false };

describe('a flush whose answer was lost', () => {
  it('has happened, with its intents, and its own answer is found', async () => {
    const { first, second } = await aboutToFlush();
    expect(await flush(database(), first)).toMatchObject(HELD);
    expect(await findFlush(database(), first)).toEqual(HELD);
    expect(await flush(database(), second)).toMatchObject(HELD);
    expect(await findFlush(database(), second)).toEqual(HELD);
  });

  it('has happened without its intents where the gate was closed', async () => {
    const { first, sourceId } = await aboutToFlush();
    await closeGate(database(), sourceId, 'paused');
    expect(await flush(database(), first)).toMatchObject({ ...HELD, granted: false });
    expect(await findFlush(database(), first)).toEqual({ ...HELD, granted: false });
  });

  it('has happened without its intents where only events withdrawn before were wanted again', async () => {
    const { first, second, sourceId } = await aboutToFlush();
    await flush(database(), first);
    const again: Flush = { ...second, intended: intend(second.recorded, { seqs: [3] }) };
    await closeGate(database(), sourceId, 'paused');
    expect(await flush(database(), again)).toMatchObject({ ...HELD, granted: false });
    expect(await findFlush(database(), again)).toEqual({ ...HELD, granted: false });
  });

  it('has happened without its intents where it was to pass numbers of no event, behind one that is under way', async () => {
    const { first, sourceId } = await aboutToFlush();
    const one: Flush = { ...first, intended: intend(first.recorded, { seqs: [1] }) };
    await flush(database(), one);
    const passing = {
      ...one,
      number: 2,
      recorded: one.intended,
      intended: intend(one.intended, { seqs: [], absent: [2, 3] }),
    };
    await closeGate(database(), sourceId, 'paused');
    expect(await flush(database(), passing)).toMatchObject({ ...HELD, granted: false });
    expect(await findFlush(database(), passing)).toEqual({ ...HELD, granted: false });
  });

  it('has not happened: it may be made again', async () => {
    const { first, second } = await aboutToFlush();
    expect(await findFlush(database(), first)).toBeUndefined();
    expect(await flush(database(), first)).toMatchObject(HELD);
    expect(await findFlush(database(), second)).toBeUndefined();
    expect(await flush(database(), second)).toMatchObject(HELD);
  });

  it('tells also that another drain has asked for the partition, and that another server has answered', async () => {
    const { first, id } = await aboutToFlush();
    await flush(database(), first);
    await claimPartition(database(), { ...id, holder: 'next', leaseMs: LEASE_MS });
    expect(await findFlush(database(), first)).toEqual({ ...HELD, handoverAsked: true });
    const before = { ...first, serverSince: '2001-01-01 00:00:00+00' };
    expect(await findFlush(database(), before)).toEqual({ ...HELD, handoverAsked: true, serverChanged: true });
  });

  it('is of no use where another drain has taken the fence since: that is no loss', async () => {
    const { first, id } = await aboutToFlush();
    await endLease(database(), id);
    await claim(database(), id);
    expect(await flush(database(), first)).toBeUndefined();
    expect(await findFlush(database(), first)).toEqual({ held: false });
  });

  it.each([
    ['its fence', `fence = fence - 1`],
    ['its claim, and another one has its fence', `claim_id = gen_random_uuid()`],
    ['the flush before it', `flush_number = 0`],
  ])('was made of a database that has gone back: it has lost %s', async (_what, change) => {
    const { first, second, setCursor } = await aboutToFlush();
    await flush(database(), first);
    await setCursor(change);
    expect(await flush(database(), second)).toBeUndefined();
    expect(await findFlush(database(), second)).toEqual({ held: false, setBack: true });
  });

  it('was made of a database that has gone back to before any drain', async () => {
    const { first, sourceId } = await aboutToFlush();
    await database().pool.query('delete from partition_cursor where source_id = $1', [sourceId]);
    expect(await findFlush(database(), first)).toEqual({ held: false, setBack: true });
  });
});
