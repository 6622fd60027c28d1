import { describe, expect, it } from 'vitest';
import { createEventLog } from '../../src/store/eventLog.js';
import { type LateVerdict, settleLate } from '../../src/store/exceptions.js';
import { settleLookUps } from '../../src/store/lookUps.js';
import { freshSource, takenEvent, withDatabase } from '../support/store.js';

const database = withDatabase();
const TURNED_DOWN = { kind: 'not-accepted', begun: true, fact: 'HTTP 429' } as const;

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
    await settleLate(database(), [{ ...verdict, fence: 6 }]);
    expect(await state()).toEqual(SENDING);
  });

  it('about another event with the same number, or the same exception, is none about this one', async () => {
    const { id, verdict, state } = await running();
    const other = { ...verdict, eventId: takenEvent('another').eventId };
    await settleLate(database(), [other, { ...other, of: { exceptionId: id } }]);
    expect(await state()).toEqual(SENDING);
  });

  it('about this attempt counts', async () => {
    const { verdict, state } = await running();
    await settleLate(database(), [verdict]);
    expect(await state()).toEqual([{ state: 'waiting', next_action: 'resend' }]);
  });
});

it('what a look into the lake found is recorded for the event that it was about', async () => {
  const { id, sourceId, state, eventId } = await running();
  await database().pool.query(`update exception set state = 'waiting', next_action = 'look-up' where id = $1`, [id]);
  const found = (about: string) =>
    settleLookUps(database(), sourceId, [
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
