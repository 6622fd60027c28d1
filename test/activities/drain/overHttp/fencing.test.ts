import { describe, expect, it } from 'vitest';
import { createLateAnswers } from '../../../../src/activities/drain/lateAnswers.js';
import { createInlet } from '../../../../src/adobe/services/inlet.js';
import { intend } from '../../../../src/domain/delivery/cursor.js';
import { readPage } from '../../../../src/store/bodies/bodies.js';
import { claimPartition } from '../../../../src/store/delivery/claim.js';
import type { Database } from '../../../../src/store/connection/database.js';
import { flush } from '../../../../src/store/delivery/flush.js';
import { checkQuiet, closeGate } from '../../../../src/store/delivery/gate.js';
import { type Bench, everyOnce, withBench } from './bench.js';
import { DELIVERY } from '../../../support/delivery.js';

const bench = withBench();
const SHORT_LEASE = { ...DELIVERY, leaseMs: 600 };

/** A drain that has written intents and then died. */
async function dieAfterIntent({ database, sourceId }: Bench, events: number): Promise<void> {
  const id = { sourceId, partition: 0 };
  const answer = await claimPartition(database, { ...id, holder: 'dead', leaseMs: SHORT_LEASE.leaseMs });
  if (answer.state !== 'claimed') throw new Error('the partition is taken');
  const { fence, claimId, serverSince, window, cursorLoggedAt } = answer.claim;
  const page = await readPage(database, {
    ...id,
    afterSeq: window.intended,
    fromLoggedAt: cursorLoggedAt,
    maxEvents: events,
    maxBytes: 1e6,
  });
  const intended = intend(window, { seqs: page.map(({ seq }) => seq) });
  const result = await flush(database, {
    ...id,
    fence,
    claimId,
    serverSince,
    number: 1,
    leaseMs: SHORT_LEASE.leaseMs,
    recorded: window,
    intended,
    cursorLoggedAt,
    accepted: 0,
    receipts: [],
    exceptions: [],
  });
  expect(result).toMatchObject({ held: true, granted: true });
}

describe('a drain that died', () => {
  it('leaves its intents to be unknown, and they are not sent', async () => {
    const { open, log, drain, inlet, exceptions } = bench();
    await open();
    const ids = await log(50);
    await dieAfterIntent(bench(), 7);
    const { accepted } = await drain({ delivery: SHORT_LEASE }).report;
    expect(accepted).toBe(43);
    const unknown = await exceptions();
    expect(unknown.map(({ event_id: id }) => id).sort()).toEqual(ids.slice(0, 7).sort());
    expect(unknown.every(({ reason, state }) => reason === 'unknown' && state === 'waiting')).toBe(true);
    expect(everyOnce(inlet.posts, ids.slice(7))).toBe(true);
  });
});

/** Lets a test stop what one drain asks of the database, as if its process were stopped. */
function stoppable(database: Database): { readonly database: Database; stop(): void; goOn(): void } {
  let goOn: () => void = () => undefined;
  let stopped = Promise.resolve();
  const query = async (...parameters: Parameters<Database['pool']['query']>) => {
    await stopped;
    return database.pool.query(...parameters);
  };
  const pool = Object.assign(Object.create(database.pool) as Database['pool'], { query });
  return {
    database: { ...database, pool },
    stop() {
      stopped = new Promise((resolve) => {
        goOn = resolve;
      });
    },
    goOn: () => goOn(),
  };
}

/** An inlet whose answers are there, but the stopped process does not look at them before it is told to. */
function unansweredInlet() {
  const answers: (() => void)[] = [];
  const create = (options: Parameters<typeof createInlet>[0]) => {
    const real = createInlet(options);
    return {
      ...real,
      async post(...parameters: Parameters<typeof real.post>) {
        const attempt = await real.post(...parameters);
        await new Promise<void>((resolve) => answers.push(resolve));
        return attempt;
      },
    };
  };
  return { answers, create };
}

const FOUR_AT_ONCE = { ...SHORT_LEASE, concurrency: 4 };

/** A drain that has sent four of the events, whose process is then stopped: before it sees an answer, or asks anything more. */
async function stoppedDrain({ database, drain, inlet }: Bench) {
  const { answers, create } = unansweredInlet();
  const hold = stoppable(database);
  const { report } = drain({ delivery: FOUR_AT_ONCE }, { database: hold.database, createInlet: create });
  await inlet.arrived(4);
  await expect.poll(() => answers.length).toBe(4);
  hold.stop();
  return {
    goOn() {
      for (const answer of answers) answer();
      hold.goOn();
      return report;
    },
  };
}

describe('a zombie', () => {
  it('sends nothing once its lease has run out, and what it knows still counts', async () => {
    const { database, open, log, drain, inlet, exceptions, cursor } = bench();
    await open();
    const ids = await log(40);
    const zombie = await stoppedDrain(bench());
    const successor = await drain({ delivery: FOUR_AT_ONCE }).report;
    expect(successor.end.kind).toBe('idle');
    expect((await exceptions()).length).toBeGreaterThan(4);
    const postsBefore = inlet.arrivals.length;

    expect((await zombie.goOn()).end.kind).toBe('stopped');
    expect(inlet.arrivals).toHaveLength(postsBefore);

    // Four were accepted, the others were never sent: their exceptions know it now.
    const after = await exceptions();
    expect(after.filter(({ resolution }) => resolution === 'delivered')).toHaveLength(4);
    expect(after.filter(({ state }) => state === 'waiting')).toHaveLength(after.length - 4);
    await database.pool.query(`update exception set next_at = now() where state = 'waiting'`);
    await drain({ delivery: FOUR_AT_ONCE }).report;
    expect(everyOnce(inlet.posts, ids)).toBe(true);
    expect(await cursor()).toMatchObject({ cursor_seq: 40, accepted_count: 40 });
  });

  it('undoes nothing of what was decided for it while the gate was closed', async () => {
    const { database, sourceId, open, log, drain, inlet, exceptions, cursor } = bench();
    await open();
    const ids = await log(40);
    const zombie = await stoppedDrain(bench());
    await closeGate(database, sourceId, 'the flow is being changed');
    await expect.poll(() => checkQuiet(database, sourceId), { timeout: 10_000 }).toEqual({ quiet: true });
    expect(await cursor()).toMatchObject({ undecided: 0 });

    expect((await zombie.goOn()).end.kind).toBe('stopped');
    expect(await cursor()).toMatchObject({ undecided: 0 });
    expect((await exceptions()).filter(({ resolution }) => resolution === 'delivered')).toHaveLength(4);

    await open();
    await drain({ delivery: FOUR_AT_ONCE }).report;
    await database.pool.query(`update exception set next_at = now() where state = 'waiting'`);
    await drain({ delivery: FOUR_AT_ONCE }).report;
    expect(everyOnce(inlet.posts, ids)).toBe(true);
  });
});

describe('a flush whose answer is lost', () => {
  it('is found and not made twice', async () => {
    const { database, open, log, drain, inlet, cursor, exceptions } = bench();
    await open();
    const ids = await log(300);
    let flushes = 0;
    const query = async (...parameters: Parameters<Database['pool']['query']>) => {
      const answered: unknown = database.pool.query(...parameters);
      const result = await (answered as Promise<unknown>);
      const [config] = parameters as unknown as [{ readonly name?: string }];
      flushes += config.name === 'flush' ? 1 : 0;
      if (config.name === 'flush' && flushes % 4 === 2) throw new Error('Connection terminated unexpectedly');
      return result;
    };
    const pool = Object.assign(Object.create(database.pool) as Database['pool'], { query });
    expect(await drain({}, { database: { ...database, pool } }).report).toMatchObject({ accepted: 300 });
    expect(everyOnce(inlet.posts, ids)).toBe(true);
    expect([await exceptions(), await cursor()]).toMatchObject([[], { cursor_seq: 300, accepted_count: 300 }]);
  });
});

describe('shutdown', () => {
  it('hands the partition over at once; a slow answer is recorded when it comes, and can be waited for', async () => {
    const { open, log, drain, inlet, exceptions, cursor } = bench();
    await open();
    inlet.behave((_id, n) => (n === 2 ? { acceptAfterMs: 5_000 } : 'accept'));
    await log(10);
    const shutdown = new AbortController();
    const lateAnswers = createLateAnswers();
    const delivery = { ...DELIVERY, requestTimeoutMs: 20_000 };
    const running = drain({ delivery, lingerMs: 10_000 }, { shutdown: shutdown.signal, lateAnswers });
    await expect.poll(exceptions, { timeout: 4_000 }).toMatchObject([{ reason: 'in-flight', state: 'sending' }]);
    shutdown.abort();
    expect((await running.report).end.kind).toBe('stopped');
    await log(5, { prefix: 'later' });
    expect((await drain({ lingerMs: 0 }).report).accepted).toBe(5);
    expect([lateAnswers.count(), await exceptions()]).toMatchObject([1, [{ state: 'sending' }]]);
    await lateAnswers.recorded();
    expect([lateAnswers.count(), await exceptions(), (await cursor()).accepted_count]).toEqual([0, [], 15]);
  });
});
