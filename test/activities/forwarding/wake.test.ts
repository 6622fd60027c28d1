import { describe, expect, it } from 'vitest';
import type { RunningForwarder } from '../../../src/activities/forwarding/forwarders.js';
import { createAttendance } from '../../../src/activities/forwarding/attendance.js';
import { startWaker, type WakerDependencies } from '../../../src/activities/forwarding/waker.js';
import type { WakeInput } from '../../../src/domain/delivery/forwarder.js';
import { closeGate } from '../../../src/store/delivery/gate.js';
import type { ForwarderSettings } from '../../../src/store/sources/provisioning.js';
import { createRoutes } from '../../../src/store/sources/routes.js';
import { retireSource } from '../../../src/store/sources/sources.js';
import type { Duty } from '../../../src/store/sharing/duty.js';
import { findSendingSources, noteRescues } from '../../../src/store/delivery/wakes.js';
import { addSources, statementsOf } from '../../support/manySources.js';
import { silentLog } from '../../support/store.js';
import { everyOnce, withBench } from '../drain/overHttp/bench.js';
import { DELIVERY } from '../../support/delivery.js';

const bench = withBench();
const PATIENCE = { timeout: 20_000, interval: 20 };

/** Of this test's source only. */
function settings(): ForwarderSettings {
  const { uid } = bench();
  return { uid, name: `source-${uid}`, sandbox: 'prod', delivery: DELIVERY };
}

const settingsOf = (ids: readonly number[]) =>
  Promise.resolve(new Map(ids.flatMap((id) => (id === bench().sourceId ? [[id, settings()] as const] : []))));

/** As Temporal would answer: a forwarder of each name, of this uid. */
function forwarders(
  uid: string | undefined,
  wake: (input: WakeInput) => Promise<void> = () => Promise.resolve(),
): WakerDependencies['forwarders'] & { readonly ended: string[] } {
  const ended: string[] = [];
  const { name } = settings();
  const running = (): RunningForwarder | undefined =>
    uid === undefined || ended.includes(uid) ? undefined : { name, uid, runId: 'run', isOld: false };
  return {
    ended,
    wake: (_settings, input) => wake(input),
    countRunning: () => Promise.resolve(running() === undefined ? 0 : 1),
    listRunning: () => {
      const one = running();
      return Promise.resolve(new Map(one === undefined ? [] : [[name, one]]));
    },
    // Of other tests' sources nothing is known here.
    findRunning: (asked) =>
      Promise.resolve(asked === name ? running() : { name: asked, uid: '', runId: '', isOld: false }),
    end: (one) => {
      if (one.uid !== '') ended.push(one.uid);
      return Promise.resolve();
    },
  };
}

describe('waker', () => {
  it('wakes for an insert at the very moment of going idle: every event is delivered within a second', async () => {
    const { database, wakeListener, open, log, drain, inlet, uid } = bench();
    await open();
    let drains: Promise<unknown> = Promise.resolve();
    const waker = startWaker({
      database,
      wakeListener,
      log: silentLog,
      // No poll within the test: only the notification may save an event.
      pollMs: 600_000,
      settingsOf,
      forwarders: forwarders(uid, () => {
        drains = drains.then(() => drain().report);
        return Promise.resolve();
      }),
    });
    const ids: string[] = [];
    for (let round = 0; round < 60; round += 1) {
      ids.push(...(await log(1, { prefix: `round-${round}` })));
      const loggedAt = Date.now();
      await inlet.arrived(ids.length);
      expect((inlet.arrivals.at(-1) ?? 0) - loggedAt).toBeLessThan(1_000);
      // The answer is on its way: the next insert meets the drain somewhere between its outcome and its end.
      if (round % 3 === 0) await drains;
    }
    await drains;
    await waker.close();
    expect(everyOnce(inlet.posts, ids)).toBe(true);
  });

  it('asks again when the signal could not be stored', async () => {
    const { database, wakeListener, sourceId, open, log, uid } = bench();
    await open();
    await log(1);
    await noteRescues(database, [{ sourceId, partition: 0 }]);
    let calls = 0;
    const waker = startWaker({
      database,
      wakeListener,
      log: silentLog,
      pollMs: 20,
      settingsOf,
      forwarders: forwarders(uid, () => {
        calls += 1;
        return calls < 3 ? Promise.reject(new Error('no Temporal')) : Promise.resolve();
      }),
    });
    await expect.poll(() => calls).toBe(3);
    const wakes = () =>
      database.pool.query('select from partition_head where source_id = $1 and wake_seq is not null', [sourceId]);
    await expect.poll(async () => (await wakes()).rowCount).toBe(0);
    await waker.close();
    expect(calls).toBe(3);
  });

  /** Nobody is asked to come, whatever waits: as under load, when no partition is idle. */
  async function forgetWakes(): Promise<void> {
    const { database, sourceId } = bench();
    await database.pool.query('update partition_head set idle = false, wake_seq = null where source_id = $1', [
      sourceId,
    ]);
  }

  async function takeWebhooks(): Promise<void> {
    const { database, keyRing, sourceId } = bench();
    await createRoutes(database, keyRing, sourceId, [{ key: 'main-site', kinds: ['feedback'] }]);
  }

  /** Looks once. @returns what the forwarder was woken with */
  async function lookOnce(
    uid: string | undefined,
    wake: () => Promise<void> = () => Promise.resolve(),
    change: Partial<WakerDependencies['forwarders']> = {},
  ): Promise<{ readonly wakes: WakeInput[]; readonly ended: readonly string[] }> {
    const { database, wakeListener } = bench();
    const wakes: WakeInput[] = [];
    const fake = forwarders(uid, (input) => {
      wakes.push(input);
      return wake();
    });
    const waker = startWaker({
      database,
      wakeListener,
      log: silentLog,
      pollMs: 600_000,
      settingsOf,
      forwarders: { ...fake, ...change },
    });
    await waker.close();
    return { wakes, ended: fake.ended };
  }

  it('starts a forwarder that does not run, whether or not anything waits', async () => {
    await bench().open();
    await takeWebhooks();
    await forgetWakes();
    expect((await lookOnce(undefined)).wakes).toEqual([{}]);
    expect((await lookOnce(bench().uid)).wakes).toEqual([]);
  });

  it('ends the forwarder of another source that has the name, and starts its own once that has ended', async () => {
    await bench().open();
    await takeWebhooks();
    await forgetWakes();
    expect(await lookOnce('an earlier source')).toEqual({ wakes: [{}], ended: ['an earlier source'] });
  });

  it('ends a forwarder whose source was torn down, and leaves one alone whose source it does not know', async () => {
    const { database, uid } = bench();
    await retireSource(database, uid);
    expect(await lookOnce(uid)).toEqual({ wakes: [], ended: [uid] });
    expect(await lookOnce('of another database')).toEqual({ wakes: [], ended: [] });
  });

  it('starts what is missing although a forwarder runs that somebody started by hand, of no source', async () => {
    await bench().open();
    await takeWebhooks();
    await forgetWakes();
    const byHand = { name: 'by-hand', uid: 'mine', runId: 'run', isOld: true };
    const listRunning = () => Promise.resolve(new Map([[byHand.name, byHand]]));
    expect(await lookOnce(undefined, undefined, { listRunning })).toEqual({ wakes: [{}], ended: [] });
  });

  it('asks Temporal once for the forwarders of all sources, and no wake waits for the answer', async () => {
    const { database, wakeListener, open, log, uid } = bench();
    await open();
    await takeWebhooks();
    await log(1);
    let asked = 0;
    let answer: () => void = () => undefined;
    const listed = new Promise<void>((resolve) => (answer = resolve));
    let woken = 0;
    const fake = forwarders(uid, () => Promise.resolve(void (woken += 1)));
    const waker = startWaker({
      database,
      wakeListener,
      log: silentLog,
      pollMs: 20,
      settingsOf,
      forwarders: {
        ...fake,
        listRunning: () => ((asked += 1), listed.then(() => fake.listRunning())),
        findRunning(name) {
          if (name === settings().name) asked += 1;
          return fake.findRunning(name);
        },
      },
    });
    await expect.poll(() => woken).toBeGreaterThan(0);
    answer();
    await waker.close();
    expect(asked).toBe(1);
  });

  it('counts the forwarders, and lists them again only when there are more or fewer, or other sources', async () => {
    const { database, open, uid } = bench();
    await open();
    await takeWebhooks();
    const { name } = settings();
    const others = (await findSendingSources(database)).filter((one) => one.uid !== uid);
    const running = new Map<string, RunningForwarder>(
      [...others, { name, uid }].map((one) => [one.name, { name: one.name, uid: one.uid, runId: 'run', isOld: false }]),
    );
    let listed = 0;
    const woken: string[] = [];
    const attend = createAttendance({
      database,
      settingsOf,
      signal: new AbortController().signal,
      tried: (work) => work(),
      forwarders: {
        countRunning: () => Promise.resolve(running.size),
        listRunning: () => ((listed += 1), Promise.resolve(new Map(running))),
        findRunning: (asked) => Promise.resolve(running.get(asked)),
        end: () => Promise.resolve(),
        wake: (of) => Promise.resolve(void woken.push(of.name)),
      },
    });
    for (let time = 0; time < 5; time += 1) await attend();
    expect({ listed, woken }).toEqual({ listed: 1, woken: [] });
    const own = running.get(name);
    running.delete(name);
    await attend();
    // Until all is in order, each time.
    await attend();
    expect({ listed, woken }).toEqual({ listed: 3, woken: [name, name] });
    if (own !== undefined) running.set(name, own);
    for (let time = 0; time < 3; time += 1) await attend();
    expect(listed).toBe(4);
  });

  it('leaves the forwarder of a source alone that closes its gate to be torn down', async () => {
    await bench().open();
    await takeWebhooks();
    await forgetWakes();
    const { database, sourceId } = bench();
    const findRunning = async () => {
      await closeGate(database, sourceId, 'the source is being torn down');
      return undefined;
    };
    expect((await lookOnce(undefined, undefined, { findRunning })).wakes).toEqual([]);
    expect((await lookOnce(undefined)).wakes).toEqual([]);
  });

  it('wakes nobody for a webhook that comes while its source is torn down', async () => {
    const { database, log, uid } = bench();
    await log(1);
    await retireSource(database, uid);
    expect((await lookOnce(undefined)).wakes).toEqual([]);
    await database.pool.query('update source set retired_at = null where uid = $1', [uid]);
    expect((await lookOnce(undefined)).wakes).toEqual([{ partitions: [0] }]);
  });

  it('leaves a source alone that takes no webhooks yet', async () => {
    const { database, open, sourceId } = bench();
    await open();
    const sending = async () => (await findSendingSources(database)).map(({ id }) => id);
    expect(await sending()).not.toContain(sourceId);
    await takeWebhooks();
    expect(await sending()).toContain(sourceId);
  });

  it('wakes a partition that no drain has ever come to, again until the signal is stored, then not for long', async () => {
    const { database, sourceId, open, log, uid } = bench();
    await open();
    await log(1);
    await forgetWakes();
    const woken = [{ partitions: [0] }];
    expect((await lookOnce(uid, () => Promise.reject(new Error('no Temporal')))).wakes).toEqual(woken);
    expect((await lookOnce(uid)).wakes).toEqual(woken);
    expect((await lookOnce(uid)).wakes).toEqual([]);
    const cursors = await database.pool.query('select fence from partition_cursor where source_id = $1', [sourceId]);
    expect(cursors.rows).toEqual([{ fence: 0 }]);
  });

  it('is one of several workers, which tells each forwarder once; another one goes on when that one is gone', async () => {
    const { database, wakeListener, sourceId, open, log, uid } = bench();
    await open();
    await noteRescues(database, [{ sourceId, partition: 0 }]);
    let isFirst = true;
    const taken: (() => void)[] = [];
    const duties: Duty[] = [() => isFirst, () => !isFirst].map((isMine) => ({
      isMine,
      onTaken: (listener) => (taken.push(listener), () => undefined),
    }));
    const told: number[] = [];
    const asked: number[] = [];
    const wakers = duties.map((duty, number) => {
      const fake = forwarders(uid, () => Promise.resolve(void told.push(number)));
      const listRunning = () => (asked.push(number), fake.listRunning());
      return startWaker({
        database,
        wakeListener,
        duty,
        log: silentLog,
        settingsOf,
        forwarders: { ...fake, listRunning },
      });
    });
    await log(1);
    await expect.poll(() => told, PATIENCE).toEqual([0]);
    isFirst = false;
    await log(1, { prefix: 'of the second' });
    await forgetWakes();
    await database.pool.query('update partition_head set wake_seq = last_seq where source_id = $1', [sourceId]);
    for (const listener of taken) listener();
    await expect.poll(() => told, PATIENCE).toEqual([0, 1]);
    for (const waker of wakers) await waker.close();
    expect(new Set(asked)).toEqual(new Set([0, 1]));
    expect(asked.filter((number) => number === 0)).toHaveLength(1);
  });

  it('asks the database as often for a thousand sources that have something to send as for a hundred', async () => {
    const { database, wakeListener } = bench();
    const settingsById = (ids: readonly number[]) =>
      Promise.resolve(new Map(ids.map((id) => [id, { ...settings(), name: String(id) }])));
    const lookOver = (count: number) =>
      statementsOf(database, async (counted) => {
        await database.pool.query(
          `update partition_head set wake_seq = last_seq
           where source_id in (select id from source where name like 'many-%' order by id limit $1)`,
          [count],
        );
        const woken = new Set<string>();
        const fake = forwarders(undefined);
        const waker = startWaker({
          database: counted,
          wakeListener,
          log: silentLog,
          pollMs: 600_000,
          settingsOf: settingsById,
          forwarders: {
            ...fake,
            wake: ({ name }) => Promise.resolve(void woken.add(name)),
            // That the sources have their forwarders is another matter.
            listRunning: () => Promise.reject(new Error('not asked here')),
          },
        });
        await waker.close();
        expect(woken.size).toBeGreaterThanOrEqual(count);
      });
    await addSources(database, 1_000);
    // One more note for each further hundred, of those that were asked for and of those that were forgotten.
    expect((await lookOver(1_000)) - (await lookOver(100))).toBeLessThanOrEqual(20);
    const left = await database.pool.query('select from partition_head where wake_seq is not null');
    expect(left.rowCount).toBe(0);
  });
});
