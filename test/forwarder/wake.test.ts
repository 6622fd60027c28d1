import { describe, expect, it } from 'vitest';
import { startWaker } from '../../src/activities/waker.js';
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
});
