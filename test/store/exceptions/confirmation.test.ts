import { assert, describe, expect, it } from 'vitest';
import {
  acceptedAfter,
  confirmDelivery,
  dueConfirmations,
  type DueConfirmation,
  lookUpsAhead,
  oldestUnconfirmedMs,
  planLooks,
  postponeConfirmation,
  readConfirmationPage,
  recordConfirmation,
  reopenDelivery,
  type UnconfirmedDelivery,
  unconfirmedDeliveries,
} from '../../../src/store/exceptions/confirmation.js';
import { noteLake } from '../../../src/store/exceptions/lookUps.js';
import { openGate } from '../../../src/store/delivery/gate.js';
import { freshSource, withDatabase } from '../../support/store.js';
import {
  ago,
  AWAITS_LAKE,
  confirmedCount,
  DELIVERED,
  except,
  exceptionsNow,
  passedSource,
  passTo,
} from './passedSource.js';

const database = withDatabase();
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

async function plan(
  sourceId: number,
  partition: number,
  throughSeq: number,
  { due = ago('1 second') } = {},
): Promise<void> {
  await database().pool.query(
    `insert into look_up_plan (source_id, partition, through_seq, planned_at, due_at) values ($1, $2, $3, ${ago('1 hour')}, ${due})`,
    [sourceId, partition, throughSeq],
  );
}

async function confirmTo(sourceId: number, partition: number, seq: number): Promise<void> {
  await database().pool.query('insert into partition_audit (source_id, partition, audited_seq) values ($1, $2, $3)', [
    sourceId,
    partition,
    seq,
  ]);
}

/** Partition, number, and whether it is due, of each plan. */
async function plans(sourceId: number): Promise<unknown[]> {
  const { rows } = await database().pool.query<{ partition: number; seq: number; due: boolean }>(
    `select partition, through_seq as seq, due_at <= clock_timestamp() as due from look_up_plan
     where source_id = $1 order by partition, through_seq`,
    [sourceId],
  );
  return rows.map(({ partition, seq, due }) => [partition, seq, due ? 'due' : 'later']);
}

async function receipt(sourceId: number, lastSeq: number, at: string): Promise<void> {
  await database().pool.query(
    `insert into receipt (source_id, partition, first_seq, last_seq, recorded_at, lines) values ($1, 0, $2, $2, ${at}, '')`,
    [sourceId, lastSeq],
  );
}

describe('plans', () => {
  const PLANNING = { dueInMs: HOUR_MS, everyMs: MINUTE_MS };

  it('are made of partitions whose cursor is beyond what was looked for, as far as the cursor', async () => {
    const sourceId = await freshSource(database(), 4);
    await passTo(database(), sourceId, 0, 5);
    await passTo(database(), sourceId, 1, 5);
    await confirmTo(sourceId, 1, 4);
    await passTo(database(), sourceId, 2, 5);
    await confirmTo(sourceId, 2, 5);
    await passTo(database(), sourceId, 3, 0);
    await planLooks(database(), sourceId, PLANNING);
    expect(await plans(sourceId)).toEqual([
      [0, 5, 'later'],
      [1, 5, 'later'],
    ]);
    expect((await lookUpsAhead(database(), sourceId)).dueInMs).toBeGreaterThan(HOUR_MS - MINUTE_MS);
  });

  it('cover many events: what the cursor passes soon after one is planned later, and nothing is planned twice', async () => {
    const sourceId = await freshSource(database());
    const age = () =>
      database().pool.query(`update look_up_plan set planned_at = ${ago('61 seconds')} where source_id = $1`, [
        sourceId,
      ]);
    await passTo(database(), sourceId, 0, 5);
    await planLooks(database(), sourceId, PLANNING);
    await passTo(database(), sourceId, 0, 6);
    await planLooks(database(), sourceId, PLANNING);
    expect(await plans(sourceId)).toEqual([[0, 5, 'later']]);
    await age();
    await planLooks(database(), sourceId, PLANNING);
    await age();
    await planLooks(database(), sourceId, PLANNING);
    expect(await plans(sourceId)).toEqual([
      [0, 5, 'later'],
      [0, 6, 'later'],
    ]);
  });
});

describe('the confirmations that are due', () => {
  it('are one a partition, through its furthest plan that is due, from where the last one ended', async () => {
    const sourceId = await freshSource(database(), 3);
    await plan(sourceId, 0, 3);
    await plan(sourceId, 0, 5);
    await plan(sourceId, 0, 7, { due: `clock_timestamp() + interval '1 minute'` });
    await plan(sourceId, 1, 2);
    await confirmTo(sourceId, 1, 1);
    await plan(sourceId, 2, 2, { due: `clock_timestamp() + interval '1 minute'` });
    await plan(await freshSource(database()), 0, 9);
    expect(await dueConfirmations(database(), sourceId)).toMatchObject([
      { sourceId, partition: 0, throughSeq: 5, confirmedSeq: 0 },
      { sourceId, partition: 1, throughSeq: 2, confirmedSeq: 1 },
    ]);
  });

  it('are postponed with each plan of the partition that is due, and with no other', async () => {
    const sourceId = await freshSource(database(), 2);
    await plan(sourceId, 0, 3);
    await plan(sourceId, 0, 5);
    await plan(sourceId, 0, 7, { due: `clock_timestamp() + interval '1 minute'` });
    await plan(sourceId, 1, 2);
    await postponeConfirmation(database(), { sourceId, partition: 0 }, HOUR_MS);
    expect(await plans(sourceId)).toEqual([
      [0, 3, 'later'],
      [0, 5, 'later'],
      [0, 7, 'later'],
      [1, 2, 'due'],
    ]);
    await database().pool.query('delete from look_up_plan where source_id = $1 and partition = 1', [sourceId]);
    const { dueInMs } = await lookUpsAhead(database(), sourceId);
    expect(dueInMs).toBeLessThanOrEqual(MINUTE_MS);
  });
});

describe('a confirmation that is recorded', () => {
  async function due(sourceId: number): Promise<DueConfirmation> {
    const [one] = await dueConfirmations(database(), sourceId);
    assert(one !== undefined);
    return one;
  }

  it('moves the watermark, holds what was absent, notes what was there twice, and ends the plans that it covers', async () => {
    const { sourceId, events } = await passedSource(database(), 4);
    await plan(sourceId, 0, 2);
    await plan(sourceId, 0, 3);
    await plan(sourceId, 0, 4);
    const before = await due(sourceId);
    const page = await readConfirmationPage(database(), before, 3);
    const [once, twice, missing] = page.events;
    assert(once !== undefined && twice !== undefined && missing !== undefined);
    const recorded = await recordConfirmation(database(), {
      due: before,
      throughSeq: 3,
      throughLoggedAt: missing.loggedAt,
      confirmed: 2,
      absent: [{ event: missing, reason: 'missing', fact: 'it is not in the lake' }],
      repeated: [{ eventId: twice.eventId, copies: 2, attempts: 1 }],
    });
    expect(recorded).toBe(true);
    expect(await confirmedCount(database(), sourceId)).toBe(2);
    expect(await exceptionsNow(database(), sourceId)).toMatchObject([
      { reason: 'missing', state: 'held', attempts: 1, facts: ['it is not in the lake'] },
      { reason: 'repeated', state: 'held', attempts: 1, facts: ['in the lake 2 times, sent once'] },
    ]);
    expect(await plans(sourceId)).toEqual([[0, 4, 'due']]);
    const rest = await readConfirmationPage(database(), await due(sourceId), 3);
    expect(rest.events.map(({ eventId }) => eventId)).toEqual([events[3]?.eventId.toString('hex')]);
  });

  it('is not recorded, not even in part, when another one has moved the watermark meanwhile', async () => {
    const { sourceId } = await passedSource(database(), 2);
    await plan(sourceId, 0, 2);
    const stale = await due(sourceId);
    const [first, second] = (await readConfirmationPage(database(), stale, 2)).events;
    assert(first !== undefined && second !== undefined);
    const none = { absent: [], repeated: [] };
    await recordConfirmation(database(), { due: stale, throughSeq: 1, confirmed: 1, ...none });
    const recorded = await recordConfirmation(database(), {
      due: stale,
      throughSeq: 2,
      confirmed: 1,
      absent: [{ event: second, reason: 'invalid', fact: 'it was refused by the lake' }],
      repeated: [{ eventId: first.eventId, copies: 3, attempts: 1 }],
    });
    expect(recorded).toBe(false);
    expect(await due(sourceId)).toMatchObject({ confirmedSeq: 1, throughSeq: 2 });
    expect(await confirmedCount(database(), sourceId)).toBe(1);
    expect(await exceptionsNow(database(), sourceId)).toEqual([]);
  });

  it('leaves the time of the last event that was looked for as it is when it tells none', async () => {
    const { sourceId } = await passedSource(database(), 2);
    await plan(sourceId, 0, 2);
    const before = await due(sourceId);
    const none = { confirmed: 0, absent: [], repeated: [] };
    const throughLoggedAt = new Date(Date.now() - HOUR_MS);
    await recordConfirmation(database(), { due: before, throughSeq: 1, throughLoggedAt, ...none });
    const then = await due(sourceId);
    await recordConfirmation(database(), { due: then, throughSeq: 1, ...none });
    expect(then.confirmedLoggedAt).not.toEqual(before.confirmedLoggedAt);
    expect((await due(sourceId)).confirmedLoggedAt).toEqual(then.confirmedLoggedAt);
  });
});

describe('deliveries of exceptions that nobody has looked for', () => {
  const all = (sourceId: number, limit = 10) =>
    unconfirmedDeliveries(database(), sourceId, { olderThanMs: MINUTE_MS, limit });

  it('are those that an attempt has delivered long enough ago, oldest first, as many as are asked for', async () => {
    const { sourceId, events } = await passedSource(database(), 9);
    const made = (seq: number, columns: object) => except(database(), sourceId, seq, { ...DELIVERED, ...columns });
    const younger = await made(1, { resolved_at: ago('90 seconds') });
    const older = await made(2, {});
    await made(3, { resolved_at: ago('30 seconds') });
    await made(4, { confirmed_at: ago('1 minute') });
    await made(5, { decision: `'mark-delivered'` });
    await made(6, { resolution: `'abandoned'`, decision: `'abandon'` });
    await made(7, { state: `'held'`, resolution: 'null', resolved_at: 'null' });
    // A decision before the attempt that has delivered it.
    const resent = await made(8, { decision: `'resend'`, resolved_at: ago('3 minutes') });
    const found = await all(sourceId);
    expect(found.map(({ exceptionId }) => exceptionId)).toEqual([resent, older, younger]);
    expect(found[1]).toMatchObject({ eventId: events[1]?.eventId.toString('hex'), attempts: 1, flowId: 'flow' });
    expect(found[1]?.ageMs).toBeGreaterThanOrEqual(2 * MINUTE_MS);
    expect((await all(sourceId, 1)).map(({ exceptionId }) => exceptionId)).toEqual([resent]);
  });

  async function delivered(): Promise<{ sourceId: number; delivery: UnconfirmedDelivery }> {
    const { sourceId } = await passedSource(database(), 1);
    await except(database(), sourceId, 1, DELIVERED);
    const [delivery] = await all(sourceId);
    assert(delivery !== undefined);
    return { sourceId, delivery };
  }

  it('are confirmed and counted once, however often they are found', async () => {
    const { sourceId, delivery } = await delivered();
    await confirmDelivery(database(), sourceId, delivery, 1);
    await confirmDelivery(database(), sourceId, delivery, 1);
    expect(await exceptionsNow(database(), sourceId)).toMatchObject([{ state: 'resolved', confirmed: true }]);
    expect(await confirmedCount(database(), sourceId)).toBe(1);
    expect(await all(sourceId)).toEqual([]);
  });

  it('are noted as repeated when the lake has several copies', async () => {
    const { sourceId, delivery } = await delivered();
    await confirmDelivery(database(), sourceId, delivery, 2);
    expect(await exceptionsNow(database(), sourceId)).toMatchObject([
      { confirmed: true },
      { reason: 'repeated', state: 'held', facts: ['in the lake 2 times, sent once'] },
    ]);
  });

  it('are held again with the reason and what was seen when they are not in the lake', async () => {
    const { sourceId, delivery } = await delivered();
    await reopenDelivery(database(), delivery, 'missing', 'it is not in the lake');
    expect(await exceptionsNow(database(), sourceId)).toMatchObject([
      { state: 'held', reason: 'missing', resolution: null, facts: ['it is not in the lake'] },
    ]);
    expect(await all(sourceId)).toEqual([]);
  });

  it.each([
    { what: 'another attempt', change: { attempts: 2 } },
    { what: 'another event', change: { eventId: 'f'.repeat(64) } },
  ])('stay as they are when the look was for $what', async ({ change }) => {
    const { sourceId, delivery } = await delivered();
    await confirmDelivery(database(), sourceId, { ...delivery, ...change }, 2);
    await reopenDelivery(database(), { ...delivery, ...change }, 'missing', 'it is not in the lake');
    expect(await all(sourceId)).toMatchObject([{ exceptionId: delivery.exceptionId }]);
    expect(await exceptionsNow(database(), sourceId)).toMatchObject([{ reason: 'unknown', facts: [] }]);
    expect(await confirmedCount(database(), sourceId)).toBeUndefined();
  });

  it('are not held again once they are confirmed', async () => {
    const { sourceId, delivery } = await delivered();
    await confirmDelivery(database(), sourceId, delivery, 1);
    await reopenDelivery(database(), delivery, 'missing', 'it is not in the lake');
    expect(await exceptionsNow(database(), sourceId)).toMatchObject([{ state: 'resolved', confirmed: true }]);
  });
});

describe('events that a flow accepted after a time', () => {
  it('are the last ones of receipts later than it and of that flow, oldest first, as many as are asked for', async () => {
    const { sourceId, events } = await passedSource(database(), 5);
    const after = new Date(Date.now() - MINUTE_MS);
    await database().pool.query(`update epoch_destination set since = ${ago('1 hour')} where source_id = $1`, [
      sourceId,
    ]);
    await receipt(sourceId, 1, `'${after.toISOString()}'`);
    await receipt(sourceId, 2, ago('20 seconds'));
    await receipt(sourceId, 3, ago('30 seconds'));
    await openGate(database(), { sourceId, flowId: 'flow B', inletSealed: Buffer.alloc(1), opensAt: new Date(0) });
    await receipt(sourceId, 4, 'clock_timestamp()');
    const found = async (flowId: string | null, limit = 10) =>
      (await acceptedAfter(database(), sourceId, { after, flowId, limit })).map(({ eventId }) => eventId);
    const [, second, third, fourth] = events.map(({ eventId }) => eventId.toString('hex'));
    expect(await found('flow')).toEqual([third, second]);
    expect(await found('flow', 1)).toEqual([third]);
    expect(await found('flow B')).toEqual([fourth]);
    expect(await found('flow C')).toEqual([]);
    expect(await found(null)).toEqual([]);
  });

  it('are found of a source that never had a flow', async () => {
    const { sourceId, events } = await passedSource(database(), 1);
    await database().pool.query('delete from epoch_destination where source_id = $1', [sourceId]);
    await receipt(sourceId, 1, 'clock_timestamp()');
    const after = new Date(Date.now() - MINUTE_MS);
    expect(await acceptedAfter(database(), sourceId, { after, flowId: null, limit: 1 })).toMatchObject([
      { eventId: events[0]?.eventId.toString('hex') },
    ]);
    expect(await acceptedAfter(database(), sourceId, { after, flowId: 'flow', limit: 1 })).toEqual([]);
  });
});

describe('when there is next something to look for', () => {
  const ahead = (sourceId: number) => lookUpsAhead(database(), sourceId);

  it('is never for a source with nothing delivered', async () => {
    expect(await ahead(await freshSource(database()))).toEqual({ unplanned: false });
  });

  it('is the earliest of its plans and look-ups, and now when that is past', async () => {
    const { sourceId } = await passedSource(database(), 2);
    await plan(sourceId, 0, 2, { due: `clock_timestamp() + interval '1 hour'` });
    expect((await ahead(sourceId)).dueInMs).toBeGreaterThan(HOUR_MS / 2);
    const waiting = { reason: `'unknown'`, state: `'waiting'` };
    await except(database(), sourceId, 1, { ...waiting, next_action: `'resend'`, next_at: ago('1 minute') });
    expect((await ahead(sourceId)).dueInMs).toBeGreaterThan(HOUR_MS / 2);
    await except(database(), sourceId, 2, { ...waiting, next_action: `'look-up'`, next_at: ago('1 minute') });
    expect((await ahead(sourceId)).dueInMs).toBe(0);
  });

  it('is now for what awaits the lake, once the lake can be read', async () => {
    const { sourceId } = await passedSource(database(), 1);
    await except(database(), sourceId, 1, AWAITS_LAKE);
    expect((await ahead(sourceId)).dueInMs).toBeUndefined();
    await noteLake(database(), sourceId, 'refused');
    expect((await ahead(sourceId)).dueInMs).toBeUndefined();
    await noteLake(database(), sourceId, 'readable');
    expect((await ahead(sourceId)).dueInMs).toBe(0);
  });

  it('is unplanned as long as the cursor is beyond both the plans and what was looked for', async () => {
    const { sourceId } = await passedSource(database(), 3);
    const unplanned = async () => (await ahead(sourceId)).unplanned;
    await confirmTo(sourceId, 0, 1);
    await plan(sourceId, 0, 2);
    expect(await unplanned()).toBe(true);
    await plan(sourceId, 0, 3);
    expect(await unplanned()).toBe(false);
    await database().pool.query('delete from look_up_plan where source_id = $1', [sourceId]);
    expect(await unplanned()).toBe(true);
    await database().pool.query('update partition_audit set audited_seq = 3 where source_id = $1', [sourceId]);
    expect(await unplanned()).toBe(false);
  });

  it('is unplanned with a delivered exception that nobody has looked for, and not with one that a person marked', async () => {
    const { sourceId } = await passedSource(database(), 2);
    await confirmTo(sourceId, 0, 2);
    await except(database(), sourceId, 1, { ...DELIVERED, decision: `'mark-delivered'` });
    expect((await ahead(sourceId)).unplanned).toBe(false);
    await except(database(), sourceId, 2, DELIVERED);
    expect((await ahead(sourceId)).unplanned).toBe(true);
  });
});

describe('the oldest event that was accepted and not found since', () => {
  it('is of the receipts beyond what was looked for, and of the delivered exceptions, for each source that has one', async () => {
    const ofReceipts = await passedSource(database(), 3);
    await confirmTo(ofReceipts.sourceId, 0, 1);
    await receipt(ofReceipts.sourceId, 1, ago('9 minutes'));
    await receipt(ofReceipts.sourceId, 2, ago('5 minutes'));
    await receipt(ofReceipts.sourceId, 3, ago('4 minutes'));
    await except(database(), ofReceipts.sourceId, 1, DELIVERED);
    const ofExceptions = await passedSource(database(), 3);
    await receipt(ofExceptions.sourceId, 3, ago('1 minute'));
    await except(database(), ofExceptions.sourceId, 1, DELIVERED);
    await except(database(), ofExceptions.sourceId, 2, {
      ...DELIVERED,
      decision: `'mark-delivered'`,
      resolved_at: ago('8 minutes'),
    });
    const none = await passedSource(database(), 1);
    await confirmTo(none.sourceId, 0, 1);
    await receipt(none.sourceId, 1, ago('5 minutes'));
    const notAsked = await passedSource(database(), 1);
    await receipt(notAsked.sourceId, 1, ago('5 minutes'));

    const asked = [ofReceipts, ofExceptions, none].map(({ sourceId }) => sourceId);
    const ages = await oldestUnconfirmedMs(database(), asked);
    const minutes = [...ages].map(([id, ms]) => [id, Math.floor(ms / MINUTE_MS)]);
    expect(new Map(minutes as [number, number][])).toEqual(
      new Map([
        [ofReceipts.sourceId, 5],
        [ofExceptions.sourceId, 2],
      ]),
    );
  });
});
