import { describe, expect, it } from 'vitest';
import { startWaker } from '../../src/activities/waker.js';
import type { WakeInput } from '../../src/domain/forwarder.js';
import { closeGate } from '../../src/store/gate.js';
import { createRoutes } from '../../src/store/routes.js';
import { findSendingSources } from '../../src/store/wakes.js';
import { silentLog } from '../support/store.js';
import { everyOnce, withBench } from './bench.js';

const bench = withBench();

describe('waker', () => {
  it('wakes for an insert at the very moment of going idle: every event is delivered within a second', async () => {
    const { database, bell, sourceId, open, log, drain, inlet, uid } = bench();
    await open();
    let drains: Promise<unknown> = Promise.resolve();
    const waker = startWaker({
      database,
      bell,
      log: silentLog,
      // No poll within the test: only the bell may save an event.
      pollMs: 600_000,
      settingsOf: (id) => Promise.resolve(id === sourceId ? uid : undefined),
      isRunning: () => Promise.resolve(true),
      wake: () => {
        drains = drains.then(() => drain().report);
        return Promise.resolve();
      },
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
    const { database, bell, sourceId, log, uid } = bench();
    await log(1);
    let calls = 0;
    const waker = startWaker({
      database,
      bell,
      log: silentLog,
      pollMs: 20,
      settingsOf: (id) => Promise.resolve(id === sourceId ? uid : undefined),
      isRunning: () => Promise.resolve(true),
      wake: () => {
        calls += 1;
        return calls < 3 ? Promise.reject(new Error('no Temporal')) : Promise.resolve();
      },
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

  interface Script {
    readonly isRunning: () => Promise<boolean>;
    readonly wake?: () => Promise<void>;
  }

  /** Looks once, told of this test's source only. @returns what the forwarder was woken with */
  async function lookOnce({ isRunning, wake = () => Promise.resolve() }: Script): Promise<WakeInput[]> {
    const { database, bell, sourceId, uid } = bench();
    const wakes: WakeInput[] = [];
    const waker = startWaker({
      database,
      bell,
      log: silentLog,
      pollMs: 600_000,
      settingsOf: (id) => Promise.resolve(id === sourceId ? uid : undefined),
      isRunning,
      wake: (_uid, input) => {
        wakes.push(input);
        return wake();
      },
    });
    await waker.close();
    return wakes;
  }

  it('starts a forwarder that does not run, whether or not anything waits', async () => {
    await bench().open();
    await takeWebhooks();
    await forgetWakes();
    expect(await lookOnce({ isRunning: () => Promise.resolve(false) })).toEqual([{}]);
    expect(await lookOnce({ isRunning: () => Promise.resolve(true) })).toEqual([]);
  });

  it('leaves the forwarder of a source alone that closes its gate to be torn down', async () => {
    await bench().open();
    await takeWebhooks();
    await forgetWakes();
    const { database, sourceId } = bench();
    let asked = 0;
    const isRunning = async () => {
      asked += 1;
      await closeGate(database, sourceId, 'the source is being torn down');
      return false;
    };
    expect(await lookOnce({ isRunning })).toEqual([]);
    expect(asked).toBe(1);
    expect(await lookOnce({ isRunning })).toEqual([]);
    expect(asked).toBe(1);
  });

  it('leaves a source alone that takes no webhooks yet', async () => {
    const { database, open, sourceId } = bench();
    await open();
    expect(await findSendingSources(database)).not.toContain(sourceId);
    await takeWebhooks();
    expect(await findSendingSources(database)).toContain(sourceId);
  });

  it('wakes a partition that no drain has ever come to, again until the signal is stored, then not for long', async () => {
    const { database, sourceId, open, log } = bench();
    await open();
    await log(1);
    await forgetWakes();
    const isRunning = () => Promise.resolve(true);
    const woken = [{ partitions: [0] }];
    expect(await lookOnce({ isRunning, wake: () => Promise.reject(new Error('no Temporal')) })).toEqual(woken);
    expect(await lookOnce({ isRunning })).toEqual(woken);
    expect(await lookOnce({ isRunning })).toEqual([]);
    const cursors = await database.pool.query('select fence from partition_cursor where source_id = $1', [sourceId]);
    expect(cursors.rows).toEqual([{ fence: 0 }]);
  });
});
