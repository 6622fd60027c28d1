import { bodyContext } from '../../../../src/store/keys/contexts.js';
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { findLost, putAgain, readServerSince } from '../../../../src/store/receivers/putAgain.js';
import { takenEvent } from '../../../support/store.js';
import { withBench } from './bench.js';

const bench = withBench();

it('an event that the log has lost is put again, and not sent: it may have been before', async () => {
  const { database, sourceId, keyRing, open, log, drain, inlet, exceptions, cursor } = bench();
  await open();
  const [there = ''] = await log(1);
  const lost = takenEvent(randomUUID());
  const sealed = keyRing.seal(
    Buffer.from(JSON.stringify({ eventId: lost.eventId.toString('hex') })),
    bodyContext(sourceId, lost.eventId),
  );
  const events = [
    { ...lost, eventId: Buffer.from(there, 'hex') },
    { ...lost, sealed },
  ];
  const kept = events.map((event) => ({ sourceId, event }));
  expect(await findLost(database, kept)).toEqual([1]);
  expect(await putAgain(database, sourceId, 0, events)).toBe(1);
  expect(await putAgain(database, sourceId, 0, events)).toBe(0);
  expect(await findLost(database, kept)).toEqual([]);
  await log(2, { prefix: 'later' });

  await drain().report;
  expect(inlet.posts.size).toBe(3);
  expect(inlet.posts.has(lost.eventId.toString('hex'))).toBe(false);
  expect(await exceptions()).toMatchObject([
    { event_id: lost.eventId.toString('hex'), reason: 'unknown', next_action: 'look-up' },
  ]);
  const { cursor_seq: passed, intended_seq: intended } = await cursor();
  expect(passed).toBe(intended);
  expect(await readServerSince(database)).toMatch(/^\d{4}-\d\d-\d\d /);
});
