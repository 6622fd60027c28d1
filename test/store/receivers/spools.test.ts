import { createHash, randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { copyStretch } from '../../../src/store/receivers/intakeJournal.js';
import { endReceiver, noteReceiver } from '../../../src/store/receivers/receiverReports.js';
import { readMissing, readSpools } from '../../../src/store/receivers/spools.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';

const database = withDatabase();
const LONG_AGO = new Date(Date.now() - 60_000);

async function receiver(spooled: number, details: Record<string, unknown> = {}): Promise<string> {
  const receiverId = randomUUID();
  await noteReceiver(database(), { receiverId, startedAt: new Date(), spooled, details });
  return receiverId;
}

/** As a receiver writes it: what went to its spool. */
function entry(eventId: Buffer, sourceId: number): Buffer {
  const facts = Buffer.alloc(10);
  facts.writeUInt16BE(sourceId, 0);
  facts.writeUInt8(6, 3);
  return Buffer.concat([eventId, facts]);
}

it('tells what each receiver has of the source, and whether it has said so since the URLs were revoked', async () => {
  const sourceId = await freshSource(database());
  const one = await receiver(7, { spooled: { [sourceId]: 2 } });
  const other = await receiver(7, { spooled: { [sourceId + 1]: 7 } });
  const old = await receiver(3);
  const gone = await receiver(0);
  await endReceiver(database(), gone);
  const of = async (revokedAt: Date) =>
    (await readSpools(database(), sourceId, revokedAt))
      .filter(({ id }) => [one, other, old, gone].includes(id))
      .map(({ id, spooled, isLater }) => [id, spooled, isLater]);
  const told = new Map([
    [one, 2],
    [other, 0],
    [old, 3],
  ]);
  expect(new Map((await of(LONG_AGO)).map(([id, spooled, isLater]) => [id, [spooled, isLater]]))).toEqual(
    new Map([...told].map(([id, spooled]) => [id, [spooled, true]])),
  );
  expect((await of(new Date())).map(([, , isLater]) => isLater)).toEqual([false, false, false]);
});

it('names what a receiver has taken for the source and the log does not have, by its journal', async () => {
  const sourceId = await freshSource(database());
  const silent = await receiver(4, { spooled: { [sourceId]: 4 } });
  const logged = takenEvent('logged');
  await createEventLog(database()).append(sourceId, 0, [logged]);
  const missing = createHash('sha256').update('missing').digest();
  const entries = Buffer.concat([
    entry(logged.eventId, sourceId),
    entry(missing, sourceId),
    entry(missing, sourceId),
    entry(createHash('sha256').update('of another source').digest(), sourceId + 1),
  ]);
  await copyStretch(database(), { receiverId: silent, file: 'a', start: 0, end: entries.length, entries });
  const unknown = randomUUID();
  expect(await readMissing(database(), sourceId, [silent, unknown])).toEqual([
    { receiver: silent, spooled: 4, known: 1, events: [missing.toString('hex')] },
    { receiver: unknown, spooled: 0, known: 0, events: [] },
  ]);
});
