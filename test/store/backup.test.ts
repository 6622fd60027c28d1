/** A dump that was taken under load, restored elsewhere, made safe without a worker, and audited. */
import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { audit } from '../../src/audit/audit.js';
import { journalledIds } from '../../src/audit/journal.js';
import { doctorRestored } from '../../src/cli/commands/installation/doctorRestored.js';
import { readConfiguration } from '../../src/configuration.js';
import { type Database, inTransaction, openDatabase } from '../../src/store/connection/database.js';
import { readGate, openGate } from '../../src/store/delivery/gate.js';
import { createEventLog } from '../../src/store/log/eventLog.js';
import { migrate } from '../../src/store/migrate.js';
import { copyStretch } from '../../src/store/receivers/intakeJournal.js';
import { fakeSources, fakeWorld } from '../cli/fakes.js';
import { copyDatabase } from '../support/dump.js';
import { freshSource, silentLog, takenEvent, withDatabase } from '../support/store.js';

const database = withDatabase();
const LOGGED = 1;
const HOUR_MS = 3_600_000;

async function elsewhere(): Promise<Database> {
  const name = `restored_${randomUUID().slice(0, 8)}`;
  await database().pool.query(`create database ${name}`);
  const url = Object.assign(new URL(database().pool.options.connectionString as string), { pathname: `/${name}` }).href;
  const restored = openDatabase({ url, applicationName: 'test', log: silentLog });
  onTestFinished(() => restored.close());
  return restored;
}

/** A receiver that takes events one by one until it is told to stop, and keeps a journal of them. */
function takeEvents(sourceId: number) {
  const log = createEventLog(database());
  const taken: { readonly id: string; readonly entry: Buffer }[] = [];
  const stopping = new AbortController();
  const done = (async () => {
    while (!stopping.signal.aborted) {
      const event = takenEvent(randomUUID());
      await log.append(sourceId, 0, [event]);
      const entry = Buffer.alloc(42);
      entry.set(event.eventId);
      entry.writeUInt16BE(sourceId, 32);
      entry[35] = LOGGED;
      entry.writeUIntBE(Date.now(), 36, 6);
      taken.push({ id: event.eventId.toString('hex'), entry });
    }
  })();
  return {
    taken,
    async until(count: number) {
      await expect.poll(() => taken.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(count);
    },
    stop() {
      stopping.abort();
      return done;
    },
  };
}

it('has each event that was committed before it, sends nothing, and says which are missing', async () => {
  const sourceId = await freshSource(database());
  await openGate(database(), { sourceId, flowId: 'flow', inletSealed: Buffer.alloc(1), opensAt: new Date(0) });
  const receiver = takeEvents(sourceId);
  await receiver.until(20);
  const before = receiver.taken.length;
  const restored = await elsewhere();
  const dumpedAt = await copyDatabase(database(), restored);
  await receiver.until(receiver.taken.length + 20);
  await receiver.stop();

  const { rows } = await restored.pool.query<{ id: string }>(
    `select encode(event_id, 'hex') as id from event_id join event_body using (source_id, partition, seq, event_id) order by seq`,
  );
  const inDump = rows.map(({ id }) => id);
  expect(inDump.length).toBeGreaterThanOrEqual(before);
  expect(inDump).toEqual(receiver.taken.slice(0, inDump.length).map(({ id }) => id));

  // It is a database like any other: nothing to upgrade, and new numbers follow the old ones.
  expect(await migrate(restored)).toEqual([]);
  expect(await freshSource(restored)).toBeGreaterThan(sourceId);

  const fake = fakeWorld(fakeSources({ polledTaskQueues: () => Promise.resolve([]) }), { format: 'json' });
  const environment = { DATABASE_URL: restored.pool.options.connectionString };
  const context = { ...fake.context, configuration: () => readConfiguration(environment) };
  const restoring = { since: dumpedAt.toISOString(), by: 'ana' };
  expect(await doctorRestored(context, restoring)).toBe(2);
  expect(await readGate(restored, sourceId)).toMatchObject({ open: true });
  expect(await doctorRestored(context, { ...restoring, confirm: true })).toBe(0);
  expect(await readGate(restored, sourceId)).toMatchObject({ open: false });

  // The receivers copy their journals anew, as they do where the database does not have them.
  const entries = Buffer.concat(receiver.taken.map(({ entry }) => entry));
  const hour = new Date().toISOString().slice(0, 13).replaceAll('-', '');
  await copyStretch(restored, { receiverId: 'r', file: `${hour}-000001`, start: 0, end: entries.length, entries });
  const report = await inTransaction(
    restored,
    (snapshot) => {
      const since = new Date(Date.now() - HOUR_MS);
      const audited = {
        sourceId,
        name: 'restored',
        since,
        until: new Date(Date.now() + 1_000),
        lakeLatencyMs: HOUR_MS,
      };
      const journal = journalledIds(snapshot, audited);
      return audit(audited, { snapshot, present: restored.pool, journal, notKnown: [], now: new Date() });
    },
    'isolation level repeatable read read only',
  );
  const missing = receiver.taken.slice(inDump.length).map(({ id }) => id);
  expect(report.counts).toMatchObject({
    taken: receiver.taken.length,
    undecided: inDump.length,
    lost: missing.length,
    accepted: 0,
  });
  expect(report.lists.lost.map(({ eventId }) => eventId).toSorted()).toEqual(missing.toSorted());
});
