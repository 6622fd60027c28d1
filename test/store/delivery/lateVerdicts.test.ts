import { assert, describe, expect, it } from 'vitest';
import { claimPartition } from '../../../src/store/delivery/claim.js';
import type { Verdict } from '../../../src/domain/delivery/outcomeAccounting.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { claimResends, type LateVerdict, recordLate } from '../../../src/store/exceptions/exceptions.js';
import { recordLookUps } from '../../../src/store/exceptions/lookUps.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';

const database = withDatabase();
const TURNED_DOWN = { kind: 'not-accepted', begun: true, fact: 'HTTP 429' } as const;

const ACCEPTED = { kind: 'accepted', receipt: { inletId: 'a', xactionId: '1:2:3' } } as const;

const NOTHING_DUE = { next_action: null, accepted_attempt: null, due: null };
const DELIVERED = { ...NOTHING_DUE, reason: 'unknown', state: 'resolved', accepted_attempt: 1 };
const SENT_AGAIN = { ...NOTHING_DUE, reason: 'refused', state: 'waiting', next_action: 'resend', due: 'soon' };
const HELD = { ...NOTHING_DUE, reason: 'too-large', state: 'held' };
const LOOKED_FOR = { ...NOTHING_DUE, reason: 'unknown', state: 'waiting', next_action: 'look-up', due: 'now' };

/** An event whose first attempt runs under fence 7. */
async function running() {
  const sourceId = await freshSource(database());
  const event = takenEvent(`late-${sourceId}`);
  await createEventLog(database()).append(sourceId, 0, [event]);
  const { rows } = await database().pool.query<{ id: number }>(
    `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, state, next_at, attempts,
       attempt_fence, attempt_at)
     select source_id, partition, kind, event_id, seq, logged_at, 'in-flight', 'sending', now() + interval '1 minute', 1, 7, now()
     from event_body where source_id = $1 returning id`,
    [sourceId],
  );
  const verdict: LateVerdict = {
    sourceId,
    partition: 0,
    of: { seq: 1 },
    eventId: event.eventId,
    attempt: 1,
    fence: 7,
    verdict: TURNED_DOWN,
  };
  const state = async () => {
    const all = await database().pool.query<{ state: string; next_action: string | null }>(
      'select state, next_action from exception where source_id = $1',
      [sourceId],
    );
    return all.rows;
  };
  return { id: rows[0]?.id ?? 0, sourceId, verdict, state, eventId: event.eventId.toString('hex') };
}

const SENDING = [{ state: 'sending', next_action: null }];

describe('a late verdict', () => {
  it('of a drain that was taken over says nothing about the first attempt of another drain', async () => {
    const { verdict, state } = await running();
    await recordLate(database(), [{ ...verdict, fence: 6 }]);
    expect(await state()).toEqual(SENDING);
  });

  it('about another event with the same number, or the same exception, is none about this one', async () => {
    const { id, verdict, state } = await running();
    const other = { ...verdict, eventId: takenEvent('another').eventId };
    await recordLate(database(), [other, { ...other, of: { exceptionId: id } }]);
    expect(await state()).toEqual(SENDING);
  });

  it('about this attempt counts', async () => {
    const { verdict, state } = await running();
    await recordLate(database(), [verdict]);
    expect(await state()).toEqual([{ state: 'waiting', next_action: 'resend' }]);
  });

  it.each<[string, Verdict, string | null, unknown[]]>([
    ['accepted, while it is slow', ACCEPTED, null, []],
    ['accepted, when a person was asked already', ACCEPTED, 'unknown', [{ ...DELIVERED, fact: 'attempt 1: accepted' }]],
    ['turned down', TURNED_DOWN, null, [{ ...SENT_AGAIN, fact: 'attempt 1: HTTP 429' }]],
    [
      'refused',
      { kind: 'refused', reason: 'too-large', fact: 'HTTP 413' },
      null,
      [{ ...HELD, fact: 'attempt 1: HTTP 413' }],
    ],
    ['unknown', { kind: 'unknown', fact: 'no answer' }, null, [{ ...LOOKED_FOR, fact: 'attempt 1: no answer' }]],
  ])('that it was %s', async (_what, answer, heldFor, expected) => {
    const { sourceId, verdict } = await running();
    const { pool } = database();
    await claimPartition(database(), { sourceId, partition: 0, holder: 'a drain', leaseMs: 60_000 });
    if (heldFor !== null) {
      const held = `update exception set state = 'held', next_at = null, reason = $2 where source_id = $1`;
      await pool.query(held, [sourceId, heldFor]);
    }
    await recordLate(database(), [{ ...verdict, verdict: answer }]);
    const { rows } = await pool.query(
      `select reason, state, next_action, accepted_attempt, evidence->-1->>'fact' as fact,
         case when next_at > clock_timestamp() then 'soon' when next_at is not null then 'now' end as due
       from exception where source_id = $1`,
      [sourceId],
    );
    expect(rows).toEqual(expected);
    const counted = await pool.query('select accepted_count from partition_cursor where source_id = $1', [sourceId]);
    expect(counted.rows).toEqual([{ accepted_count: answer.kind === 'accepted' ? 1 : 0 }]);
  });
});

it('what a look into the lake found is recorded for the event that it was about', async () => {
  const { id, sourceId, state, eventId } = await running();
  await database().pool.query(`update exception set state = 'waiting', next_action = 'look-up' where id = $1`, [id]);
  const found = (about: string) =>
    recordLookUps(database(), sourceId, [
      {
        lookUp: { exceptionId: id, partition: 0, attempts: 1, eventId: about },
        outcome: { kind: 'resend' },
        fact: 'absent',
      },
    ]);
  await found(takenEvent('another').eventId.toString('hex'));
  expect(await state()).toEqual([{ state: 'waiting', next_action: 'look-up' }]);
  await found(eventId);
  expect(await state()).toEqual([{ state: 'waiting', next_action: 'resend' }]);
});

it('that an earlier attempt was accepted does not decide about one that was asked for because it was not so', async () => {
  const { sourceId, verdict, state } = await running();
  const { pool } = database();
  const claimed = await claimPartition(database(), { sourceId, partition: 0, holder: 'next', leaseMs: 60_000 });
  assert(claimed.state === 'claimed');
  const { fence, claimId } = claimed.claim;
  await pool.query('update gate set open = true where source_id = $1', [sourceId]);
  await pool.query(
    `update exception set state = 'waiting', next_action = 'resend', reason = 'missing', attempts = 2, accepted_attempt = 1,
       next_at = now() where source_id = $1`,
    [sourceId],
  );
  const holding = { sourceId, partition: 0, fence, claimId };
  const [resend] = await claimResends(database(), { ...holding, limit: 1, answerWithinMs: 60_000 });
  await recordLate(database(), [{ ...verdict, attempt: resend?.attempt ?? 0, fence }]);
  expect(await state()).toEqual([{ state: 'waiting', next_action: 'resend' }]);
});
