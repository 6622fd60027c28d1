/** What a receiver keeps of that which PostgreSQL has taken, for a PostgreSQL that loses it. */
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { type KeptFiles, openKeptFiles } from '../../../src/receiver/kept/keptFiles.js';
import { type Keeping, startKeeping } from '../../../src/receiver/kept/keeping.js';
import { segmentsIn } from '../../../src/receiver/spool/segmentFiles.js';
import { readPage } from '../../../src/store/bodies/bodies.js';
import { countEvents } from '../../../src/store/views/eventCounts.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { applyRestored } from '../../../src/store/delivery/restored.js';
import { temporaryFolder } from '../../support/processes.js';
import { freshSource, silentLog, takenEvent, withDatabase } from '../../support/store.js';

const database = withDatabase();
let sourceId: number;
let folder: string;

beforeEach(async () => {
  sourceId = await freshSource(database());
  folder = temporaryFolder();
});

/** As a receiver has it that starts now. */
async function keeping(
  keepMs = 600_000,
  maxBytes = 1e9,
  serverSince?: () => Promise<string>,
  files?: KeptFiles,
): Promise<Keeping> {
  files ??= await openKeptFiles(folder);
  const eventLog = createEventLog(database());
  const started = startKeeping({
    database: database(),
    eventLog,
    files,
    keepMs,
    maxBytes,
    serverSince,
    log: silentLog,
  });
  onTestFinished(() => started.close());
  return started;
}

const event = (name: string) => takenEvent(`${sourceId} ${name}`, { sealed: Buffer.from(name) });
const NAMES = ['a', 'b', 'c', 'd', 'e'];

/** The log as it was before the events from a number on, as after a failover to a standby that lagged behind. */
async function setBack(seq: number): Promise<void> {
  for (const table of ['event_body', 'event_id']) {
    await database().pool.query(`delete from ${table} where source_id = $1 and seq > $2`, [sourceId, seq]);
  }
  await database().pool.query('update partition_head set last_seq = $2 where source_id = $1', [sourceId, seq]);
}

async function logged(): Promise<string[]> {
  const { rows } = await database().pool.query<{ sealed: Buffer }>(
    'select sealed from event_body where source_id = $1 order by seq',
    [sourceId],
  );
  return rows.map(({ sealed }) => String(sealed));
}

it('events that the log has lost are put back as unknown, once, and are no first attempt of any drain', async () => {
  const first = await keeping();
  for (const name of NAMES) await first.eventLog.append(sourceId, 0, [event(name)]);
  await first.look();
  await setBack(2);
  expect(await logged()).toEqual(['a', 'b']);
  const second = await keeping();
  await second.look();
  await second.look();
  expect(await logged()).toEqual(NAMES);
  expect(second.putBackCount()).toBe(3);

  const { rows } = await database().pool.query(
    'select reason, state, next_action as next, seq from exception where source_id = $1 order by seq',
    [sourceId],
  );
  expect(rows).toEqual([3, 4, 5].map((seq) => ({ reason: 'unknown', state: 'waiting', next: 'look-up', seq })));
  const request = { sourceId, partition: 0, afterSeq: 0, fromLoggedAt: '-infinity', maxEvents: 9, maxBytes: 1e6 };
  const page = await readPage(database(), request);
  expect(page.map(({ seq }) => seq)).toEqual([1, 2]);
  const { counters } = await countEvents(database(), sourceId);
  expect(counters.parts).toMatchObject({ waiting: 2, lookedFor: 3, accepted: 0 });
});

it('one that was put back is found delivered and never sent; a restore after it leaves it as it is', async () => {
  const first = await keeping();
  for (const name of NAMES) await first.eventLog.append(sourceId, 0, [event(name)]);
  await setBack(2);
  await (await keeping()).look();
  await database().pool.query(
    `update exception set state = 'resolved', resolution = 'delivered', next_action = null, next_at = null, resolved_at = now()
     where source_id = $1 and seq = 3`,
    [sourceId],
  );
  const request = { sourceId, partition: 0, afterSeq: 0, fromLoggedAt: '-infinity', maxEvents: 9, maxBytes: 1e6 };
  expect((await readPage(database(), request)).map(({ seq }) => seq)).toEqual([1, 2]);
  await applyRestored(database(), new Date(Date.now() + 60_000), 'a test');
  const { rows } = await database().pool.query<{ seq: number; state: string }>(
    'select seq, state from exception where source_id = $1 order by seq',
    [sourceId],
  );
  expect(rows).toEqual([
    { seq: 1, state: 'waiting' },
    { seq: 2, state: 'waiting' },
    { seq: 3, state: 'resolved' },
    { seq: 4, state: 'waiting' },
    { seq: 5, state: 'waiting' },
  ]);
});

it('a receiver that runs notices that another server answers, or the same one started anew', async () => {
  let server = 'first';
  const running = await keeping(600_000, 1e9, () => Promise.resolve(server));
  for (const name of NAMES) await running.eventLog.append(sourceId, 0, [event(name)]);
  await running.look();
  await setBack(2);
  await running.look();
  expect(await logged()).toEqual(['a', 'b']);
  server = 'second';
  await running.look();
  expect(await logged()).toEqual(NAMES);
});

it('what another receiver had kept is compared once it was taken over, also by one that knows this server', async () => {
  const gone = await keeping();
  for (const name of NAMES) await gone.eventLog.append(sourceId, 0, [event(name)]);
  await gone.close();
  await setBack(2);
  const ours = await openKeptFiles(temporaryFolder());
  const running = await keeping(600_000, 1e9, undefined, ours);
  await running.look();
  await ours.adopt(await segmentsIn(folder));
  await running.look();
  expect(await logged()).toEqual(NAMES);
  await setBack(2);
  await running.look();
  expect(await logged(), 'compared once for each server').toEqual(['a', 'b']);
});

it('a held body that was lost is held again', async () => {
  const first = await keeping();
  const { kind, eventId, receivedAtMs, bodyMac, sealed } = event('x');
  const held = {
    reason: 'unreadable' as const,
    kind,
    eventId,
    receivedAtMs,
    bodyMac,
    sealed,
    facts: ['no JSON'],
    widget: 'w',
  };
  await first.eventLog.hold(sourceId, 0, held);
  await database().pool.query('delete from exception where source_id = $1', [sourceId]);
  await database().pool.query('delete from event_id where source_id = $1', [sourceId]);
  await (await keeping()).look();
  const { rows } = await database().pool.query('select reason, state from exception where source_id = $1', [sourceId]);
  expect(rows).toEqual([{ reason: 'unreadable', state: 'held' }]);
});

it('nothing is kept once commits have been final for as long as it would be, nor where that is switched off', async () => {
  const off = await keeping(0);
  await off.eventLog.append(sourceId, 0, [event('a')]);
  expect(await readdir(folder)).toEqual([]);
  const short = await keeping(0.001);
  await short.eventLog.append(sourceId, 0, [event('b')]);
  expect(await readdir(folder)).toHaveLength(1);
  await short.look();
  expect(await readdir(folder)).toEqual([]);
  await short.eventLog.append(sourceId, 0, [event('c')]);
  expect(await readdir(folder)).toEqual([]);
});

it('a log that has all of it gets nothing again, also not copies and renderings of what it has', async () => {
  const first = await keeping();
  await first.eventLog.append(sourceId, 0, [event('a'), event('b')]);
  await first.eventLog.append(sourceId, 0, [event('a')]);
  await first.eventLog.append(sourceId, 0, [{ ...event('b'), bodyMac: Buffer.alloc(16, 9) }]);
  await first.eventLog.append(sourceId, 0, [
    { ...event('b'), stableMac: Buffer.alloc(16, 9), bodyMac: Buffer.alloc(16, 8) },
  ]);
  const second = await keeping();
  await second.look();
  expect(second.putBackCount()).toBe(0);
  const { rows } = await database().pool.query('select arrivals from event_id where source_id = $1 order by seq', [
    sourceId,
  ]);
  expect(rows).toEqual([{ arrivals: 2 }, { arrivals: 3 }]);
});

it('one that came again in another rendering since it was lost is not lost, and no conflict', async () => {
  const first = await keeping();
  await first.eventLog.append(sourceId, 0, [event('a')]);
  await setBack(0);
  const rendered = { ...event('a'), bodyMac: Buffer.alloc(16, 9) };
  expect(await createEventLog(database()).append(sourceId, 0, [rendered])).toEqual(['logged']);
  const second = await keeping();
  await second.look();
  expect(second.putBackCount()).toBe(0);
  const { rows } = await database().pool.query('select from exception where source_id = $1', [sourceId]);
  expect(rows).toHaveLength(0);
});

it('what is old enough is compared a last time and let go; so is the oldest beyond the bound', async () => {
  const first = await keeping();
  for (const name of NAMES) await first.eventLog.append(sourceId, 0, [event(name)]);
  expect(await readdir(folder)).toHaveLength(1);
  await first.look();
  await setBack(4);
  const bounded = await keeping(600_000, 1);
  await bounded.look();
  expect(await logged()).toEqual(NAMES);
  expect(await readdir(folder)).toEqual([]);
});

it('an event whose source is lost as well is kept, and put back when the source is there again', async () => {
  const first = await keeping();
  await first.eventLog.append(sourceId, 0, [event('a')]);
  await setBack(0);
  await database().pool.query('delete from partition_head where source_id = $1', [sourceId]);
  const second = await keeping(-1);
  await second.look();
  expect(await readdir(folder)).toHaveLength(1);
  await database().pool.query('insert into partition_head (source_id, partition) values ($1, 0)', [sourceId]);
  await second.look();
  expect(await logged()).toEqual(['a']);
  expect(await readdir(folder)).toEqual([]);
});

it('what is kept is on the disk a second later, by one sync for all of it, and nobody waits for that', async () => {
  const probe = await open(folder);
  await probe.close();
  const methods = Object.getPrototypeOf(probe) as FileHandle;
  const [data, all] = [vi.spyOn(methods, 'datasync'), vi.spyOn(methods, 'sync')];
  onTestFinished(() => void vi.restoreAllMocks());
  const files = await openKeptFiles(folder);
  for (let n = 0; n < 20; n += 1) await files.append([Buffer.alloc(1_000)]);
  expect(data).not.toHaveBeenCalled();
  await expect.poll(() => data.mock.calls.length, { timeout: 5_000 }).toBe(1);
  expect(all, 'the name of the file').toHaveBeenCalledTimes(1);

  data.mockRejectedValueOnce(new Error('EIO'));
  await files.append([Buffer.alloc(1_000)]);
  await expect.poll(() => data.mock.calls.length, { timeout: 5_000 }).toBe(2);
  await expect(files.append([Buffer.alloc(1_000)]), 'said with the next one').rejects.toThrow('EIO');
  await files.close();
  expect(all, 'what was written last').toHaveBeenCalledTimes(2);
});
