import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  endReceiver,
  noteJournalled,
  noteReceiver,
  readReceivers,
} from '../../../src/store/receivers/receiverReports.js';
import { withDatabase } from '../../support/store.js';

const database = withDatabase();

async function reporting(details: Record<string, unknown> = {}, spooled = 0) {
  const receiverId = randomUUID();
  const report = (changed = details) =>
    noteReceiver(database(), { receiverId, startedAt: new Date(), spooled, details: changed });
  await report();
  const shown = async () => (await readReceivers(database())).find(({ id }) => id === receiverId);
  const kept = async () => {
    const { rows } = await database().pool.query<{ details: Record<string, unknown>; behind_ms: number }>(
      `select details, (extract(epoch from clock_timestamp() - (details ->> 'journalledUntil')::timestamptz) * 1000)::float8 as behind_ms
       from receiver_report where receiver_id = $1`,
      [receiverId],
    );
    return rows[0];
  };
  return { receiverId, report, shown, kept };
}

it('up to when a receiver’s journal is copied is told by the database’s clock, beside what it says of itself', async () => {
  const { receiverId, report, kept } = await reporting({ vanished: 2 });
  await noteJournalled(database(), receiverId, 5_000);
  const noted = await kept();
  expect(noted?.details).toMatchObject({ vanished: 2 });
  expect(noted?.behind_ms).toBeGreaterThanOrEqual(5_000);
  expect(noted?.behind_ms).toBeLessThan(15_000);
  await report({ vanished: 3 });
  expect((await kept())?.details).toMatchObject({ vanished: 3, journalledUntil: noted?.details['journalledUntil'] });
});

it('that a journal is copied is told of one receiver, and of none that has never reported', async () => {
  const [one, other] = [await reporting(), await reporting()];
  await noteJournalled(database(), one.receiverId, 0);
  expect((await other.kept())?.details).not.toHaveProperty('journalledUntil');
  const unknown = randomUUID();
  await noteJournalled(database(), unknown, 0);
  const { rows } = await database().pool.query('select from receiver_report where receiver_id = $1', [unknown]);
  expect(rows).toEqual([]);
});

it('a receiver that is gone is shown no more, as what it had spooled is shown with another; until it comes back', async () => {
  const { receiverId, report, shown, kept } = await reporting({ spooled: { 1: 4 }, unreadable: 2, vanished: 1 }, 4);
  const other = await reporting({}, 1);
  expect(await shown()).toMatchObject({ spooled: 4, unreadable: 2 });
  await endReceiver(database(), receiverId);
  expect(await shown()).toBeUndefined();
  const left = (await kept())?.details;
  expect(left).toMatchObject({ unreadable: 0, vanished: 1 });
  expect(left?.['spooled']).toEqual({});
  expect(await other.shown()).toMatchObject({ spooled: 1 });
  await report({ ended: false });
  expect(await shown()).toBeDefined();
});
