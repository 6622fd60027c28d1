import { describe, expect, it, vi } from 'vitest';
import { createInlet } from '../../../../src/adobe/services/inlet.js';
import { createDrainSlots } from '../../../../src/activities/drain/slots.js';
import { createOrganisationRate } from '../../../../src/activities/drain/organisationRate.js';
import { countBusy, countOthers } from '../../../../src/store/delivery/claim.js';
import { findReceipts, pruneReceipts } from '../../../../src/store/delivery/receipts.js';
import { everyOnce, withBench } from './bench.js';
import { DELIVERY } from '../../../support/delivery.js';
import { statementsOf } from '../../../support/manySources.js';
import { freshSource } from '../../../support/store.js';

const bench = withBench();

describe('drain', () => {
  it('delivers every event of the log once and moves the cursor to its end', async () => {
    const { open, log, drain, inlet, cursor, exceptions } = bench();
    await open();
    const ids = await log(1_000);
    expect(await drain().report).toMatchObject({ accepted: 1_000, notAccepted: 0, end: { kind: 'idle' } });
    expect(everyOnce(inlet.posts, ids)).toBe(true);
    expect(await cursor()).toMatchObject({ cursor_seq: 1_000, undecided: 0, accepted_count: 1_000, holder: null });
    expect(await exceptions()).toEqual([]);
  });

  it('keeps the receipt of each event, for as long as wanted', async () => {
    const { open, log, drain, database, sourceId } = bench();
    await open();
    const [first] = await log(3);
    await drain().report;
    const [receipt, ...others] = await findReceipts(database, { sourceId, partition: 0, seq: 1 });
    expect(receipt?.xactionId).toContain(`:1:${first}`);
    expect(others).toEqual([]);
    expect(await pruneReceipts(database, 60_000)).toBe(0);
    expect(await pruneReceipts(database, 0)).toBeGreaterThan(0);
  });

  it('passes numbers that second arrivals have used up, also at the end of the log', async () => {
    const { open, log, drain, cursor, inlet } = bench();
    await open();
    const ids = await log(10);
    await log(10);
    await log(12);
    await log(12);
    expect(await drain().report).toMatchObject({ accepted: 12, end: { kind: 'idle' } });
    expect(await cursor()).toMatchObject({ cursor_seq: 44, intended_seq: 44 });
    expect(ids.every((id) => inlet.posts.get(id) === 1)).toBe(true);
  });

  it('sends the same bytes as were logged, large ones too', async () => {
    const { open, log, drain, inlet } = bench();
    await open();
    const ids = await log(12, { bytes: 700_000 });
    expect(await drain().report).toMatchObject({ accepted: 12 });
    expect(everyOnce(inlet.posts, ids)).toBe(true);
  });

  it('does not exceed its rate', async () => {
    const { open, log, drain, inlet } = bench();
    await open();
    await log(200);
    const startedAt = Date.now();
    await drain({ requestsPerSecond: 200 }).report;
    expect(inlet.arrivals).toHaveLength(200);
    // 20 at once, 180 more at 200 a second.
    expect((inlet.arrivals.at(-1) ?? 0) - startedAt).toBeGreaterThan(850);
  });

  it('does not exceed its part of what the organisation may send, whatever its source may', async () => {
    const { open, log, drain, inlet } = bench();
    await open();
    await log(200);
    const startedAt = Date.now();
    await drain({}, { organisationRate: { share: () => Promise.resolve(200) } }).report;
    expect(inlet.arrivals).toHaveLength(200);
    expect((inlet.arrivals.at(-1) ?? 0) - startedAt).toBeGreaterThan(850);
  });

  it('has of it what is left for each partition that sends, of whichever source; a hundred ask with one statement', async () => {
    const { database, sourceId } = bench();
    const busyBefore = await countBusy(database);
    const other = await freshSource(database, 3);
    for (const [source, partition, idle] of [
      [sourceId, 0, false],
      [other, 0, false],
      [other, 1, false],
      [other, 2, true],
    ] as const) {
      await database.pool.query(
        `with head as (insert into partition_head (source_id, partition, idle) values ($1, $2, $3)
           on conflict (source_id, partition) do update set idle = excluded.idle)
         insert into partition_cursor (source_id, partition, lease_until) values ($1, $2, now() + interval '1 minute')
         on conflict (source_id, partition) do update set lease_until = excluded.lease_until`,
        [source, partition, idle],
      );
    }
    const statements = await statementsOf(database, async (counted) => {
      const rate = createOrganisationRate(counted, 60);
      const shares = await Promise.all(Array.from({ length: 100 }, () => rate.share()));
      expect(new Set(shares)).toEqual(new Set([60 / (busyBefore + 3)]));
    });
    expect(statements).toBe(1);
    await database.pool.query('update partition_cursor set lease_until = null where source_id in ($1, $2)', [
      sourceId,
      other,
    ]);
  });

  it('takes the whole rate of its source while no other partition has something to send', async () => {
    const { open, log, drain, inlet, database, sourceId } = bench();
    await open();
    await log(400);
    const delivery = { ...DELIVERY, maxRequestsPerSecond: 400 };
    const running = drain({ requestsPerSecond: 1, delivery }).report;
    // 2 s at one a second, then at 400.
    await inlet.arrived(300);
    await database.pool.query(`insert into partition_head (source_id, partition, idle) values ($1, 1, false)`, [
      sourceId,
    ]);
    await database.pool.query(
      `insert into partition_cursor (source_id, partition, lease_until) values ($1, 1, now() + interval '1 hour')`,
      [sourceId],
    );
    expect(await countOthers(database, { sourceId, partition: 0 })).toEqual({ partitions: 1, busy: 1 });
    expect(await running).toMatchObject({ accepted: 400, end: { kind: 'idle' } });
    expect(await countOthers(database, { sourceId, partition: 1 })).toEqual({ partitions: 1, busy: 0 });
  });

  it('ends its slice, and the next one goes on', async () => {
    const { open, log, drain, inlet } = bench();
    await open();
    const ids = await log(300);
    const first = await drain({ requestsPerSecond: 300, sliceMs: 200 }).report;
    expect(first.end.kind).toBe('slice');
    expect(first.accepted).toBeLessThan(300);
    expect((await drain().report).accepted).toBe(300 - first.accepted);
    expect(everyOnce(inlet.posts, ids)).toBe(true);
  });

  it('leaves nothing unknown when it is cancelled under load', async () => {
    const { open, log, drain, inlet, cursor, exceptions } = bench();
    await open();
    inlet.behave(() => ({ acceptAfterMs: 20 }));
    const ids = await log(200);
    const running = drain();
    await inlet.arrived(50);
    running.cancel();
    expect(await running.report).toMatchObject({ end: { kind: 'stopped' } });
    expect(await cursor()).toMatchObject({ undecided: 0, holder: null });
    await drain().report;
    expect(everyOnce(inlet.posts, ids)).toBe(true);
    expect(await exceptions()).toEqual([]);
  });

  it('hands over to another drain of the partition', async () => {
    const { open, log, drain, inlet, cursor, exceptions } = bench();
    await open();
    inlet.behave(() => ({ acceptAfterMs: 10 }));
    const ids = await log(400);
    const first = drain();
    await inlet.arrived(40);
    const second = drain();
    expect((await first.report).end.kind).toBe('stopped');
    expect((await second.report).end.kind).toBe('idle');
    expect(everyOnce(inlet.posts, ids)).toBe(true);
    expect([await exceptions(), (await cursor()).fence]).toEqual([[], 2]);
  });
});

describe('outcomes', () => {
  it('never sends an event again whose outcome is unknown', async () => {
    const { open, log, drain, inlet, exceptions, cursor } = bench();
    await open();
    inlet.behave((_id, n) => (n % 10 === 0 ? 'accept-and-cut' : 'accept'));
    const ids = await log(100);
    await drain().report;
    await drain().report;
    expect(everyOnce(inlet.posts, ids)).toBe(true);
    const unknown = await exceptions();
    expect(unknown).toHaveLength(10);
    expect(unknown[0]).toMatchObject({ reason: 'unknown', state: 'waiting', next_action: 'look-up', attempts: 1 });
    expect(await cursor()).toMatchObject({ cursor_seq: 100, accepted_count: 90 });
  });

  it('holds an event that the inlet refuses, and goes on with the others', async () => {
    const { open, log, drain, inlet, exceptions } = bench();
    await open();
    const ids = await log(30);
    inlet.behave((id) => (id === ids[7] ? { status: 400, body: '{"status":400}' } : 'accept'));
    expect(await drain().report).toMatchObject({ accepted: 29, notAccepted: 1, end: { kind: 'idle' } });
    expect(await exceptions()).toMatchObject([{ reason: 'refused', state: 'held', event_id: ids[7] }]);
  });

  it('lets the cursor pass slow requests, and records their answers', async () => {
    const { open, log, drain, inlet, exceptions, cursor } = bench();
    await open();
    inlet.behave((_id, n) => (n === 3 ? { acceptAfterMs: 2_400 } : 'accept'));
    const ids = await log(100);
    expect(await drain().report).toMatchObject({ end: { kind: 'idle' } });
    expect(await cursor()).toMatchObject({ cursor_seq: 100 });
    await expect.poll(exceptions, { timeout: 5_000 }).toEqual([]);
    expect(await cursor()).toMatchObject({ accepted_count: 100 });
    expect(everyOnce(inlet.posts, ids)).toBe(true);
  });

  it('counts a slow request that is never answered as unknown', async () => {
    const { open, log, drain, inlet, exceptions } = bench();
    await open();
    inlet.behave((_id, n) => (n === 3 ? 'hang' : 'accept'));
    await log(20);
    await drain().report;
    await expect.poll(exceptions, { timeout: 5_000 }).toMatchObject([{ reason: 'unknown', state: 'waiting' }]);
  });

  it('is not held up by requests that hang', async () => {
    const { open, log, drain, inlet } = bench();
    await open();
    inlet.behave((_id, n) => (n % 100 === 0 ? 'hang' : 'accept'));
    await log(2_000);
    // Longer than the drain: else those of the end are given up in a row, as if the destination were away.
    const delivery = { ...DELIVERY, concurrency: 32, requestTimeoutMs: 30_000 };
    expect(await drain({ delivery }).report).toMatchObject({ accepted: 1_980, end: { kind: 'idle' } });
  });

  it('tells slow requests from a destination that is away, when they have taken every slot', async () => {
    const { open, log, drain, inlet } = bench();
    await open();
    inlet.behave((_id, n) => (n <= DELIVERY.concurrency ? 'hang' : 'accept'));
    await log(100);
    expect(await drain().report).toMatchObject({ accepted: 92, end: { kind: 'idle' } });
  });
});

describe('destination faults', () => {
  it.each([
    { status: 404, stops: 'held' },
    { status: 401, stops: 'held' },
    { status: 302, stops: 'held' },
    { status: 429, stops: 'outage', retryAfterS: 7 },
  ])('stop the drain at $status and leave no exception', async ({ status, stops, retryAfterS }) => {
    const { open, log, drain, inlet, exceptions, cursor } = bench();
    await open();
    inlet.behave(() => ({ status, retryAfterS }));
    const ids = await log(100);
    const { end } = await drain().report;
    expect(end).toMatchObject({ kind: 'fault', fault: { stops, detail: `HTTP ${status}` } });
    expect(end.kind === 'fault' ? end.fault.retryAfterMs : 0).toBe(retryAfterS === undefined ? undefined : 7_000);
    expect(await exceptions()).toEqual([]);
    expect(await cursor()).toMatchObject({ undecided: 0, accepted_count: 0 });
    inlet.behave(() => 'accept');
    await drain().report;
    expect(everyOnce(inlet.taken, ids)).toBe(true);
  });

  it.each([
    { behaviour: 'hang', probes: 1 },
    { behaviour: 'accept-and-cut', probes: 0 },
    { behaviour: { status: 500 }, probes: 0 },
  ] as const)('leave at most as many exceptions as requests may run: $behaviour', async ({ behaviour, probes }) => {
    const { open, log, drain, inlet, exceptions } = bench();
    await open();
    inlet.behave((_id, n) => (n > 60 ? behaviour : 'accept'));
    await log(500);
    const { end } = await drain().report;
    expect(end).toMatchObject({ kind: 'fault', fault: { stops: 'outage' } });
    const found = await exceptions();
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThanOrEqual(DELIVERY.concurrency + probes);
  });

  it('leave nothing behind when no connection can be made, and all is sent afterwards', async () => {
    const { open, log, drain, inlet, exceptions } = bench();
    await open();
    const ids = await log(100);
    const nobodyThere = (options: Parameters<typeof createInlet>[0]) =>
      createInlet({ ...options, baseUrl: 'http://127.0.0.1:1' });
    expect(await drain({}, { createInlet: nobodyThere }).report).toMatchObject({ end: { kind: 'fault' }, accepted: 0 });
    expect(await exceptions()).toEqual([]);
    expect(await drain().report).toMatchObject({ accepted: 100, end: { kind: 'idle' } });
    expect(everyOnce(inlet.posts, ids)).toBe(true);
  });

  it('go to the inlet with the name of the sandbox', async () => {
    const { open, log, drain, database, sourceId } = bench();
    await open();
    await log(1);
    await database.pool.query(`update source set sandbox = 'stage' where id = $1`, [sourceId]);
    const sandboxes: (string | undefined)[] = [];
    const noting = (options: Parameters<typeof createInlet>[0]) => {
      sandboxes.push(options.sandbox);
      return createInlet(options);
    };
    await drain({}, { createInlet: noting }).report;
    expect(sandboxes).toEqual(['stage']);
  });

  it('are probed with one event', async () => {
    const { open, log, drain, inlet } = bench();
    await open();
    await log(50);
    expect((await drain({ mode: 'probe' }).report).end).toMatchObject({ kind: 'probed', accepted: true });
    expect(inlet.arrivals).toHaveLength(1);
    inlet.behave(() => ({ status: 503 }));
    expect((await drain({ mode: 'probe' }).report).end).toMatchObject({ kind: 'probed', accepted: false });
    expect(inlet.arrivals).toHaveLength(2);
  });
});

describe('a worker whose slots are nearly all taken', () => {
  it('ends a drain soon although its slice is long, and the next one goes on', async () => {
    const { open, log, drain, inlet } = bench();
    await open();
    const ids = await log(900);
    // One slot, which this drain has.
    const first = await drain({ requestsPerSecond: 300, sliceMs: 60_000 }, { slots: 1 }).report;
    expect(first.end.kind).toBe('slice');
    expect(first.accepted).toBeLessThan(900);
    expect((await drain().report).accepted).toBe(900 - first.accepted);
    expect(everyOnce(inlet.posts, ids)).toBe(true);
  });

  it('has no drain watch an empty log', async () => {
    const { open, drain } = bench();
    await open();
    const { end } = await drain({ lingerMs: 600_000 }, { slots: 1 }).report;
    expect(end.kind).toBe('idle');
  });
});

it('leaves drains their time while slots are free, and shortens it while they are not', () => {
  const slots = createDrainSlots(10);
  const wishes = { sliceMs: 60_000, lingerMs: 5_000 };
  const leave = Array.from({ length: 8 }, () => slots.take());
  expect(slots.shortened(wishes)).toEqual(wishes);
  leave.push(slots.take());
  expect(slots.shortened(wishes)).toEqual({ sliceMs: 2_000, lingerMs: 0 });
  leave.pop()?.();
  expect(slots.shortened(wishes)).toEqual(wishes);
});

describe('a drain at the end of the log', () => {
  it('delivers an event that comes while it watches the empty log', async () => {
    const { open, log, drain, inlet, database, sourceId } = bench();
    await open();
    await log(1);
    // What renews a lease reads the log as well: not within this test.
    const delivery = { ...DELIVERY, leaseMs: 600_000 };
    const running = drain({ delivery, sliceMs: 600_000, lingerMs: 600_000 });
    const isIdle = () => database.pool.query('select idle from partition_head where source_id = $1', [sourceId]);
    await vi.waitFor(async () => expect((await isIdle()).rows).toEqual([{ idle: true }]), { timeout: 10_000 });
    await log(1, { prefix: 'later' });
    await inlet.arrived(2);
    running.cancel();
    await running.report;
  });
});
