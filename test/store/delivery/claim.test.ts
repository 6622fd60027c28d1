import { describe, expect, it } from 'vitest';
import { intend, record, sequencesIn, type CursorWindow } from '../../../src/domain/delivery/cursor.js';
import { inTransaction } from '../../../src/store/connection/database.js';
import {
  answerWake,
  type Claim,
  claimPartition,
  lockCursor,
  markIdle,
  type PartitionId,
  readCursor,
  makeLeftoversUnknown,
} from '../../../src/store/delivery/claim.js';
import { flush } from '../../../src/store/delivery/flush.js';
import { findWakes } from '../../../src/store/delivery/wakes.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';
import { claim, endLease, loggedSource } from './claimedSource.js';

const database = withDatabase();
const LEASE_MS = 60_000;

async function columns(id: PartitionId, names: string) {
  const { rows } = await database().pool.query<Record<string, unknown>>(
    `select ${names} from partition_head left join partition_cursor using (source_id, partition)
     where source_id = $1 and partition = $2`,
    [id.sourceId, id.partition],
  );
  return rows[0] ?? {};
}

/** The first flush of a drain, which intends what it is given. */
function firstFlush(id: PartitionId, { fence, claimId, serverSince, window }: Claim, intended: CursorWindow) {
  return flush(database(), {
    ...id,
    fence,
    claimId,
    serverSince,
    number: 1,
    leaseMs: LEASE_MS,
    recorded: window,
    intended,
    cursorLoggedAt: '-infinity',
    accepted: 0,
    receipts: [],
    exceptions: [],
  });
}

describe('the cursor as it is read', () => {
  it('is none where no drain has ever been', async () => {
    const { id } = await loggedSource(database(), 1);
    expect(await readCursor(database(), id)).toBeUndefined();
  });

  it('tells who holds the partition, for how long, and how far it has come', async () => {
    const { id } = await loggedSource(database(), 3);
    const mine = await claim(database(), id, LEASE_MS);
    const intended = intend(mine.window, { seqs: [1, 2] });
    await firstFlush(id, mine, intended);
    const row = await readCursor(database(), id);
    expect(row).toMatchObject({ fence: 1, claimId: mine.claimId, flushNumber: 1, handoverAsked: false });
    expect(row?.window).toEqual(intended);
    expect(row?.leaseLeftMs).toBeGreaterThan(LEASE_MS / 2);
    expect(row?.leaseLeftMs).toBeLessThanOrEqual(LEASE_MS);
    await claimPartition(database(), { ...id, holder: 'next', leaseMs: LEASE_MS });
    expect(await readCursor(database(), id)).toMatchObject({ fence: 1, handoverAsked: true });
  });

  it('has no claim where only an older release has been, and no lease', async () => {
    const { id } = await loggedSource(database(), 1);
    await database().pool.query('insert into partition_cursor (source_id, partition) values ($1, 0)', [id.sourceId]);
    expect(await readCursor(database(), id)).toMatchObject({ fence: 0, claimId: undefined, leaseLeftMs: 0 });
  });
});

describe('the cursor as it is locked', () => {
  it('is nobody else’s until the transaction ends', async () => {
    const { id, sourceId } = await loggedSource(database(), 1);
    await claim(database(), id);
    const free = async () => {
      const { rowCount } = await database().pool.query(
        'select from partition_cursor where source_id = $1 for update skip locked',
        [sourceId],
      );
      return rowCount === 1;
    };
    await inTransaction(database(), async (client) => {
      await lockCursor(client, id);
      expect(await free()).toBe(false);
    });
    expect(await free()).toBe(true);
  });

  it('has to be there', async () => {
    const { id } = await loggedSource(database(), 1);
    await expect(inTransaction(database(), (client) => lockCursor(client, id))).rejects.toThrow('no cursor row');
  });

  it('lets a lease that a fast clock gave begin anew, and leaves any other as it is', async () => {
    const { id } = await loggedSource(database(), 1);
    await claim(database(), id, LEASE_MS);
    const lock = () => inTransaction(database(), (client) => lockCursor(client, id));
    const leaseEnd = async () => ((await columns(id, 'lease_until'))['lease_until'] as Date).getTime();
    const given = await leaseEnd();
    expect(await lock()).toMatchObject({ isLeaseAhead: false });
    expect(await leaseEnd()).toBe(given);
    await database().pool.query(
      `update partition_cursor set lease_until = lease_until + interval '1 day' where source_id = $1`,
      [id.sourceId],
    );
    expect(await lock()).toMatchObject({ isLeaseAhead: true });
    expect((await leaseEnd()) - given).toBeLessThan(LEASE_MS);
    expect((await readCursor(database(), id))?.isLeaseAhead).toBe(false);
  });
});

describe('what a drain has left undecided', () => {
  /** Of 1 to 5 it has intended 1 to 4: 1 and 3 are undecided, 2 is decided, 4 is withdrawn. */
  async function leftBehind() {
    const { id, sourceId, events } = await loggedSource(database(), 5);
    const mine = await claim(database(), id, LEASE_MS);
    const intended = record(intend(mine.window, { seqs: [1, 2, 3, 4] }), { decided: [2], withdrawn: [4] });
    await firstFlush(id, mine, intended);
    await endLease(database(), id);
    const makeUnknown = () =>
      inTransaction(database(), async (client) => makeLeftoversUnknown(client, id, await lockCursor(client, id)));
    return { id, sourceId, events, mine, makeUnknown };
  }

  it('is unknown, of the attempt that may have been made, and to be looked for', async () => {
    const { sourceId, events, mine, makeUnknown } = await leftBehind();
    await makeUnknown();
    const { rows } = await database().pool.query(
      `select e.seq, e.event_id, e.reason, e.state, e.next_action, e.attempts, e.attempt_fence, to_jsonb(e.attempt_epochs) as attempt_epochs,
         e.attempt_at = c.lease_until as at_the_lease_end
       from exception e join partition_cursor c using (source_id, partition) where source_id = $1 order by seq`,
      [sourceId],
    );
    const unknown = (seq: number) => ({
      seq,
      event_id: events[seq - 1]?.eventId,
      reason: 'unknown',
      state: 'waiting',
      next_action: 'look-up',
      attempts: 1,
      attempt_fence: mine.fence,
      attempt_epochs: [mine.gateEpoch],
      at_the_lease_end: true,
    });
    expect(rows).toEqual([unknown(1), unknown(3)]);
  });

  it('is passed by the cursor, while what was withdrawn stays to be sent', async () => {
    const { id, makeUnknown } = await leftBehind();
    const window = await makeUnknown();
    expect(window).toMatchObject({ cursor: 3, intended: 4 });
    expect(sequencesIn(window, 'withdrawn')).toEqual([4]);
    const stored = (await readCursor(database(), id))?.window;
    expect(stored).toMatchObject({ cursor: 3, intended: 4 });
    expect(stored === undefined ? [] : sequencesIn(stored, 'withdrawn')).toEqual([4]);
    expect(await columns(id, 'undecided')).toEqual({ undecided: 0 });
  });

  it('cannot be left undecided again by that drain, should it live on', async () => {
    const { id, mine, makeUnknown } = await leftBehind();
    await makeUnknown();
    expect(await firstFlush(id, mine, intend(mine.window, { seqs: [1, 2, 3, 4, 5] }))).toBeUndefined();
    expect(await readCursor(database(), id)).toMatchObject({ fence: mine.fence + 1, flushNumber: 0 });
  });
});

describe('an empty log', () => {
  async function held(count: number) {
    const source = await loggedSource(database(), count);
    const mine = await claim(database(), source.id, LEASE_MS);
    const ask = (intended: number, changes: { fence?: number; release?: boolean } = {}) =>
      markIdle(database(), {
        ...source.id,
        fence: mine.fence,
        claimId: mine.claimId,
        intended,
        cursorLoggedAt: '-infinity',
        release: false,
        ...changes,
      });
    const head = () => columns(source.id, 'idle, wake_seq');
    const append = (name: string) =>
      createEventLog(database()).append(source.sourceId, 0, [takenEvent(`${name} of ${source.sourceId}`)]);
    return { ...source, ask, head, append };
  }

  it('is idle: the next insert asks for a wake, and the lease stays with the drain that watches', async () => {
    const { ask, head, append, id } = await held(2);
    expect(await ask(2)).toEqual({ idle: true });
    expect(await head()).toEqual({ idle: true, wake_seq: null });
    expect((await readCursor(database(), id))?.leaseLeftMs).toBeGreaterThan(0);
    await append('later');
    expect(await head()).toEqual({ idle: false, wake_seq: 3 });
  });

  it('gives the lease back where the drain ends with it', async () => {
    const { ask, id } = await held(1);
    expect(await ask(1, { release: true })).toEqual({ idle: true });
    expect(await columns(id, 'holder')).toEqual({ holder: null });
    expect(await readCursor(database(), id)).toMatchObject({ leaseLeftMs: 0 });
  });

  it('is not one that has an event behind what was intended', async () => {
    const { ask, head } = await held(2);
    const before = await head();
    expect(await ask(1, { release: true })).toEqual({ idle: false, absentThrough: undefined });
    expect(await head()).toEqual(before);
  });

  it('has numbers without an event where copies came last: they are told, to be passed', async () => {
    const { ask, append } = await held(2);
    await append('1');
    await append('0');
    expect(await ask(2)).toEqual({ idle: false, absentThrough: 4 });
    expect(await ask(4)).toEqual({ idle: true });
  });

  it('is nothing that a drain can say which has lost its fence', async () => {
    const { ask, head } = await held(1);
    const before = await head();
    expect(await ask(1, { fence: 0, release: true })).toEqual({ idle: false, lost: true });
    expect(await head()).toEqual(before);
  });

  it('wakes nobody for an insert that a watching drain has seen itself', async () => {
    const { ask, append, id, sourceId } = await held(1);
    await ask(1, { release: true });
    await append('later');
    const isWoken = async () => (await findWakes(database())).some((wake) => wake.sourceId === sourceId);
    expect(await isWoken()).toBe(true);
    await answerWake(database(), { sourceId: await freshSource(database()), partition: 0 });
    expect(await isWoken()).toBe(true);
    await answerWake(database(), id);
    expect(await isWoken()).toBe(false);
  });
});
