import { describe, expect, it } from 'vitest';
import { intend, record } from '../../../src/domain/delivery/cursor.js';
import { inTransaction } from '../../../src/store/connection/database.js';
import { type PartitionId, readCursor } from '../../../src/store/delivery/claim.js';
import { flush } from '../../../src/store/delivery/flush.js';
import { readGate } from '../../../src/store/delivery/gate.js';
import {
  type MaySent,
  previewRestored,
  restoredReport,
  makeExceptionsUnknown,
  makePartitionUnknown,
  applyRestored,
} from '../../../src/store/delivery/restored.js';
import { putAgain } from '../../../src/store/receivers/putAgain.js';
import { takenEvent, withDatabase } from '../../support/store.js';
import { claim, endLease, loggedSource } from './claimedSource.js';

const database = withDatabase();
const FENCE_LEAP = 1_000_000;

/** Of 7 events 1 is accepted, 2 may have been sent, 3 is accepted, 4 was turned down, 5 is accepted; 6 and 7 are ahead. */
async function halfSent() {
  const source = await loggedSource(database(), 7);
  const { id } = source;
  const { fence, claimId, serverSince, window, gateEpoch } = await claim(database(), id);
  const drain = {
    ...id,
    fence,
    claimId,
    serverSince,
    leaseMs: 60_000,
    cursorLoggedAt: '-infinity',
    accepted: 0,
    receipts: [],
    exceptions: [],
  };
  const sent = record(intend(window, { seqs: [1, 2, 3, 4, 5] }), { decided: [1, 3, 5], withdrawn: [4] });
  await flush(database(), { ...drain, number: 1, recorded: window, intended: sent });
  const goOn = () => flush(database(), { ...drain, number: 2, recorded: sent, intended: sent });
  await endLease(database(), id);
  return { ...source, fence, gateEpoch, goOn };
}

const applyTo = (id: PartitionId, sent: MaySent) =>
  inTransaction(database(), (client) => makePartitionUnknown(client, id, sent));

async function exceptionsOf(sourceId: number) {
  const { rows } = await database().pool.query<{ seq: number; attempt_fence: number | null }>(
    `select seq, reason, state, next_action, attempt_fence from exception where source_id = $1 order by seq`,
    [sourceId],
  );
  return rows;
}

const unknown = (seq: number, fence: number | null) => ({
  seq,
  reason: 'unknown',
  state: 'waiting',
  next_action: 'look-up',
  attempt_fence: fence,
});

describe('a partition of a database that was set back', () => {
  it('may have sent everything that was logged until then, but for what is known to be accepted', async () => {
    const { id, sourceId, fence } = await halfSent();
    expect(await applyTo(id, { loggedUntil: new Date() })).toBe(4);
    // Which drain may have sent the others nobody knows.
    expect(await exceptionsOf(sourceId)).toEqual([
      unknown(2, fence),
      unknown(4, null),
      unknown(6, null),
      unknown(7, null),
    ]);
    expect((await readCursor(database(), id))?.window).toMatchObject({ cursor: 7, intended: 7 });
  });

  it('has a fence beyond every one that somebody remembers, and the drain that lives on intends nothing', async () => {
    const { id, fence, goOn } = await halfSent();
    await applyTo(id, { loggedUntil: new Date() });
    const row = await readCursor(database(), id);
    expect(row?.fence).toBeGreaterThan(fence + FENCE_LEAP);
    expect(row).toMatchObject({ leaseLeftMs: 0, handoverAsked: false, flushNumber: 0 });
    expect(await goOn()).toBeUndefined();
  });

  it('may have sent no more than its last drain had come to, where that is remembered', async () => {
    const { id, sourceId, fence } = await halfSent();
    const remembered = fence + 3;
    expect(await applyTo(id, { throughSeq: 6, fence: remembered })).toBe(3);
    expect(await exceptionsOf(sourceId)).toEqual([unknown(2, fence), unknown(4, remembered), unknown(6, remembered)]);
    const row = await readCursor(database(), id);
    expect(row?.window).toMatchObject({ cursor: 6, intended: 6 });
    expect(row?.fence).toBeGreaterThan(remembered);
    expect(row?.fence).toBeLessThan(FENCE_LEAP);
  });

  it('keeps what its last drain did not come to as it is: what it has withdrawn is still to be sent', async () => {
    const { id, sourceId, fence } = await halfSent();
    expect(await applyTo(id, { throughSeq: 3, fence })).toBe(1);
    expect(await exceptionsOf(sourceId)).toEqual([unknown(2, fence)]);
    expect((await readCursor(database(), id))?.window).toMatchObject({ cursor: 3, intended: 5 });
  });

  it('is not gone over twice', async () => {
    const { id, sourceId } = await halfSent();
    const until = new Date();
    await applyTo(id, { loggedUntil: until });
    const first = await exceptionsOf(sourceId);
    expect(await applyTo(id, { loggedUntil: until })).toBe(0);
    expect(await exceptionsOf(sourceId)).toEqual(first);
  });

  it('leaves an event to its exception that a receiver has put back before', async () => {
    const { id, sourceId } = await loggedSource(database(), 1);
    await claim(database(), id);
    await endLease(database(), id);
    await putAgain(database(), sourceId, 0, [takenEvent(`put again into ${sourceId}`)]);
    expect(await applyTo(id, { loggedUntil: new Date() })).toBe(1);
    expect((await exceptionsOf(sourceId)).map(({ seq }) => seq)).toEqual([1, 2]);
  });
});

describe('exceptions of a database that was set back', () => {
  async function withExceptions() {
    const { sourceId } = await loggedSource(database(), 5);
    await database().pool.query(
      `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, state, next_action, next_at,
         resolution, resolved_at, attempts, created_at)
       select source_id, e.partition, kind, event_id, e.seq, logged_at, e.reason, e.state, e.action,
         case when e.action is not null or e.state = 'sending' then now() + interval '1 hour' end, e.resolution,
         case when e.resolution is not null then now() end, 1, now() - interval '2 hours'
       from event_body b join (values (1, 0, 'refused', 'waiting', 'resend', null), (2, 1, 'in-flight', 'sending', null, null),
         (3, 0, 'unknown', 'waiting', 'look-up', null), (4, 0, 'refused', 'held', null, null),
         (5, 0, 'unknown', 'resolved', null, 'delivered')) e (seq, partition, reason, state, action, resolution) using (seq)
       where b.source_id = $1`,
      [sourceId],
    );
    const toLookUp = async () => {
      const { rows } = await database().pool.query<{ seq: number }>(
        `select seq from exception where source_id = $1 and reason = 'unknown' and state = 'waiting' and next_action = 'look-up'
           and next_at <= now() order by seq`,
        [sourceId],
      );
      return rows.map(({ seq }) => seq);
    };
    return { sourceId, toLookUp };
  }

  it('are looked for at once, whatever was to be done next; what a person decides about, or is over, stays', async () => {
    const { sourceId, toLookUp } = await withExceptions();
    expect(await makeExceptionsUnknown(database().pool, { sourceId })).toBe(3);
    expect(await toLookUp()).toEqual([1, 2, 3]);
  });

  it('are those of one partition where one drain alone has found it', async () => {
    const { sourceId, toLookUp } = await withExceptions();
    expect(await makeExceptionsUnknown(database().pool, { sourceId, partition: 1 })).toBe(1);
    expect(await toLookUp()).toEqual([2]);
  });

  it('are none that were made since the time to which it was set back', async () => {
    const { sourceId, toLookUp } = await withExceptions();
    expect(await makeExceptionsUnknown(database().pool, { sourceId }, new Date(Date.now() - 3 * 3_600_000))).toBe(0);
    expect(await toLookUp()).toEqual([]);
    expect(await makeExceptionsUnknown(database().pool, { sourceId }, new Date(Date.now() - 3_600_000))).toBe(3);
  });
});

describe('the report of a database that was set back', () => {
  /** Not before what was just written: the database tells microseconds. */
  const justNow = () => new Date(Date.now() + 1);
  const named = async (sourceId: number, sources: readonly { readonly name: string }[]) => {
    const { rows } = await database().pool.query<{ name: string }>('select name from source where id = $1', [sourceId]);
    return sources.find(({ name }) => name === rows[0]?.name);
  };

  it('says beforehand exactly what is done then', async () => {
    const { id, sourceId } = await halfSent();
    await putAgain(database(), sourceId, 0, [takenEvent(`put again into ${sourceId}`)]);
    const since = justNow();
    const before = await named(sourceId, await previewRestored(database(), since));
    const row = await readCursor(database(), id);
    expect(before).toMatchObject({ events: 4, exceptions: 1 });
    expect(await readCursor(database(), id)).toEqual({ ...row, leaseLeftMs: 0 });
    expect(await named(sourceId, await applyRestored(database(), since, 'restored'))).toEqual(before);
  });

  it('changes nothing until it is to be applied, and says on the gate then who has reported it', async () => {
    const { sourceId } = await halfSent();
    const since = justNow().toISOString();
    const seen = await restoredReport(database(), { since, apply: false, by: 'ana' });
    expect(seen).toMatchObject({ v: 1, since, applied: false });
    expect(await named(sourceId, seen.sources)).toMatchObject({ events: 4 });
    expect(await readGate(database(), sourceId)).toMatchObject({ open: true });
    expect(await exceptionsOf(sourceId)).toEqual([]);

    const done = await restoredReport(database(), { since, apply: true, by: 'ana' });
    expect(done).toMatchObject({ v: 1, since, applied: true });
    expect(await named(sourceId, done.sources)).toMatchObject({ events: 4 });
    expect(await readGate(database(), sourceId)).toMatchObject({
      open: false,
      opensByItself: false,
      reason: `the database was restored to ${since} (reported by ana)`,
    });
  });
});
