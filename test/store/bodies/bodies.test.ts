import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bodyOf, readEvents, readPage } from '../../../src/store/bodies/bodies.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';

const database = withDatabase();
const DAY_MS = 86_400_000;

/** Events of these many bytes, numbered from 1. */
async function logged(...bytes: number[]) {
  const sourceId = await freshSource(database());
  const events = bytes.map((length) => takenEvent(randomUUID(), { sealed: Buffer.alloc(length, 7) }));
  await createEventLog(database()).append(sourceId, 0, events);
  const id = { sourceId, partition: 0 };
  const page = async (changes: Partial<Parameters<typeof readPage>[1]> = {}) => {
    const request = { ...id, afterSeq: 0, fromLoggedAt: '-infinity', maxEvents: 10, maxBytes: 1_000, ...changes };
    return (await readPage(database(), request)).map(({ seq }) => seq);
  };
  const change = (sql: string, ...values: unknown[]) => database().pool.query(sql, [sourceId, ...values]);
  return { sourceId, id, events, page, change };
}

const EXCEPTED = `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, state)
  select source_id, partition, kind, case seq when 2 then event_id else sha256('of another history') end, seq, logged_at,
    'unknown', 'held' from event_body where source_id = $1 and seq in (2, 3)`;

describe('a page of the log', () => {
  it('ends with the event that fills it, by count or by bytes; a larger one is a page of its own', async () => {
    const { page } = await logged(400, 400, 400, 5_000, 400);
    expect(await page({ maxEvents: 2 })).toEqual([1, 2]);
    expect(await page()).toEqual([1, 2, 3]);
    expect(await page({ afterSeq: 2, maxBytes: 300 })).toEqual([3]);
    expect(await page({ afterSeq: 3 })).toEqual([4]);
    expect(await page({ afterSeq: 4 })).toEqual([5]);
  });

  it('has the events as they were taken', async () => {
    const { sourceId, events } = await logged(20);
    const [read] = await readPage(database(), {
      sourceId,
      partition: 0,
      afterSeq: 0,
      fromLoggedAt: '-infinity',
      maxEvents: 1,
      maxBytes: 1,
    });
    expect(read).toMatchObject({ seq: 1, kind: 'feedback', eventId: events[0]?.eventId, sealed: events[0]?.sealed });
  });

  it('leaves out an event that an exception sees to, and no other one that once had its number', async () => {
    const { page, change } = await logged(10, 10, 10);
    expect(await page()).toEqual([1, 2, 3]);
    await change(EXCEPTED);
    expect(await page()).toEqual([1, 3]);
  });
});

describe('events that are read by their numbers', () => {
  it('are given ascending, without those that no event has', async () => {
    const { id, events } = await logged(10, 10, 10);
    const read = await readEvents(database(), { ...id, seqs: [9, 3, 1], fromLoggedAt: '-infinity' });
    expect(read.map(({ seq, eventId }) => [seq, eventId])).toEqual([
      [1, events[0]?.eventId],
      [3, events[2]?.eventId],
    ]);
  });

  it('are not looked for before the time that is given', async () => {
    const { id } = await logged(10);
    const after = (offsetMs: number) =>
      readEvents(database(), { ...id, seqs: [1], fromLoggedAt: new Date(Date.now() + offsetMs) });
    expect(await after(-DAY_MS)).toHaveLength(1);
    expect(await after(DAY_MS)).toEqual([]);
  });

  it('are not of a kind that only a later release knows: it has to be started', async () => {
    const { id, change } = await logged(10);
    await change('update event_body set kind = 99 where source_id = $1');
    await expect(readEvents(database(), { ...id, seqs: [1], fromLoggedAt: '-infinity' })).rejects.toMatchObject({
      error: { code: 'CAEP_RELEASE_TOO_OLD', fields: { what: 'the kind 99 of event 1' } },
    });
  });
});

it('an event whose body was erased has none', async () => {
  const { sourceId, change } = await logged(10, 10);
  await change(`update event_body set sealed = '' where source_id = $1 and seq = 2`);
  const { rows } = await database().pool.query(
    `select ${bodyOf('b')} is not null as has_body from event_body b where source_id = $1 order by seq`,
    [sourceId],
  );
  expect(rows).toEqual([{ has_body: true }, { has_body: false }]);
});
